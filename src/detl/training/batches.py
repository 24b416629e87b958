"""Batches of rows of an array that may be larger than memory."""

import keras
import numpy as np


class RowBatches(keras.utils.PyDataset):
    """Batches of ``array[rows]``, in a new order each epoch where a seed is given.

    The array may be memory-mapped: only the rows of a batch are read.

    Args:
        array: Pixels (n, height, width) or features (n, height, width, channels).
        rows: Which rows of the array, int (m,).
        labels: Class index of each of ``rows``, int (m,); none for prediction.
        batch_size: Rows in a batch; the last one may have fewer.
        shuffle_seed: Seed of the order of the rows; none keeps the order given.
    """

    def __init__(
        self,
        array: np.ndarray,
        rows: np.ndarray,
        labels: np.ndarray | None,
        batch_size: int,
        shuffle_seed: int | None = None,
    ) -> None:
        super().__init__()
        self._array = array
        self._rows = np.asarray(rows)
        self._labels = labels
        self._batch_size = batch_size
        self._shuffle_seed = shuffle_seed
        self.begin()

    def begin(self) -> None:
        """Draw the order of the first epoch, as in the beginning."""
        seed = self._shuffle_seed
        self._random = None if seed is None else np.random.default_rng(seed)
        self._order = self._next_order()

    @property
    def labels(self) -> np.ndarray:
        """Class index of each row; empty if there are no labels."""
        return np.empty(0, "int64") if self._labels is None else self._labels

    @property
    def num_batches(self) -> int:
        """Number of batches in an epoch."""
        return -(-len(self._rows) // self._batch_size)

    def on_epoch_end(self) -> None:
        """Draw the order of the next epoch."""
        self._order = self._next_order()

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        """Return batch ``index``: inputs (b, height, width, maps) and labels (b,)."""
        start = index * self._batch_size
        chosen = self._order[start : start + self._batch_size]
        inputs = self._array[self._rows[chosen]]
        if inputs.ndim == 3:
            inputs = inputs[..., np.newaxis]
        return (inputs,) if self._labels is None else (inputs, self._labels[chosen])

    def _next_order(self) -> np.ndarray:
        if self._random is None:
            return np.arange(len(self._rows))
        return self._random.permutation(len(self._rows))
