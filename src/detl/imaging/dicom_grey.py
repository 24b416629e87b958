"""From the stored values of a DICOM image to those that a viewer shows."""

from typing import NamedTuple

import numpy as np
import pydicom

from detl.imaging.dicom_numbers import read_number, read_numbers
from detl.imaging.grey import ImageRejected

_COLOURED = ("ARGB", "CMYK", "HSV", "PALETTE COLOR", "RGB", "XYB", "YBR_")
"""Photometric interpretations of the standard, or how they begin."""


def rescale(values: np.ndarray, dataset: pydicom.Dataset) -> np.ndarray:
    """Return stored values after the modality table, or slope and intercept.

    An intercept without a slope counts for nothing (DICOM PS3.3, C.11.1, has both).

    Args:
        values: Stored values, integers.
        dataset: With its header.

    Raises:
        ImageRejected: The slope is 0 or has no intercept, or the table or a number is
            broken.
    """
    table = _read_table(dataset, "ModalityLUTSequence")
    if table is not None:
        return _look_up(values, table)
    slope = read_number(dataset, "RescaleSlope")
    intercept = read_number(dataset, "RescaleIntercept")
    if slope is None or (slope, intercept or 0) == (1, 0):
        return values
    if slope == 0:
        raise ImageRejected("DICOM whose Rescale Slope is 0, which leaves one value")
    if intercept is None:
        raise ImageRejected(
            f"DICOM with a Rescale Slope ({slope:g}) and no Rescale Intercept"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        rescaled = values * slope + intercept
    if not np.isfinite(rescaled.max() - rescaled.min()):
        raise ImageRejected(f"DICOM whose Rescale Slope is too large: {slope:g}")
    return rescaled


def apply_window(
    values: np.ndarray, dataset: pydicom.Dataset
) -> tuple[np.ndarray, str | None]:
    """Return values after the VOI table, else the first window that is one.

    A window is as in DICOM PS3.3, C.11.2.1.2: LINEAR, LINEAR_EXACT or SIGMOID. Its
    width must be above 0. LINEAR is made for whole numbers and widths from 1: a
    narrower one is taken as LINEAR_EXACT, and so is one of width 1 where the values
    are fractions.

    Args:
        values: After rescaling.
        dataset: With its header.

    Returns:
        The values, 0 to 1 after a window; and what was applied, in words, or None where
        there is neither table nor window and they are as they were.

    Raises:
        ImageRejected: The table or a number is broken.
    """
    table = _read_table(dataset, "VOILUTSequence")
    if table is not None:
        return _look_up(values, table), "VOI table"
    centers = read_numbers(dataset, "WindowCenter")
    widths = read_numbers(dataset, "WindowWidth")
    function = str(dataset.get("VOILUTFunction") or "LINEAR").strip().upper()
    for center, width in zip(centers, widths, strict=False):
        if center is not None and width is not None and width > 0:
            words = f"window (center {center:g}, width {width:g})"
            return _window(values, center, width, function), words
    return values, None


def are_low_values_white(dataset: pydicom.Dataset) -> bool:
    """Return whether the lowest value of a grey DICOM image is white.

    Photometric Interpretation says it, and Presentation LUT Shape once more.

    Raises:
        ImageRejected: The two contradict each other, which viewers settle one way or
            the other; or the image is coloured, or says nothing of it.
    """
    photometric = str(dataset.get("PhotometricInterpretation") or "").strip().upper()
    if not photometric:
        raise ImageRejected(
            "DICOM without Photometric Interpretation: whether its low values are "
            "black or white is not known"
        )
    if photometric not in ("MONOCHROME1", "MONOCHROME2"):
        # No other words are quoted: a name may stand in their place.
        is_known = photometric.startswith(_COLOURED)
        words = photometric if is_known else "an interpretation that is not known"
        raise ImageRejected(f"DICOM that is not grey: {words}")
    colours = read_number(dataset, "SamplesPerPixel")
    if colours not in (None, 1):
        raise ImageRejected(
            f"DICOM that contradicts itself: {photometric}, and {colours:g} samples "
            "for a pixel"
        )
    is_white = photometric == "MONOCHROME1"
    shape = str(dataset.get("PresentationLUTShape") or "").strip().upper()
    if shape == ("IDENTITY" if is_white else "INVERSE"):
        raise ImageRejected(
            f"DICOM that contradicts itself: Photometric Interpretation {photometric} "
            f"and Presentation LUT Shape {shape} each have another end of the values "
            "white; remove the one that is wrong"
        )
    return is_white


def _window(
    values: np.ndarray, center: float, width: float, function: str
) -> np.ndarray:
    has_fractions = width == 1 and np.any(values != np.rint(values))
    is_whole = width >= 1 and not has_fractions
    if function not in ("LINEAR_EXACT", "SIGMOID") and is_whole:
        center, width = center - 0.5, width - 1
    from_center = values.astype(np.float64) - center
    if width == 0:
        return (from_center > 0).astype(np.float64)
    # In a window that is next to nothing what lies beside its center is endless.
    with np.errstate(over="ignore"):
        widths = from_center / width
    if function == "SIGMOID":
        # 1 / (1 + exp(-4 x)), which cannot overflow here.
        return 0.5 + 0.5 * np.tanh(2 * widths)
    return np.clip(widths + 0.5, 0, 1)


class _Table(NamedTuple):
    """Values that stand for others: the first entry for ``first`` and all below."""

    first: int
    entries: np.ndarray


def _look_up(values: np.ndarray, table: _Table) -> np.ndarray:
    first = table.first
    # 16 bits, with a sign where the values have one, whatever the header says.
    if first >= 1 << 15 and (values.dtype.kind == "i" or values.max() < first):
        first -= 1 << 16
    places = np.rint(values).astype(np.int64) - first
    return table.entries[np.clip(places, 0, len(table.entries) - 1)]


def _read_table(dataset: pydicom.Dataset, keyword: str) -> _Table | None:
    """Return the first table of a sequence, or None where there is none, or empty.

    Raises:
        ImageRejected: It is broken.
    """
    name = keyword.removesuffix("LUTSequence") + " table"
    try:
        items = dataset.get(keyword)
        if not items:
            return None
        order = "<" if dataset.original_encoding[1] else ">"
        descriptor = _read_bytes(items[0], "LUTDescriptor", order)
        data = _read_bytes(items[0], "LUTData", order)
        if not descriptor or not data:
            return None
        count, first, _ = np.frombuffer(descriptor, f"{order}u2").tolist()
    except Exception as error:
        raise ImageRejected(
            f"DICOM with a broken {name}: {type(error).__name__}"
        ) from None
    count = count or 1 << 16
    # Entries of 8 bits may stand in a byte each.
    size = 2 if len(data) >= 2 * count else 1
    if len(data) < size * count:
        raise ImageRejected(f"DICOM with a broken {name}: its data are cut short")
    return _Table(first, np.frombuffer(data[: size * count], f"{order}u{size}"))


def _read_bytes(item: pydicom.Dataset, keyword: str, order: str) -> bytes:
    """Return the bytes of an element as they stand in the file."""
    value = item.get_item(keyword).value if keyword in item else None
    if value is None or isinstance(value, bytes):
        return value or b""
    return (np.atleast_1d(value) & 0xFFFF).astype(f"{order}u2").tobytes()
