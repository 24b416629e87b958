"""The class probabilities that a trained network gives."""

import keras
import numpy as np

from detl.networks.keras_settings import plain_keras
from detl.training.batches import RowBatches


@plain_keras()
def predict_probabilities(model: keras.Model, batches: RowBatches) -> np.ndarray:
    """Return the class probabilities, float64 (n, classes); each row adds up to 1.

    Args:
        model: Network that returns logits.
        batches: What to classify; may be empty.
    """
    numbers = range(batches.num_batches)
    found = [model.predict_on_batch(batches[number][0]) for number in numbers]
    return to_probabilities(
        np.concatenate([np.empty((0, model.output_shape[-1])), *found])
    )


def to_probabilities(logits: np.ndarray) -> np.ndarray:
    """Return the softmax of each row of logits, float64 (n, classes)."""
    shifted = logits.astype("float64") - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def predict_inputs(model: keras.Model, inputs: np.ndarray) -> np.ndarray:
    """Return the class probabilities of every input, float64 (n, classes).

    Args:
        model: Network that returns logits.
        inputs: What to classify, (n, ...).
    """
    every = RowBatches(inputs, np.arange(len(inputs)), None, batch_size=64)
    return predict_probabilities(model, every)
