"""From the bytes of a DICOM file to grey values."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pydicom
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from detl.imaging.dicom_grey import apply_window, are_low_values_white, rescale
from detl.imaging.dicom_numbers import read_number
from detl.imaging.dicom_values import read_stored_values
from detl.imaging.grey import (
    ImageRejected,
    NotReadNow,
    find_range,
    require_size,
    scale_to_bytes,
)
from detl.imaging.signatures import DICOM, is_dicom

# All that is read from the header: nothing here tells who the patient is.
_TAGS: list[str] = [
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "RescaleIntercept",
    "RescaleSlope",
    "ModalityLUTSequence",
    "WindowCenter",
    "WindowWidth",
    "VOILUTFunction",
    "VOILUTSequence",
    "PresentationLUTShape",
    "FloatPixelData",
    "DoubleFloatPixelData",
    "PixelData",
]

_LEAST_FILM = 0.01  # of an image, beside its padding


def read_dicom_dataset(source: Path | BytesIO, tags: Sequence[str]) -> pydicom.Dataset:
    """Return the elements of a DICOM file that are asked for, and no others.

    Files from archives and exports may lack preamble and mark, and also the transfer
    syntax. It is then found from the elements themselves, so that
    ``file_meta.TransferSyntaxUID`` is always there. Reading stops before the pixel data
    unless they are asked for. Values are converted only when they are used, which fails
    where one is broken.

    Args:
        source: A file, or its bytes.
        tags: Keywords of the elements, such as ``Rows``.

    Raises:
        NotReadNow: The file cannot be read, or memory is short.
        ImageRejected: It is no DICOM, or is broken.
    """
    # pydicom fails in many ways on broken input, and its messages may quote values of
    # the header: only the kind of error is told.
    try:
        if isinstance(source, BytesIO):
            return _read_dataset(source, tags)
        with source.open("rb") as file:
            return _read_dataset(file, tags)
    except ImageRejected:
        raise
    except OSError as error:
        raise NotReadNow(f"file cannot be read: {error.strerror}") from error
    except MemoryError:
        raise NotReadNow("DICOM for which memory is short") from None
    except Exception as error:
        raise ImageRejected(f"broken DICOM: {type(error).__name__}") from None


def _read_dataset(file: BinaryIO, tags: Sequence[str]) -> pydicom.Dataset:
    beginning = file.read(132)
    if not is_dicom(beginning):
        raise ImageRejected("neither PNG nor JPEG nor DICOM")
    if beginning.startswith(DICOM) and beginning[128:] != DICOM:
        # The mark is there without the preamble before it.
        file = BytesIO(beginning[len(DICOM) :] + file.read())
    file.seek(0)
    # What pydicom warns of quotes values, of a patient perhaps.
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    dataset = pydicom.dcmread(
        file,
        force=True,
        specific_tags=list(tags),
        stop_before_pixels="PixelData" not in tags,
    )
    if not str(dataset.file_meta.get("TransferSyntaxUID") or ""):
        dataset.file_meta.TransferSyntaxUID = _find_transfer_syntax(dataset)
    return dataset


def _find_transfer_syntax(dataset: pydicom.Dataset) -> UID:
    """Return how elements were written that pydicom has read without being told."""
    is_implicit, is_little_endian = dataset.original_encoding
    if is_implicit:
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if is_little_endian else ExplicitVRBigEndian


def decode_dicom(content: bytes, largest_image: int) -> np.ndarray:
    """Return the grey values of a DICOM image as a viewer would show them.

    The modality table (or rescale slope and intercept) and the VOI table (or the first
    window) are applied. The result is scaled linearly, its darkest value to 0 and its
    brightest to 255; without table or window, to the range of
    ``detl.imaging.grey.find_range``. MONOCHROME1 is inverted. Padding is black and part
    of no range. Only the tags that describe the pixels are read.

    Args:
        content: The bytes of the file.
        largest_image: Most pixels (width x height), checked before decoding.

    Returns:
        Grey values, shape (height, width), uint8, 0 is black.

    Raises:
        NotReadNow: Memory is short.
        ImageRejected: The image is broken, too large, coloured, of several frames, or
            compressed in a way that is not read; its header contradicts itself; or
            nothing is left of it but one value, or padding.
    """
    dataset = read_dicom_dataset(BytesIO(content), _TAGS)
    try:
        return _decode(dataset, largest_image)
    except ImageRejected:
        raise
    except MemoryError:
        raise NotReadNow("DICOM for which memory is short") from None
    except Exception as error:
        # pydicom converts an element when it is used, and fails in many ways.
        raise ImageRejected(f"broken DICOM: {type(error).__name__}") from None


def _decode(dataset: pydicom.Dataset, largest_image: int) -> np.ndarray:
    width, height = _read_size(dataset, largest_image)
    is_inverted = are_low_values_white(dataset)
    stored, padding = read_stored_values(dataset, width, height)
    values, window = apply_window(rescale(stored, dataset), dataset)
    film = values if padding is None else values[~padding]
    if film.size < _LEAST_FILM * values.size:
        raise ImageRejected(
            f"DICOM that is padding but for {film.size} of its {values.size} pixels"
        )
    low, high = (film.min(), film.max()) if window else find_range(film)
    if low == high:
        cause = f"; its {window} leaves no other" if window else ""
        raise ImageRejected(f"blank: all pixels have one value{cause}")
    grey = scale_to_bytes(values, low, high)
    if is_inverted:
        grey = 255 - grey
    if padding is not None:
        grey[padding] = 0
    return grey


def _read_size(dataset: pydicom.Dataset, largest_image: int) -> tuple[int, int]:
    """Return width and height of an image of one frame."""
    width, height = (int(read_number(dataset, k) or 0) for k in ("Columns", "Rows"))
    if not width or not height:
        raise ImageRejected(
            "broken DICOM: without Rows or Columns; it holds no image, or is cut short"
        )
    frames = read_number(dataset, "NumberOfFrames") or 1
    if frames != 1:
        raise ImageRejected(f"DICOM with several frames: {frames:g}")
    require_size(width, height, largest_image)
    return width, height
