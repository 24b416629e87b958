"""From the pixel data of a DICOM file to stored values."""

from typing import NamedTuple

import numpy as np
import pydicom
from pydicom.uid import (
    UID,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from detl.imaging.dicom_compression import decompress
from detl.imaging.dicom_numbers import read_number, read_word
from detl.imaging.grey import ImageRejected

_LOSSLESS = {
    *(JPEGLossless, JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless),
    *(HTJ2KLossless, HTJ2KLosslessRPCL, RLELossless),
}

_MOST_BITS = 32


class _Form(NamedTuple):
    """How a value stands in its word: ``bits`` of it, above ``shift`` others."""

    bits: int
    shift: int
    is_signed: bool

    @property
    def lowest(self) -> int:
        return -(1 << self.bits - 1) if self.is_signed else 0

    @property
    def highest(self) -> int:
        return self.lowest + (1 << self.bits) - 1


def read_stored_values(
    dataset: pydicom.Dataset, width: int, height: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the values of a grey DICOM image of one frame, and which are padding.

    Bits beyond those stored, which may hold an overlay, are left out. Where the header
    does not say how many are stored, all are; where it does not say whether the values
    have a sign, they have none.

    Args:
        dataset: With its pixel data.
        width: In pixels.
        height: In pixels.

    Returns:
        Stored values, shape (height, width), integers; and of the same shape whether
        each is padding, or None where the header names none.

    Raises:
        NotReadNow: Memory is short.
        ImageRejected: The pixel data are missing, broken, or of a kind that is not
            read.
    """
    if "PixelData" not in dataset:
        is_float = "FloatPixelData" in dataset or "DoubleFloatPixelData" in dataset
        kind = "pixels of floating point" if is_float else "no pixels"
        raise ImageRejected(f"DICOM with {kind}")
    syntax = UID(dataset.file_meta.TransferSyntaxUID)
    # How the data are written tells whether they are compressed: some programs
    # decompress them and leave the transfer syntax as it was.
    if dataset["PixelData"].is_undefined_length:
        words = decompress(dataset.PixelData, syntax, width, height)
        has_words = syntax == RLELossless
        is_lossy = syntax not in _LOSSLESS
    else:
        words = _read_words(dataset, width, height)
        has_words, is_lossy = True, False
    form = _read_form(dataset, words, has_words)
    if is_lossy and (words.dtype.kind == "i") == form.is_signed:
        # Loss may leave the range, and the bits above it are no overlay then.
        values = np.clip(words.astype(np.int64), form.lowest, form.highest)
    else:
        values = _interpret(words, form)
    return values, _find_padding(dataset, values, words, form)


def _read_words(dataset: pydicom.Dataset, width: int, height: int) -> np.ndarray:
    """Return pixel data that are not compressed, as unsigned integers."""
    data, pixels = dataset.PixelData, width * height
    allocated = read_number(dataset, "BitsAllocated") or 8 * len(data) // pixels
    if allocated not in (8, 16, 32):
        raise ImageRejected(f"DICOM with {allocated:g} bits allocated to a pixel")
    size = int(allocated) // 8
    expected = size * pixels
    if not expected <= len(data) < 2 * expected:
        raise ImageRejected(
            f"broken DICOM: {len(data)} bytes of pixels, where {width} x {height} of "
            f"{allocated:g} bits are {expected}"
        )
    is_little_endian = dataset.original_encoding[1]
    if size == 1 and not is_little_endian and dataset["PixelData"].VR == "OW":
        # Bytes were written as if they were words, each pair turned round.
        data = np.frombuffer(data[: expected + expected % 2], "u2").byteswap().tobytes()
    words = np.frombuffer(data[:expected], f"{'<' if is_little_endian else '>'}u{size}")
    return words.astype(f"u{size}").reshape(height, width)


def _read_form(dataset: pydicom.Dataset, words: np.ndarray, has_words: bool) -> _Form:
    """Return how values stand in their words.

    Args:
        dataset: With its header.
        words: Of the pixels.
        has_words: Whether these stand in the file, rather than values.
    """
    allocated = 8 * words.itemsize
    bits = int(read_number(dataset, "BitsStored") or allocated)
    is_signed = read_number(dataset, "PixelRepresentation") == 1
    most = allocated if has_words else _MOST_BITS
    if bits > most:
        raise ImageRejected(f"broken DICOM: {bits} bits stored of {most}")
    if not has_words:
        return _Form(bits, 0, is_signed)
    highest = int(read_number(dataset, "HighBit") or 0)
    is_above = bits <= highest < allocated
    return _Form(bits, highest - bits + 1 if is_above else 0, is_signed)


def _interpret(words: np.ndarray, form: _Form) -> np.ndarray:
    """Return the values that stand in words of any integer type."""
    if 8 * words.itemsize < form.bits:
        words = words.astype(f"{words.dtype.kind}{2 if form.bits <= 16 else 4}")
    values = words.view(f"{'i' if form.is_signed else 'u'}{words.itemsize}")
    above = 8 * words.itemsize - form.bits - form.shift
    return (values << above) >> (above + form.shift)


def _find_padding(
    dataset: pydicom.Dataset, values: np.ndarray, words: np.ndarray, form: _Form
) -> np.ndarray | None:
    """Return which values are padding, or None where the header names none."""
    first = read_word(dataset, "PixelPaddingValue")
    if first is None:
        return None
    last = read_word(dataset, "PixelPaddingRangeLimit")
    limits = np.array([first, first if last is None else last], np.uint16)
    if limits.max() < 1 << form.bits:
        # Headers give a sign to values that have none, and the other way round.
        limits = _interpret(limits, form._replace(bits=min(form.bits, 16), shift=0))
    elif form.is_signed:
        limits = limits.view(np.int16)
        if limits.min() < form.lowest:
            # Told apart by bits that are not stored.
            values = words.view(f"i{words.itemsize}")
    else:
        values = words
    return (values >= limits.min()) & (values <= limits.max())
