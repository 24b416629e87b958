"""A NumPy array on disk that need not fit into memory."""

import mmap
from pathlib import Path
from typing import IO

import numpy as np

from detl.datasets.atomic import WholeFileDataset

_VALUES_AT_ONCE = 2**22


class ArrayDataset(WholeFileDataset[np.ndarray]):
    """One NumPy array in an ``.npy`` file, mapped into memory when it is loaded.

    Loading reads nothing but the header: rows come from disk when they are used.
    The loaded array is read-only. Saving takes arrays in memory and memory-mapped
    ones; the latter are copied without ever being in memory as a whole.
    """

    def load(self) -> np.ndarray:
        """Return the array, read-only and memory-mapped."""
        return np.load(self._filepath, mmap_mode="r", allow_pickle=False)

    def _write(self, path: Path, data: np.ndarray) -> None:
        with path.open("wb") as file:
            is_mapped = (
                isinstance(data, np.memmap)
                and data.mode == "r"
                # Windows has no such advice.
                and hasattr(mmap, "MADV_DONTNEED")
            )
            if (
                is_mapped
                and isinstance(data.base, mmap.mmap)
                and data.flags.c_contiguous
            ):
                _write_mapped(file, data, data.base)
            else:
                np.save(file, data, allow_pickle=False)


def _write_mapped(file: IO[bytes], data: np.ndarray, mapped: mmap.mmap) -> None:
    """Write what ``np.save`` would, and let go of what has been written.

    Otherwise all of an array that is on disk would come to be in memory.
    """
    header = np.lib.format.header_data_from_array_1_0(data)
    np.lib.format.write_array_header_1_0(file, header)
    flat = data.reshape(-1)
    for start in range(0, len(flat), _VALUES_AT_ONCE):
        file.write(np.asarray(flat[start : start + _VALUES_AT_ONCE]).data)
        mapped.madvise(mmap.MADV_DONTNEED)
