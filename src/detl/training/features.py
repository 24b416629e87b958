"""The frozen part of a network, run once."""

import keras
import numpy as np

from detl.keras_settings import plain_keras
from detl.training.batches import RowBatches


@plain_keras()
def extract_features(
    trunk: keras.Model, pixels: np.ndarray, rows: np.ndarray, batch_size: int = 64
) -> np.ndarray:
    """Return the trunk's output for ``pixels[rows]``, float32 (n, height, width, maps).

    DETL never changes the trunk, so this is the same in every fold and epoch. A bar
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
