"""The class probabilities that a trained network gives."""

from collections.abc import Hashable, Mapping
from typing import TypeVar

import keras
import numpy as np

from detl.networks.cut import copy_model
from detl.networks.keras_settings import plain_keras
from detl.training.batches import RowBatches

Name = TypeVar("Name", bound=Hashable)


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


@plain_keras()
def predict_members(
    members: Mapping[Name, keras.Model], inputs: np.ndarray
) -> dict[Name, np.ndarray]:
    """Return what ``predict_inputs`` does for each of several networks of one shape.

    They are compiled once, which takes longer than they take to answer.

    Args:
        members: At least one, by whatever tells them apart; they do not change.
        inputs: What each classifies, (n, ...).
    """
    one = copy_model(next(iter(members.values())))
    found = {}
    for name, member in members.items():
        one.set_weights(member.get_weights())
        found[name] = predict_inputs(one, inputs)
    return found
