"""Batches that divide evenly among several devices."""

from __future__ import annotations

import keras
import numpy as np

from detl.errors import DetlError


class PaddedBatches(keras.utils.PyDataset):
    """Pads batches to a multiple of the device count; padding has weight 0.

    The padding repeats rows of the batch. JAX refuses a batch that does not divide, and
    a device of TensorFlow with no row would have no loss.

    Args:
        batches: Inputs and labels, of which only the last batch may be smaller.
        devices: Among how many devices each batch is divided.
        is_scored: Whether the mean over all rows is wanted, as for validation: then all
            rows weigh the same. Otherwise the mean of each batch is, as for a step of
            the training: then the rows of a batch weigh the more the fewer they are.

    Raises:
        DetlError: If the size of the batches does not divide.
    """

    def __init__(
        self, batches: keras.utils.PyDataset, devices: int, is_scored: bool
    ) -> None:
        super().__init__()
        self._batches = batches
        self._devices = devices
        first, last = (len(batches[i][1]) for i in (0, batches.num_batches - 1))
        if batches.num_batches > 1 and first % devices:
            raise DetlError(
                f"A batch of {first} does not divide among {devices} devices: make "
                f"batch_size a multiple of {devices}, or distribution none."
            )
        rows = first * (batches.num_batches - 1) + last
        self._weight = (rows + -last % devices) / rows if is_scored else None

    @property
    def num_batches(self) -> int:
        """Number of batches in an epoch."""
        return int(self._batches.num_batches)

    def on_epoch_end(self) -> None:
        """Draw the order of the next epoch."""
        self._batches.on_epoch_end()

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return batch ``index``: inputs, labels and weights."""
        inputs, labels = self._batches[index]
        rows = len(labels)
        chosen = np.resize(np.arange(rows), rows + -rows % self._devices)
        weights = np.zeros(len(chosen), "float32")
        # The loss is divided by the number of rows, and padding counts among them.
        weights[:rows] = self._weight or len(chosen) / rows
        return inputs[chosen], labels[chosen], weights
