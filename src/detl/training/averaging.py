"""Weights that are the mean over the last epochs, and batch-norm statistics for them.

Reference:
    Izmailov et al., "Averaging Weights Leads to Wider Optima and Better
    Generalization", UAI 2018, section 3; of the statistics section 3.2.
"""

from __future__ import annotations

import keras
import numpy as np

from detl.networks.keras_settings import plain_keras
from detl.training.batches import RowBatches


def averaged_epochs(epochs: int) -> int:
    """Return how many of the last epochs are averaged: half of them, rounded up."""
    return -(-epochs // 2)


class AverageWeights(keras.callbacks.Callback):
    """Leaves the network with the mean of its weights after each of the last epochs.

    Args:
        epochs: Of the training; the mean is over the last ``averaged_epochs`` of them.
    """

    def __init__(self, epochs: int) -> None:
        super().__init__()
        self._first = epochs - averaged_epochs(epochs)
        self._sums: list[np.ndarray] = []
        self._added = 0

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Add the weights, where this epoch is one of the last."""
        if epoch < self._first:
            return
        weights = [weight.astype("float64") for weight in self.model.get_weights()]
        before = self._sums or [np.zeros(1)] * len(weights)
        self._sums = [a + b for a, b in zip(before, weights, strict=True)]
        self._added += 1

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Set the mean."""
        self.model.set_weights([total / self._added for total in self._sums])


@plain_keras()
def renew_statistics(model: keras.Model, batches: RowBatches) -> None:
    """Give every batch normalisation the mean statistics over these batches.

    Those that were collected during the training are of weights of other steps. The
    weights do not change. Frozen normalisations keep their statistics.

    Args:
        model: A flat functional model, which is changed.
        batches: Inputs and labels as they are predicted, without augmentation, in a
            random order: each batch is normalised by its own statistics.
    """
    layers = [
        layer
        for layer in model.layers
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable
    ]
    if not layers:
        return
    momenta = [layer.momentum for layer in layers]
    seen = 0
    for number in range(batches.num_batches):
        inputs, _ = batches[number]
        for layer in layers:
            # So that each row so far weighs the same.
            layer.momentum = seen / (seen + len(inputs))
        model(inputs, training=True)
        seen += len(inputs)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
