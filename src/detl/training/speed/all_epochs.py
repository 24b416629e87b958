"""The batches of all epochs in a row."""

from __future__ import annotations

import keras
import numpy as np

from detl.training.batches import RowBatches
from detl.training.speed.padded_batches import EvenBatches


class EveryEpoch(keras.utils.PyDataset):
    """The batches of one epoch after another, each in the order of its own.

    A pipeline of batches that is made anew for each epoch takes, on a processor, as
    long as several steps of a small network. Of this one it is made once, where ``fit``
    is told how many steps an epoch has.

    Args:
        batches: Those of an epoch.
        epochs: How many epochs there are.
    """

    def __init__(self, batches: RowBatches | EvenBatches, epochs: int) -> None:
        super().__init__()
        self._batches = batches
        self._epochs = epochs
        self._begin()

    def _begin(self) -> None:
        self._batches.begin()
        # Keras ends an epoch before the first, too: orders are as they would be there.
        self._batches.on_epoch_end()
        self._epoch = 0

    @property
    def num_batches(self) -> int:
        """Number of batches in all epochs."""
        return int(self._batches.num_batches) * self._epochs

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        """Return batch ``index`` of all; quickest in turn.

        The first ones are looked at for their shapes, and then come again.
        """
        epoch, number = divmod(index, self._batches.num_batches)
        if epoch < self._epoch:
            self._begin()
        while self._epoch < epoch:
            self._batches.on_epoch_end()
            self._epoch += 1
        return self._batches[number]
