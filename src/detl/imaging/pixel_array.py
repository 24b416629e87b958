"""One array on disk that holds many images of one size."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd
from tqdm import tqdm

from detl.errors import DetlError
from detl.imaging.decode_cache import DecodedFiles
from detl.imaging.grey import ImageRejected
from detl.imaging.read import PixelFormat, read_pictures

_TYPES = {
    "row": int,
    "original": int,
    "reason": str,
    "width": int,
    "height": int,
    "sha256": str,
    "perceptual_hash": str,
}
_BYTES_AT_ONCE = 2**20  # images one by one take the system twice as long


def store_pictures(
    paths: Sequence[Path],
    pixel_format: PixelFormat,
    memory: DecodedFiles | None = None,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return what the files hold, and the pixels of the pictures among them.

    A picture that several files hold is stored once. A bar shows the progress on a
    terminal.

    Args:
        paths: PNG, JPEG or DICOM files.
        pixel_format: What each becomes.
        memory: What is known of files in this format; the others are added.

    Returns:
        One row per path: ``row`` of its pixels, -1 where they are not stored;
        ``original``, the position of the path that holds the same picture first
        (its own if none does); ``reason``, why it was rejected, or "";
        ``width``, ``height``, ``sha256`` and ``perceptual_hash`` of the file. And
        the pixels, shape (n, size, size), uint8, on disk and not in memory.

    Raises:
        DetlError: The temporary folder is full.
    """
    size = pixel_format.size
    seen: dict[str, int] = {}
    found = []
    recall = memory.recall if memory else None
    pictures = read_pictures(paths, pixel_format, recall)
    bar = tqdm(pictures, "ingest", len(paths), unit=" images", disable=None)
    waiting: list[np.ndarray] = []
    rows = 0
    with tempfile.TemporaryFile(prefix="detl-pixels-", buffering=0) as file:
        for position, picture in enumerate(bar):
            if memory:
                memory.remember(paths[position], picture)
            if isinstance(picture, ImageRejected):
                found.append((-1, position, str(picture), 0, 0, "", ""))
                continue
            original = seen.setdefault(picture.fingerprint, position)
            row = -1
            if original == position:
                row, rows = rows, rows + 1
                waiting.append(picture.pixels)
                if len(waiting) * size**2 >= _BYTES_AT_ONCE:
                    _append(file, waiting)
            hashes = picture.sha256, picture.perceptual_hash
            found.append((row, original, "", picture.width, picture.height, *hashes))
        if waiting:
            _append(file, waiting)
        # The mapping outlives the file, and the disk is given back with it.
        shape = (rows, size, size)
        pixels = (
            np.memmap(file, np.uint8, "r", shape=shape)
            if shape[0]
            else np.zeros(shape, np.uint8)
        )
    # The types are those of the values, also where there is not one row.
    return pd.DataFrame(found, columns=list(_TYPES)).astype(_TYPES), pixels


def _append(file: IO[bytes], images: list[np.ndarray]) -> None:
    """Write images at the end of a file that has no buffer, and empty their list."""
    content = np.concatenate(images, axis=None).data
    images.clear()
    try:
        while content:
            content = content[file.write(content) :]
    except OSError as error:
        raise DetlError(
            f"After {file.tell() / 1e6:,.1f} MB of pixels no more could be written to "
            f"the temporary folder {tempfile.gettempdir()} ({error.strerror}); free "
            "some room there, or set TMPDIR to a folder on a larger disk."
        ) from error
