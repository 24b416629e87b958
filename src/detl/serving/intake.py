"""What can be said of a file before any network has seen it."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from detl.imaging.decode import decode_image
from detl.imaging.grey import ImageRejected
from detl.imaging.read import PixelFormat
from detl.imaging.resize import make_square
from detl.imaging.signatures import JPEG, PNG

LONGEST = 2.0
"""A film whose longer side is more than so many times the other is a part of one."""

MOST_COLOUR = 12.0
"""Grey levels between a pixel's largest and smallest colour, mean over a picture. A
film that was stored in colours, or is marked in colour, has less; a photograph more."""

_RADIOGRAPHY = ("CR", "DX", "DR", "RG")
_LATERAL = ("LL", "RL", "LATERAL", "LLD", "RLD", "L")
_CHEST = ("CHEST", "THORAX", "LUNG", "RIB")
_TAGS = ("Modality", "ViewPosition", "BodyPartExamined")
_THUMBNAIL = 64


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


def take_in_file(path: Path, pixel_format: PixelFormat) -> Taken:
    """Return ``take_in`` of a file's bytes; one that cannot be read has no picture.

    Args:
        path: Where it lies.
        pixel_format: What the networks were trained on.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        return Taken(None, (f"file cannot be read: {error.strerror}",))
    return take_in(content, pixel_format)


def take_in(content: bytes, pixel_format: PixelFormat) -> Taken:
    """Return the picture of a file, and what speaks against an answer.

    Args:
        content: The bytes of a PNG, JPEG or DICOM file.
        pixel_format: What the networks were trained on.
    """
    try:
        grey = decode_image(content, pixel_format.largest_image)
    except ImageRejected as rejected:
        return Taken(None, (str(rejected),))
    height, width = grey.shape
    reasons = list(_question_header(content))
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


def _question_header(content: bytes) -> list[str]:
    """Return what a DICOM header says against a frontal film of the chest."""
    if content.startswith((PNG, JPEG)):
        return []
    from detl.imaging.dicom import read_dicom_dataset

    dataset = read_dicom_dataset(BytesIO(content), _TAGS)
    modality, view, part = (_read_code(dataset, tag) for tag in _TAGS)
    reasons = []
    if modality and modality not in _RADIOGRAPHY:
        reasons.append(f"DICOM of modality {modality}, where a radiograph was expected")
    if view in _LATERAL:
        reasons.append(f"lateral view ({view}), where a frontal one was expected")
    if part and not any(name in part for name in _CHEST):
        reasons.append(f"DICOM of body part {part}, where the chest was expected")
    return reasons


def _read_code(dataset: object, tag: str) -> str:
    try:
        value = str(getattr(dataset, tag, "") or "")
    except Exception:  # pydicom converts an element when it is used, and may fail
        return ""
    # A code, not a text that somebody typed, and that might name a patient.
    code = value.strip().upper()
    return code if len(code) <= 16 and code.replace(" ", "").isalnum() else ""


def _measure_colour(content: bytes) -> float:
    """Return how far apart a picture's colours are, in grey levels, on average."""
    if not content.startswith((PNG, JPEG)):
        return 0.0
    with Image.open(BytesIO(content), formats=("PNG", "JPEG")) as image:
        if image.mode in ("1", "L", "LA", "I", "I;16", "I;16B", "F"):
            return 0.0
        image.draft("RGB", (_THUMBNAIL, _THUMBNAIL))
        small = image.convert("RGB").resize((_THUMBNAIL, _THUMBNAIL))
    colours = np.asarray(small, "int16")
    return float((colours.max(axis=2) - colours.min(axis=2)).mean())
