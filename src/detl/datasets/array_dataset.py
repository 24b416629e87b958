"""A NumPy array on disk that need not fit into memory."""

from pathlib import Path

import numpy as np

from detl.datasets.atomic import WholeFileDataset


class ArrayDataset(WholeFileDataset[np.ndarray]):
    """One NumPy array in an ``.npy`` file, mapped into memory when it is loaded.

    ```yaml
    pixels:
      type: detl.datasets.ArrayDataset
      filepath: data/05_model_input/pixels.npy
    ```

    Loading reads nothing but the header: rows come from disk when they are used.
    The loaded array is read-only. Saving takes arrays in memory and memory-mapped
    ones; the latter are copied without ever being in memory as a whole.
    """

    def load(self) -> np.ndarray:
        """Return the array, read-only and memory-mapped."""
        return np.load(self._filepath, mmap_mode="r", allow_pickle=False)

    def _write(self, path: Path, data: np.ndarray) -> None:
        # NumPy writes an array's buffer straight to the file, so that a
        # memory-mapped array passes through page by page.
        with path.open("wb") as file:
            np.save(file, data, allow_pickle=False)
