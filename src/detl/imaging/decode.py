"""From the bytes of an image file to grey values."""

import re
from io import BytesIO

import cv2
import numpy as np
from PIL import ImageChops
from PIL.Image import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from detl.imaging.plain_png import PNG, decode_plain_png, drop_notes

DICOM = b"DICM"

_JPEG = b"\xff\xd8\xff"

# How a DICOM file begins that has no preamble: with a group, an element, and the kind
# of its value or the length of it, in either order of bytes.
_BARE_DICOM = re.compile(
    rb"[\x02\x08]\0.\0([A-Z]{2}|.{2}\0\0)|\0\x08\0.[A-Z]{2}", re.DOTALL
)

_PERCENTILES = (0.1, 99.9)
_LEAST_SHARE = 0.8


class ImageRejected(Exception):
    """An image that cannot be used; the message is the reason for the table."""


class NotReadNow(ImageRejected):
    """An image that cannot be used here and now, though its file may be sound."""


def decode_image(content: bytes, largest_image: int) -> np.ndarray:
    """Return the grey values of a PNG, JPEG or DICOM image.

    Colours become luminance (ITU-R 601), transparency is ignored, and so is the
    orientation that a camera notes in EXIF: radiographs are stored upright. More
    than 8 bits are scaled linearly to the range that ``find_range`` gives. For DICOM
    see ``detl.imaging.dicom``. The kind of file is told from its first bytes.

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
        grey = _decode_png(content, largest_image) if plain is None else plain
    elif content.startswith(_JPEG):
        grey = _decode(JpegImageFile, content, largest_image)
    elif is_dicom(content[:132]):
        # Most runs have no DICOM, and pydicom takes time to import.
        from detl.imaging.dicom import decode_dicom

        grey = decode_dicom(content, largest_image)
    else:
        raise ImageRejected("neither PNG nor JPEG nor DICOM")
    if grey.dtype != np.uint8:
        grey = scale_to_bytes(grey, *find_range(grey))
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


def find_range(values: np.ndarray) -> tuple[float, float]:
    """Return which values are to be black and white, of an image that does not say so.

    These are its lowest and highest value. But where a few pixels, such as a mark that
    is burnt in, stand so far outside that the others would be left with less than four
    fifths of the grey values, they are the percentiles 0.1 and 99.9.

    Args:
        values: Any number of them, of any shape.
    """
    lowest, highest = float(values.min()), float(values.max())
    low, high = map(float, np.percentile(values, _PERCENTILES))
    if low < high and high - low < _LEAST_SHARE * (highest - lowest):
        return low, high
    return lowest, highest


def scale_to_bytes(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return values scaled linearly, so that low is 0 and high 255, as uint8.

    What lies outside takes 0 or 255. Where low and high are one value, all are 0.
    """
    if low == high:
        return np.zeros(values.shape, np.uint8)
    # All that 16 bits hold is exact in 32 bits of floating point.
    is_short = values.dtype.itemsize <= 2
    numbers: np.ndarray = values.astype(np.float32 if is_short else np.float64)
    scaled = (numbers - low) * (255 / (high - low))
    return np.rint(np.clip(scaled, 0, 255)).astype(np.uint8)


def _decode_png(content: bytes, largest_image: int) -> np.ndarray:
    # Profiles and texts may be of any size, and Pillow takes large ones for an attack.
    content = drop_notes(content)
    values = _decode(PngImageFile, content, largest_image)
    if content[24] != 16 or values.dtype != np.uint8:
        return values
    # Pillow keeps the upper 8 bits of colours, and of grey with alpha, and has found
    # the file to be sound; OpenCV keeps all 16.
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.uint16:
        raise ImageRejected("broken image: its 16 bits cannot be decoded")
    blue, green, red = np.moveaxis(pixels[..., :3].astype(np.uint32), -1, 0)
    # As Pillow weighs 8 bits.
    luminance = (red * 19595 + green * 38470 + blue * 7471 + (1 << 15)) >> 16
    return luminance.astype(np.uint16)


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
        return _to_grey(image)
    except Exception as error:
        raise _broken(error) from error


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
    if image.mode == "CMYK" and "adobe" not in image.info:
        # Pillow turns inks round, as Adobe writes them; others do not.
        image = ImageChops.invert(image)
    return np.asarray(image.convert("L"))
