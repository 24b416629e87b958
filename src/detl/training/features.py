"""The frozen part of a network, run once."""

import keras
import numpy as np

from detl.networks.cut import copy_model
from detl.networks.keras_settings import plain_keras
from detl.networks.names import LOGITS
from detl.training.batches import RowBatches


@plain_keras()
def extract_features(
    trunk: keras.Model, pixels: np.ndarray, rows: np.ndarray, batch_size: int = 64
) -> np.ndarray:
    """Return the trunk's output for ``pixels[rows]``, float32 (n, height, width, maps).

    DETL never changes the trunk, so they are the same in every fold and epoch. A bar
    shows the progress on a terminal.
    """
    from tqdm import tqdm

    batches = RowBatches(pixels, rows, None, batch_size)
    features = np.empty((len(rows), *trunk.output_shape[1:]), "float32")
    numbers = range(batches.num_batches)
    for number in tqdm(numbers, "features", unit="batch", disable=None, leave=False):
        (images,) = batches[number]
        start = number * batch_size
        features[start : start + len(images)] = trunk.predict_on_batch(images)
    return features


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
