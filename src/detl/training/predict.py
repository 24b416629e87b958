"""What a trained network says."""

import keras
import numpy as np

from detl.networks.keras_settings import plain_keras
from detl.training.batches import RowBatches
from detl.training.speed.prefetch import read_ahead


@plain_keras()
def predict_probabilities(model: keras.Model, batches: RowBatches) -> np.ndarray:
    """Return the class probabilities, float64 (n, classes); each row adds up to 1.

    Args:
        model: Network that returns logits.
        batches: What to classify, in the order in which it comes; may be nothing.
    """
    if batches.num_batches == 0:  # which Keras refuses
        return np.empty((0, model.output_shape[-1]))
    logits = np.asarray(model.predict(read_ahead(batches), verbose=0), dtype="float64")
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def predict_inputs(model: keras.Model, inputs: np.ndarray) -> np.ndarray:
    """Return the class probabilities of every input, float64 (n, classes).

    Args:
        model: Network that returns logits.
        inputs: What to classify, (n, ...).
    """
    every = RowBatches(inputs, np.arange(len(inputs)), None, batch_size=64)
    return predict_probabilities(model, every)
