"""Pairs of images that show one picture: scaled, compressed, brightened copies."""

from collections.abc import Sequence

import cv2
import numpy as np
import pandas as pd

from detl.errors import DetlError
from detl.imaging.fingerprint import HASH_BITS
from detl.imaging.square import make_square

MOST_BITS = 48
"""Copies differ in at most so many bits of their hashes.

On real radiographs 99 % of planted copies, resized, brightened and compressed at once,
differ in 42 or fewer, and pictures of two patients in 53 or more (docs/data.md)."""

LEAST_CORRELATION = 0.9
"""The detail of copies correlates at least so much.

That of 99 % of those copies does by 0.91 or more, and that of pictures of two patients
by 0.85 or less."""

_DETAIL_SIZE = 64
_DETAIL_BLUR = 4.0
_LEAST_DETAIL = 0.5  # a single pixel that differs by one grey level has more
_HASHES_AT_ONCE = 2048
_PAIRS_AT_ONCE = 1024


def find_copies(
    hashes: Sequence[str],
    pixels: np.ndarray,
    most_bits: int = MOST_BITS,
    least_correlation: float = LEAST_CORRELATION,
) -> pd.DataFrame:
    """Return the pairs of images that show one picture.

    All hashes are compared with each other, block by block; the pixels are read of
    those images alone that have a neighbour. Memory grows with the number of images by
    1 KiB each.

    Args:
        hashes: Perceptual hash of each image, 64 hexadecimal digits.
        pixels: The images in the same order, shape (n, size, size), uint8; may be on
            disk.
        most_bits: Copies differ in at most so many bits, 0 to 256.
        least_correlation: Their detail correlates at least so much, -1 to 1.

    Returns:
        A row per pair, in order: ``first`` and ``second``, positions of the images,
        first < second; ``bits`` in which their hashes differ; ``correlation`` of their
        detail.

    Raises:
        DetlError: There are not as many hashes as images.
    """
    if len(hashes) != len(pixels):
        raise DetlError(
            f"There are {len(hashes)} perceptual hashes and the pixels of "
            f"{len(pixels)} images, which must be as many: run ingest again."
        )
    signs = _to_signs(hashes)
    near = _find_neighbours(signs, signs, most_bits)
    near = near[near["first"] < near["second"]]
    correlation = _correlate_details(
        pixels, near["first"].to_numpy(), pixels, near["second"].to_numpy()
    )
    return _keep_copies(near, correlation, least_correlation)


def find_copies_between(
    images: pd.DataFrame,
    pixels: np.ndarray,
    others: pd.DataFrame,
    other_pixels: np.ndarray,
) -> pd.DataFrame:
    """Return the pairs of an image and one of the others that show one picture.

    Args:
        images: Table ``images`` or a part of it; perceptual_hash and row are used.
        pixels: What its rows lead to, shape (n, size, size), uint8.
        others: Another such table.
        other_pixels: What its rows lead to, shape (m, size, size), uint8.

    Returns:
        As ``find_copies``; ``first`` is a position in ``images`` and ``second`` one in
        ``others``.
    """
    signs, other_signs = (
        _to_signs(list(table["perceptual_hash"])) for table in (images, others)
    )
    near = _find_neighbours(signs, other_signs, MOST_BITS)
    correlation = _correlate_details(
        pixels,
        images["row"].to_numpy()[near["first"]],
        other_pixels,
        others["row"].to_numpy()[near["second"]],
    )
    return _keep_copies(near, correlation, LEAST_CORRELATION)


def _to_signs(hashes: Sequence[str]) -> np.ndarray:
    """Return the bits of each hash, as 1 and -1."""
    packed = np.frombuffer(bytes.fromhex("".join(hashes)), np.uint8)
    bits = np.unpackbits(packed.reshape(len(hashes), HASH_BITS // 8), axis=1)
    return bits.astype(np.float32) * 2 - 1


def _find_neighbours(
    signs: np.ndarray, other_signs: np.ndarray, most_bits: int
) -> pd.DataFrame:
    """Return the pairs whose hashes differ in few bits; of equal sets, one half."""
    is_same = signs is other_signs
    found = [np.empty((3, 0), int)]
    for top in range(0, len(signs), _HASHES_AT_ONCE):
        rows = signs[top : top + _HASHES_AT_ONCE]
        for left in range(top if is_same else 0, len(other_signs), _HASHES_AT_ONCE):
            # A product of signs counts the equal bits less the others, exactly.
            excess = rows @ other_signs[left : left + _HASHES_AT_ONCE].T
            first, second = np.nonzero(excess >= HASH_BITS - 2 * most_bits)
            bits = (HASH_BITS - excess[first, second].astype(int)) // 2
            found.append(np.stack([first + top, second + left, bits]))
    first, second, bits = np.concatenate(found, axis=1)
    return pd.DataFrame({"first": first, "second": second, "bits": bits})


def _correlate_details(
    pixels: np.ndarray,
    rows: np.ndarray,
    other_pixels: np.ndarray,
    other_rows: np.ndarray,
) -> np.ndarray:
    correlation = np.empty(len(rows))
    for start in range(0, len(rows), _PAIRS_AT_ONCE):
        part = slice(start, start + _PAIRS_AT_ONCE)
        details = _extract_details(pixels, rows[part])
        other_details = _extract_details(other_pixels, other_rows[part])
        correlation[part] = np.einsum("ij,ij->i", details, other_details)
    # Rounding may lead beyond the ends.
    return np.clip(correlation, -1, 1)


def _extract_details(pixels: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return what is finer than a sixteenth of an image, one vector of length 1 each.

    What all chest films have in common is coarse: bright mediastinum, dark lungs.
    """
    images, places = np.unique(rows, return_inverse=True)
    details = np.empty((len(images), _DETAIL_SIZE**2), np.float32)
    for place, row in enumerate(images):
        small = make_square(pixels[row], _DETAIL_SIZE, "squeeze").astype(np.float32)
        fine = small - cv2.GaussianBlur(small, (0, 0), _DETAIL_BLUR)
        length = np.linalg.norm(fine)
        # An image without any detail is like no other.
        details[place] = fine.ravel() / length if length > _LEAST_DETAIL else 0
    return details[places]


def _keep_copies(
    near: pd.DataFrame, correlation: np.ndarray, least_correlation: float
) -> pd.DataFrame:
    copies = near.assign(correlation=correlation)[correlation >= least_correlation]
    return copies.sort_values(["first", "second"], ignore_index=True)
