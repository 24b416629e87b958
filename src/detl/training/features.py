"""The frozen part of a network, run once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import numpy as np

from detl.networks.cut import copy_model
from detl.networks.ensemble import members_of
from detl.networks.keras_settings import plain_keras
from detl.networks.names import LOGITS
from detl.training.augmentation import augment_pixels
from detl.training.batches import RowBatches

if TYPE_CHECKING:
    from detl.schemas.parameters import ViewParameters


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


def extract_views(
    trunk: keras.Model | None,
    images: np.ndarray,
    parameters: ViewParameters | None,
    seed: int,
) -> np.ndarray:
    """Return the trunk's output for augmented versions of the images.

    Args:
        trunk: What is frozen; None where nothing is, and then the versions themselves
            are returned.
        images: Pixels, uint8 (n, size, size); may be memory-mapped.
        parameters: Which versions and how many; None for none.
        seed: Of the versions, each of which takes ten seeds.

    Returns:
        (versions, n, height, width, maps) in float16, whose relative error of 0.0005
        is far below what the versions differ in; without a trunk (versions, n, size,
        size), uint8.
    """
    number = parameters.number if parameters else 0
    if trunk is None:
        views = np.empty((number, *images.shape), "uint8")
    else:
        views = np.empty((number, len(images), *trunk.output_shape[1:]), "float16")
    if parameters is None:
        return views
    for version in range(number):
        augmented = augment_pixels(images, parameters, seed + 10 * version)
        if trunk is not None:
            augmented = extract_features(trunk, augmented, np.arange(len(images)))
        views[version] = augmented
    return views


@plain_keras()
def penultimate_features(
    tail: keras.Model, features: np.ndarray, batch_size: int = 64
) -> np.ndarray:
    """Return the input of the last fully connected layer, float32 (n, units).

    Features of two networks do not have the same meaning, unit by unit. Of members that
    were joined, the units of all are returned.

    Args:
        tail: A model from features to logits, or several that were joined.
        features: Inputs of the tail, (n, height, width, maps); may be memory-mapped.
        batch_size: Images that are worked on at once.
    """
    members = members_of(tail)
    # One of them is compiled, and takes the weights of each.
    copy = copy_model(members[0])
    body = keras.Model(copy.input, copy.get_layer(LOGITS).input)
    rows = np.arange(len(features))
    found = []
    for member in members:
        copy.set_weights(member.get_weights())
        found.append(extract_features(body, features, rows, batch_size))
    return np.concatenate(found, axis=1)
