"""From the bytes of a DICOM file to grey values."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pydicom
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from detl.imaging.decode import (
    DICOM,
    ImageRejected,
    NotReadNow,
    is_dicom,
    require_size,
    scale_to_bytes,
)

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
    "SmallestImagePixelValue",
    "LargestImagePixelValue",
    "RescaleIntercept",
    "RescaleSlope",
    "RescaleType",
    "ModalityLUTSequence",
    "WindowCenter",
    "WindowWidth",
    "VOILUTFunction",
    "VOILUTSequence",
    "PixelData",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
]


def read_dicom_dataset(source: Path | BytesIO, tags: Sequence[str]) -> pydicom.Dataset:
    """Return the elements of a DICOM file that are asked for, and no others.

    Files are read as they are found in archives and exports: without preamble or mark,
    and without transfer syntax, which is then told from the elements themselves:
    ``file_meta.TransferSyntaxUID`` is always there. Where pixel data are not asked for,
    reading ends before them. Values are converted only when they are used, which fails
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

    The rescale slope and intercept (or modality table) and the first window (or VOI
    table) are applied, MONOCHROME1 is inverted, and the result is scaled linearly,
    its own darkest value to 0 and its brightest to 255. Only the tags that
    describe the pixels are read.

    Args:
        content: The bytes of the file.
        largest_image: Most pixels (width x height), checked before decoding.

    Returns:
        Grey values, shape (height, width), uint8, 0 is black.

    Raises:
        NotReadNow: The image is compressed in a way that needs a further package, or
            memory is short.
        ImageRejected: The image is broken, too large, coloured, or of several frames.
    """
    dataset = read_dicom_dataset(BytesIO(content), _TAGS)
    try:
        width, height = int(dataset.Columns), int(dataset.Rows)
        frames = int(dataset.get("NumberOfFrames") or 1)
        photometric = str(dataset.PhotometricInterpretation)
    except Exception as error:
        raise ImageRejected(f"broken DICOM: {type(error).__name__}") from None
    if frames != 1:
        raise ImageRejected(f"DICOM with several frames: {frames}")
    if photometric not in ("MONOCHROME1", "MONOCHROME2"):
        raise ImageRejected(f"DICOM that is not grey: {photometric}")
    require_size(width, height, largest_image)
    try:
        values = apply_modality_lut(dataset.pixel_array, dataset)
        values = apply_voi_lut(values, dataset)
    except Exception as error:
        # With a further package it may be.
        raise NotReadNow(
            f"DICOM that cannot be decoded: {type(error).__name__}, "
            f"{dataset.file_meta.get('TransferSyntaxUID', 'no transfer syntax')!s}"
        ) from None
    grey = scale_to_bytes(values)
    return 255 - grey if photometric == "MONOCHROME1" else grey
