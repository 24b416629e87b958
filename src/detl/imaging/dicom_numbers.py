"""Numbers of a DICOM header, of which any may be missing, empty or broken."""

import math
from collections.abc import Iterable

import pydicom
from pydicom.datadict import dictionary_description

from detl.imaging.grey import ImageRejected


def read_numbers(dataset: pydicom.Dataset, keyword: str) -> list[float | None]:
    """Return the values of an element in their order, None for each that is empty.

    An element that is missing or empty has none.

    Raises:
        ImageRejected: A value is no finite number.
    """
    # pydicom fails in many ways on broken values, and its messages quote them.
    try:
        value = dataset.get(keyword)
        values = value if isinstance(value, Iterable) else [value]
        values = [values] if isinstance(values, str) else values
        numbers = [None if item in (None, "") else float(item) for item in values]
    except Exception:
        numbers = [math.nan]
    if not all(math.isfinite(number) for number in numbers if number is not None):
        raise ImageRejected(
            f"DICOM whose {dictionary_description(keyword)} is no number"
        )
    return [] if numbers == [None] else numbers


def read_number(dataset: pydicom.Dataset, keyword: str) -> float | None:
    """Return the first value of an element; None where it is missing or empty.

    Raises:
        ImageRejected: A value is no finite number.
    """
    return next(iter(read_numbers(dataset, keyword)), None)


def read_word(dataset: pydicom.Dataset, keyword: str) -> int | None:
    """Return the first value of an element of 16 bits, as if it had no sign.

    Whether such a value has one, a file says elsewhere, and at times wrongly; so these
    are the bits as they stand in the file. None where it is missing or empty.
    """
    element = dataset.get_item(keyword) if keyword in dataset else None
    value = element.value if element is not None else None
    if isinstance(value, bytes) and len(value) >= 2:
        is_little_endian = dataset.original_encoding[1]
        return int.from_bytes(value[:2], "little" if is_little_endian else "big")
    number = read_number(dataset, keyword)
    return None if number is None else int(number) & 0xFFFF
