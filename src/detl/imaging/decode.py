"""From the bytes of an image file to grey values."""

from io import BytesIO

import cv2
import numpy as np
from PIL import ImageChops
from PIL.Image import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from detl.imaging.grey import (
    ImageRejected,
    NotReadNow,
    find_range,
    require_size,
    scale_to_bytes,
)
from detl.imaging.png_notes import drop_notes
from detl.imaging.signatures import JPEG, PNG, is_dicom


def decode_image(content: bytes, largest_image: int) -> np.ndarray:
    """Return the grey values of a PNG, JPEG or DICOM image.

    Colours become luminance (ITU-R 601), transparency is ignored, and so is the
    orientation that a camera notes in EXIF: radiographs are stored upright. More
    than 8 bits are scaled linearly to the range that ``find_range`` gives. For DICOM
    see ``detl.imaging.dicom``. The first bytes tell the kind of file.

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
        grey = _decode_png(content, largest_image)
    elif content.startswith(JPEG):
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


def _decode_png(content: bytes, largest_image: int) -> np.ndarray:
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
    # Where memory is short, Pillow's decoders may raise another error than MemoryError.
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
        # Pillow inverts inks, as Adobe writes them; other programs do not.
        image = ImageChops.invert(image)
    return np.asarray(image.convert("L"))
