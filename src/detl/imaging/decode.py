"""From the bytes of an image file to grey values."""

import re
from io import BytesIO

import numpy as np
from PIL.Image import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from detl.imaging.plain_png import PNG, decode_plain_png

DICOM = b"DICM"

_JPEG = b"\xff\xd8\xff"

# How a DICOM file begins that has no preamble: with a group, an element, and the kind
# of its value or the length of it, in either order of bytes.
_BARE_DICOM = re.compile(
    rb"[\x02\x08]\0.\0([A-Z]{2}|.{2}\0\0)|\0\x08\0.[A-Z]{2}", re.DOTALL
)


class ImageRejected(Exception):
    """An image that cannot be used; the message is the reason for the table."""


class NotReadNow(ImageRejected):
    """An image that cannot be used here and now, though its file may be sound."""


def decode_image(content: bytes, largest_image: int) -> np.ndarray:
    """Return the grey values of a PNG, JPEG or DICOM image.

    Colours become luminance (ITU-R 601), transparency is ignored, and so is the
    orientation that a camera notes in EXIF: radiographs are stored upright. More
    than 8 bits are scaled linearly, the darkest pixel of the image to 0 and its
    brightest to 255; colours of 16 bits keep their upper 8. For DICOM see
    ``detl.imaging.dicom``. The kind of file is told from its first bytes.

    Args:
        content: The bytes of the file.
        largest_image: Most pixels (width x height), checked before decoding.

    Returns:
        Grey values, shape (height, width), uint8, 0 is black.

    Raises:
        ImageRejected: The image is broken, cut short, too large, of one single grey
            value, or of another format.
    """
    if not content:
        raise ImageRejected("empty file")
    if content.startswith(PNG):
        plain = decode_plain_png(content, largest_image)
        grey = _decode(PngImageFile, content, largest_image) if plain is None else plain
    elif content.startswith(_JPEG):
        grey = _decode(JpegImageFile, content, largest_image)
    elif is_dicom(content[:132]):
        # Most runs have no DICOM, and pydicom takes time to import.
        from detl.imaging.dicom import decode_dicom

        grey = decode_dicom(content, largest_image)
    else:
        raise ImageRejected("neither PNG nor JPEG nor DICOM")
    if grey.min() == grey.max():
        raise ImageRejected("blank: all pixels have one value")
    return grey


def is_dicom(beginning: bytes) -> bool:
    """Return whether a file is DICOM, from its first 132 bytes.

    Without preamble and mark, as some archives and old exporters write it, it begins
    with an element of group 2 or 8.
    """
    has_mark = DICOM in (beginning[128:132], beginning[:4])
    return has_mark or _BARE_DICOM.match(beginning) is not None


def require_size(width: int, height: int, largest_image: int) -> None:
    """Raise ImageRejected if an image has too many pixels, or none."""
    if width * height > largest_image:
        raise ImageRejected(f"too large: {width} x {height} pixels")
    if width * height < 1:
        raise ImageRejected(f"no pixels: {width} x {height}")


def scale_to_bytes(values: np.ndarray) -> np.ndarray:
    """Return values scaled linearly from their own range to 0..255, as uint8.

    Raises:
        ImageRejected: A value is not a finite number.
    """
    values = values.astype(np.float32)
    lowest, highest = values.min(), values.max()
    if not np.isfinite(highest - lowest):
        raise ImageRejected("broken image: values that are not finite")
    if highest == lowest:
        return np.zeros(values.shape, np.uint8)
    return np.rint((values - lowest) * (255.0 / (highest - lowest))).astype(np.uint8)


def _decode(
    read_header: type[PngImageFile] | type[JpegImageFile],
    content: bytes,
    largest_image: int,
) -> np.ndarray:
    # The formats' own classes, since PIL.Image.open warns of large images on its own
    # terms. Decoders fail in many ways on broken input: whatever one raises, it is
    # the file that is at fault.
    try:
        image = read_header(BytesIO(content))
    except Exception as error:
        raise _broken(error) from error
    require_size(*image.size, largest_image)
    try:
        image.load()
        values = _to_grey(image)
    except Exception as error:
        raise _broken(error) from error
    return values if values.dtype == np.uint8 else scale_to_bytes(values)


def _broken(error: Exception) -> ImageRejected:
    words = " ".join(str(error).split()) or type(error).__name__
    # Pillow says of its own decoders' lack of memory what is no MemoryError.
    is_short = isinstance(error, MemoryError) or "out of memory" in words
    kind = NotReadNow if is_short else ImageRejected
    return kind(f"broken image: {words}")


def _to_grey(image: Image) -> np.ndarray:
    """Return grey values of whatever depth the image has."""
    if image.mode.startswith(("I", "F")):
        return np.asarray(image)
    if image.mode == "P":
        return np.asarray(image.convert("RGBA").convert("L"))
    return np.asarray(image.convert("L"))
