"""From the bytes of an image file to grey values."""

from io import BytesIO
from struct import unpack_from
from zlib import crc32

import cv2
import numpy as np
from PIL.Image import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_DICOM = b"DICM"

_EIGHT_BIT_GREY = bytes([8, 0, 0, 0, 0])  # depth, colour, and no interlacing
_HARMLESS = {b"IHDR", b"IDAT", b"IEND", b"gAMA", b"pHYs", b"tEXt", b"tIME"}
_LENGTHS = {b"gAMA": 4, b"pHYs": 9, b"tIME": 7}


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
    if content.startswith(_PNG):
        plain = _decode_plain_png(content, largest_image)
        grey = _decode(PngImageFile, content, largest_image) if plain is None else plain
    elif content.startswith(_JPEG):
        grey = _decode(JpegImageFile, content, largest_image)
    elif content[128:132] == _DICOM:
        # Most runs have no DICOM, and pydicom takes time to import.
        from detl.imaging.dicom import decode_dicom

        grey = decode_dicom(content, largest_image)
    else:
        raise ImageRejected("neither PNG nor JPEG nor DICOM")
    if grey.min() == grey.max():
        raise ImageRejected("blank: all pixels have one value")
    return grey


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


def _decode_plain_png(content: bytes, largest_image: int) -> np.ndarray | None:
    """Return the pixels of a sound PNG of 8-bit grey values, or None: Pillow decides.

    OpenCV reads such files faster than Pillow. Of a file cut short or damaged it gives
    no picture either, but its library would print a line for most.
    """
    if not _is_plain_png(content):
        return None
    width, height = unpack_from(">II", content, 16)
    if not 1 <= width * height <= largest_image:
        return None
    try:
        values = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:  # larger than OpenCV takes
        return None
    is_whole = values is not None and values.shape == (height, width)
    return values if is_whole else None


def _is_plain_png(content: bytes) -> bool:
    """Return whether a PNG is of 8-bit grey values, whole and undamaged."""
    if content[12:16] != b"IHDR" or content[24:29] != _EIGHT_BIT_GREY:
        return False
    start, view = len(_PNG), memoryview(content)
    while start + 12 <= len(content):
        # A chunk: length, kind, data of that length, and a sum over the last two.
        length = unpack_from(">I", content, start)[0]
        end = start + 8 + length
        kind, total = content[start + 4 : start + 8], content[end : end + 4]
        if kind not in _HARMLESS or total != crc32(view[start + 4 : end]).to_bytes(4):
            return False
        if length != _LENGTHS.get(kind, length):
            return False
        if kind == b"IEND":
            return True
        start = end + 4
    return False


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
