"""Pairs of images that show one picture: scaled, compressed, brightened copies."""

from dataclasses import dataclass

import cv2
import numpy as np
import pandas as pd

from detl.errors import DetlError
from detl.imaging.fingerprint import HASH_BITS
from detl.imaging.resize import Fit, measure_extent, resize

MOST_BITS = 48
"""Copies differ in at most this many bits of their hashes.

On real radiographs 99 % of planted copies, resized, brightened and compressed at once,
differ in 42 or fewer, and pictures of two patients in 53 or more (docs/data.md)."""

LEAST_CORRELATION = 0.9
"""The fine detail of copies correlates at least this much.

For 99 % of those planted copies it correlates by 0.91 or more, and for pictures of two
patients by 0.85 or less."""

_DETAIL_SIZE = 64
_DETAIL_BLUR = 4.0
_LEAST_DETAIL = 0.5  # a single pixel that differs by one grey level has more
_HASHES_AT_ONCE = 2048
_PAIRS_AT_ONCE = 1024
_DETAILS_AT_ONCE = 4096


def find_copies(
    images: pd.DataFrame,
    pixels: np.ndarray,
    fit: Fit,
    most_bits: int = MOST_BITS,
    least_correlation: float = LEAST_CORRELATION,
    is_new: np.ndarray | None = None,
) -> pd.DataFrame:
    """Return the pairs of images that show one picture.

    All hashes are compared with each other, block by block. Pixels are read only of
    images that have a neighbour, and only the part that both images show is compared,
    since one of them may be cropped. Memory grows by 32 bytes for each image.

    Args:
        images: Table ``images``; perceptual_hash (64 hexadecimal digits), width, height
            and row are used.
        pixels: Shape (n, size, size), uint8; ``row`` is a position in it; may be on
            disk.
        fit: How the pixels became square.
        most_bits: In how many bits copies may differ, 0 to 256.
        least_correlation: How much their detail correlates at least, -1 to 1.
        is_new: Which images are compared with all others, bool (n,); None for all.
            The other images are not compared with each other.

    Returns:
        A row per pair, in order: ``first`` and ``second``, positions of the images,
        first < second; ``bits`` in which their hashes differ; ``correlation`` of their
        detail.

    Raises:
        DetlError: A row is beyond the pixels.
    """
    hashes = _read_hashes(images)
    if is_new is None or is_new.all():
        near = _find_neighbours(hashes, hashes, most_bits)
    else:
        near = _find_neighbours(hashes[is_new], hashes, most_bits)
        near["first"] = np.flatnonzero(is_new)[near["first"]]
        ends = np.sort(near[["first", "second"]], axis=1)
        near = near.assign(first=ends[:, 0], second=ends[:, 1]).drop_duplicates()
    near = near[near["first"] < near["second"]]
    stored = _Stored.read(images, pixels, fit)
    return _keep_copies(near, stored, stored, least_correlation)


def find_copies_between(
    images: pd.DataFrame,
    pixels: np.ndarray,
    others: pd.DataFrame,
    other_pixels: np.ndarray,
    fit: Fit,
) -> pd.DataFrame:
    """Return the pairs of an image and one of the others that show one picture.

    Args:
        images: As ``find_copies`` takes them.
        pixels: Those of ``images``, shape (n, size, size), uint8.
        others: Another such table.
        other_pixels: Those of ``others``, shape (m, size, size), uint8.
        fit: How all pixels became square.

    Returns:
        As ``find_copies``; ``first`` is a position in ``images`` and ``second`` one in
        ``others``.

    Raises:
        DetlError: A row is beyond the pixels.
    """
    near = _find_neighbours(_read_hashes(images), _read_hashes(others), MOST_BITS)
    stored = _Stored.read(images, pixels, fit)
    other_stored = _Stored.read(others, other_pixels, fit)
    return _keep_copies(near, stored, other_stored, LEAST_CORRELATION)


@dataclass(frozen=True)
class _Stored:
    """Images as they are stored, and how many squares wide and high each was."""

    pixels: np.ndarray
    rows: np.ndarray
    extent: np.ndarray

    @classmethod
    def read(cls, images: pd.DataFrame, pixels: np.ndarray, fit: Fit) -> "_Stored":
        rows = images["row"].to_numpy()
        if len(rows) and rows.max() >= len(pixels):
            raise DetlError(
                f"Table images leads to row {rows.max()} of the pixels of "
                f"{len(pixels)} images, which have no such row: run ingest again."
            )
        width, height = images["width"].to_numpy(), images["height"].to_numpy()
        return cls(pixels, rows, measure_extent(width, height, fit))


def _read_hashes(images: pd.DataFrame) -> np.ndarray:
    """Return the hash of each image, uint8 (n, HASH_BITS / 8)."""
    packed = bytes.fromhex("".join(images["perceptual_hash"]))
    return np.frombuffer(packed, np.uint8).reshape(len(images), HASH_BITS // 8)


def _find_neighbours(
    hashes: np.ndarray, others: np.ndarray, most_bits: int
) -> pd.DataFrame:
    """Return the pairs whose hashes differ in few bits; of equal sets, one half."""
    is_same = hashes is others
    found = [np.empty((3, 0), int)]
    for top in range(0, len(hashes), _HASHES_AT_ONCE):
        rows = _to_signs(hashes[top : top + _HASHES_AT_ONCE])
        for left in range(top if is_same else 0, len(others), _HASHES_AT_ONCE):
            # A product of signs counts the equal bits less the others, exactly.
            excess = rows @ _to_signs(others[left : left + _HASHES_AT_ONCE]).T
            # Of a flat array NumPy finds the few ten times as fast.
            places = np.flatnonzero(excess >= HASH_BITS - 2 * most_bits)
            first, second = np.divmod(places, excess.shape[1])
            bits = (HASH_BITS - excess[first, second].astype(int)) // 2
            found.append(np.stack([first + top, second + left, bits]))
    first, second, bits = np.concatenate(found, axis=1)
    return pd.DataFrame({"first": first, "second": second, "bits": bits})


def _to_signs(hashes: np.ndarray) -> np.ndarray:
    """Return the bits of each hash, as 1 and -1, float32 (n, HASH_BITS)."""
    return np.unpackbits(hashes, axis=1).astype(np.float32) * 2 - 1


def _keep_copies(
    near: pd.DataFrame, stored: _Stored, others: _Stored, least_correlation: float
) -> pd.DataFrame:
    correlation = _correlate(near, stored, others)
    copies = near.assign(correlation=correlation)[correlation >= least_correlation]
    return copies.sort_values(["first", "second"], ignore_index=True)


def _correlate(near: pd.DataFrame, stored: _Stored, others: _Stored) -> np.ndarray:
    """Return how much the detail of each pair correlates, -1 to 1.

    Of pairs that follow each other most share their images: a thousand images that are
    alike make half a million pairs. So the detail of each is extracted once for as many
    pairs as have few enough of them.
    """
    first, second = near["first"].to_numpy(), near["second"].to_numpy()
    # What both show of the picture, as shares of its width and height.
    shown = 1 / np.maximum(stored.extent[first], others.extent[second]).clip(min=1)
    cuts, places = _list_cuts(stored, first, shown)
    other_cuts, other_places = _list_cuts(others, second, shown)
    if len(cuts) + len(other_cuts) > _DETAILS_AT_ONCE and len(near) > 1:
        half = len(near) // 2
        parts = near.iloc[:half], near.iloc[half:]
        return np.concatenate([_correlate(part, stored, others) for part in parts])
    details = _extract_details(stored.pixels, cuts)
    other_details = _extract_details(others.pixels, other_cuts)
    found = np.empty(len(near))
    for start in range(0, len(near), _PAIRS_AT_ONCE):
        pairs = slice(start, start + _PAIRS_AT_ONCE)
        found[pairs] = np.einsum(
            "ij,ij->i", details[places[pairs]], other_details[other_places[pairs]]
        )
    # Rounding may lead beyond the ends.
    return np.clip(found, -1, 1)


def _list_cuts(
    stored: _Stored, positions: np.ndarray, shown: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the different middles of images that are compared, and which each is.

    Returns:
        Row of the pixels, width and height to which the image is resized, (cuts, 3);
        and for each position its cut, (n,).
    """
    # In whole pixels, so that a picture that has two sizes has one shape.
    sides = np.rint(_DETAIL_SIZE / (shown * stored.extent[positions])).astype(int)
    keys = np.column_stack([stored.rows[positions], sides])
    cuts, places = np.unique(keys, axis=0, return_inverse=True)
    return cuts, places.ravel()


def _extract_details(pixels: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """Return the fine detail of each cut, as a vector of length 1.

    Fine is what is smaller than a sixteenth of the image. What all chest films have in
    common is coarse: bright mediastinum, dark lungs.
    """
    details = np.empty((len(cuts), _DETAIL_SIZE**2), np.float32)
    for place, (row, width, height) in enumerate(cuts):
        small = _cut_centre(pixels[row], width, height).astype(np.float32)
        fine = small - cv2.GaussianBlur(small, (0, 0), _DETAIL_BLUR)
        length = np.linalg.norm(fine)
        # An image without detail is a copy of no other.
        details[place] = fine.ravel() / length if length > _LEAST_DETAIL else 0
    return details


def _cut_centre(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """Return the middle of an image that was resized."""
    whole = resize(image, height, width)
    centre = ((width - 1) / 2, (height - 1) / 2)
    return cv2.getRectSubPix(whole, (_DETAIL_SIZE, _DETAIL_SIZE), centre)
