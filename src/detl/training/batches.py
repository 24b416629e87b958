"""Batches of rows of an array that may be larger than memory."""

from __future__ import annotations

from typing import Literal

import keras
import numpy as np


class RowBatches(keras.utils.PyDataset):
    """Batches of ``array[rows]``, in a new order each epoch where a seed is given.

    The array may be memory-mapped: only the rows of a batch are read.

    Args:
        array: Pixels (n, height, width) or features (n, height, width, channels).
        rows: Which rows of the array, int (m,).
        labels: Class index of each of ``rows``, int (m,); none for prediction.
        batch_size: Rows in a batch.
        shuffle_seed: Seed of the order of the rows; none keeps the order given.
        last_batch: ``keep`` has a last batch with the rows that are left over. ``drop``
            leaves them out of the epoch, if there is a whole batch, so that all batches
            are of one size and a step is traced once.
        views: Further versions of all rows of the array, (views, n, ...); each time a
            row is read, one of these and of the array's own is drawn at random.
    """

    def __init__(
        self,
        array: np.ndarray,
        rows: np.ndarray,
        labels: np.ndarray | None,
        batch_size: int,
        shuffle_seed: int | None = None,
        last_batch: Literal["keep", "drop"] = "keep",
        views: np.ndarray | None = None,
    ) -> None:
        super().__init__()
        self._array = array
        self._rows = np.asarray(rows)
        self._labels = labels
        self._batch_size = batch_size
        self._shuffle_seed = shuffle_seed
        self._drops = last_batch == "drop" and len(self._rows) > batch_size
        self._views = np.empty((0, len(array))) if views is None else views
        self.begin()

    def begin(self) -> None:
        """Draw the order of the first epoch, as in the beginning."""
        seed = self._shuffle_seed
        self._random = None if seed is None else np.random.default_rng(seed)
        self.on_epoch_end()

    def without_views(self, times: int) -> RowBatches:
        """Return the same rows in a random order, each as it is, none left out.

        Args:
            times: How many times as large the batches are.
        """
        seed = 0 if self._shuffle_seed is None else self._shuffle_seed
        size = times * self._batch_size
        return RowBatches(self._array, self._rows, self._labels, size, seed)

    @property
    def labels(self) -> np.ndarray:
        """Class index of each row; empty if there are no labels."""
        return np.empty(0, "int64") if self._labels is None else self._labels

    @property
    def num_batches(self) -> int:
        """Number of batches in an epoch."""
        rows = len(self._rows)
        return rows // self._batch_size if self._drops else -(-rows // self._batch_size)

    def on_epoch_end(self) -> None:
        """Draw the order and the versions of the next epoch."""
        self._order = np.arange(len(self._rows))
        self._versions = np.zeros(len(self._rows), int)
        if self._random is not None:
            self._order = self._random.permutation(self._order)
            if len(self._views):
                versions = len(self._views) + 1
                self._versions = self._random.integers(versions, size=len(self._rows))

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        """Return batch ``index``: inputs (b, height, width, maps) and labels (b,)."""
        start = index * self._batch_size
        chosen = self._order[start : start + self._batch_size]
        inputs = self._read(self._rows[chosen], self._versions[chosen])
        if inputs.ndim == 3:
            inputs = inputs[..., np.newaxis]
        return (inputs,) if self._labels is None else (inputs, self._labels[chosen])

    def _read(self, rows: np.ndarray, versions: np.ndarray) -> np.ndarray:
        """Return the rows, each in its version, of which 0 is the array's own."""
        inputs = self._array[rows]
        is_view = versions > 0
        if is_view.any():
            inputs[is_view] = self._views[versions[is_view] - 1, rows[is_view]]
        return inputs
