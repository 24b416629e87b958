"""What a network knows of an image just before it decides."""

import keras
import numpy as np

from detl.keras_settings import plain_keras
from detl.networks.cut import copy_model
from detl.networks.names import LOGITS
from detl.training.features import extract_features


@plain_keras()
def penultimate_features(
    tail: keras.Model, features: np.ndarray, batch_size: int = 64
) -> np.ndarray:
    """Return the input of the last fully connected layer, float32 (n, units).

    Features of two networks do not have the same meaning, unit by unit.

    Args:
        tail: A model from features to logits.
        features: Inputs of the tail, (n, height, width, maps); may be memory-mapped.
        batch_size: Images that are worked on at once.
    """
    copy = copy_model(tail)
    body = keras.Model(copy.input, copy.get_layer(LOGITS).input)
    return extract_features(body, features, np.arange(len(features)), batch_size)
