"""What can be said of a file before any network has seen it."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL.Image import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from detl.imaging.decode import decode_image
from detl.imaging.grey import ImageRejected
from detl.imaging.png_notes import drop_notes
from detl.imaging.read import PixelFormat
from detl.imaging.resize import make_square
from detl.imaging.signatures import JPEG, PNG
from detl.sources.dicom_headers import judge_header

LONGEST = 2.0
"""A film whose longer side is more than so many times the other is a part of one."""

MOST_COLOUR = 12.0
"""Grey levels between a pixel's largest and smallest colour, mean over a picture. A
film that was stored in colours, or is marked in colour, has less; a photograph more."""

BYTES_OF_A_PIXEL = 8
"""No file needs more: four colours of 16 bits, as they are."""

BYTES_OF_A_HEADER = 2**24

_THUMBNAIL = 64


@dataclass(frozen=True)
class Expected:
    """What the networks were trained on.

    Attributes:
        pixel_format: How an image becomes what they see.
        views: Of the films, as the tables spell them.
    """

    pixel_format: PixelFormat
    views: Sequence[str]


@dataclass(frozen=True)
class Taken:
    """A file's picture, and why it should not be answered.

    Attributes:
        pixels: Grey values as the networks take them, (size, size), uint8; None where
            the file has no picture.
        reasons: Why no network is asked, in words; empty where one is.
    """

    pixels: np.ndarray | None
    reasons: tuple[str, ...] = ()


def take_in_file(path: Path, expected: Expected) -> Taken:
    """Return ``take_in`` of a file's bytes; one that cannot be read has no picture.

    Args:
        path: Where it lies.
        expected: What the networks were trained on.
    """
    most = BYTES_OF_A_PIXEL * expected.pixel_format.largest_image + BYTES_OF_A_HEADER
    try:
        size = path.stat().st_size
        if size > most:
            return Taken(None, (f"too large: {size / 2**20:,.0f} MiB",))
        content = path.read_bytes()
    except OSError as error:
        return Taken(None, (f"file cannot be read: {error.strerror}",))
    return take_in(content, expected)


def take_in(content: bytes, expected: Expected) -> Taken:
    """Return the picture of a file, and what speaks against an answer.

    Args:
        content: The bytes of a PNG, JPEG or DICOM file.
        expected: What the networks were trained on.
    """
    pixel_format = expected.pixel_format
    try:
        grey = decode_image(content, pixel_format.largest_image)
    except ImageRejected as rejected:
        return Taken(None, (str(rejected),))
    height, width = grey.shape
    reasons = _question_header(content, expected.views)
    if min(height, width) < pixel_format.size:
        reasons.append(
            f"{width} x {height} pixels, where the networks see {pixel_format.size}"
        )
    if max(height, width) > LONGEST * min(height, width):
        reasons.append(f"{width} x {height} pixels, which is too long for a chest film")
    if _measure_colour(content) > MOST_COLOUR:
        reasons.append("a picture in colours, where a film is grey")
    pixels = make_square(grey, pixel_format.size, pixel_format.fit)
    if pixels.min() == pixels.max():
        reasons.append("blank: all pixels have one value")
    return Taken(pixels, tuple(reasons))


def _question_header(content: bytes, views: Sequence[str]) -> list[str]:
    """Return what a DICOM header says against a film of the chest in these views."""
    header = judge_header(content)
    if header is None:
        return []
    if header.reason:
        return [header.reason]
    if header.view and header.view not in views:
        return [f"view {header.view}, where {', '.join(views)} were trained on"]
    return []


def _measure_colour(content: bytes) -> float:
    """Return how far apart a picture's colours are, in grey levels, on average."""
    if content.startswith(PNG):
        # Pillow takes a large text in a picture for an attack.
        picture: Image = PngImageFile(BytesIO(drop_notes(content)))
    elif content.startswith(JPEG):
        picture = JpegImageFile(BytesIO(content))
    else:
        return 0.0
    with picture as image:
        if image.mode in ("1", "L", "LA", "I", "I;16", "I;16B", "F"):
            return 0.0
        image.draft("RGB", (_THUMBNAIL, _THUMBNAIL))
        small = image.convert("RGB").resize((_THUMBNAIL, _THUMBNAIL))
    colours = np.asarray(small, "int16")
    return float((colours.max(axis=2) - colours.min(axis=2)).mean())
