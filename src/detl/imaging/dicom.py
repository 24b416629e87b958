"""From the bytes of a DICOM file to grey values."""

from io import BytesIO

import numpy as np
import pydicom
from pydicom.pixels import apply_modality_lut, apply_voi_lut

from detl.imaging.decode import (
    ImageRejected,
    NotReadNow,
    require_size,
    scale_to_bytes,
)

# All that is read from the header: nothing here tells who the patient is.
_TAGS: list[str | int | tuple[int, int]] = [
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
    # pydicom fails in many ways on broken input, and its messages may quote values
    # of the header: only the kind of error is told.
    try:
        dataset = pydicom.dcmread(BytesIO(content), specific_tags=_TAGS)
        width, height = int(dataset.Columns), int(dataset.Rows)
        frames = int(dataset.get("NumberOfFrames") or 1)
        photometric = str(dataset.PhotometricInterpretation)
    except MemoryError:
        raise NotReadNow("DICOM for which memory is short") from None
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
