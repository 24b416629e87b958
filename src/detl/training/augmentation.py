"""Real-time augmentation: rotation, scaling and mirroring (paper, section IV)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import numpy as np

from detl.networks.keras_settings import plain_keras

if TYPE_CHECKING:
    from detl.schemas.parameters import AugmentationParameters

BATCH_SIZE = 64


@plain_keras()
def augment_inputs(
    model: keras.Model, parameters: AugmentationParameters, seed: int
) -> keras.Model:
    """Return a model that augments its input while it is trained, then calls ``model``.

    It shares the weights of ``model``; at inference it equals ``model``. The border
    that comes into view repeats the image's edge: the network standardises its input,
    so black there would take contrast from the whole image (decision 16).
    """
    inputs = keras.Input(model.input_shape[1:])
    augmented = keras.Sequential(_make_layers(parameters, seed))(inputs)
    return keras.Model(inputs, model(augmented))


@plain_keras()
def augment_pixels(
    pixels: np.ndarray, parameters: AugmentationParameters, seed: int
) -> np.ndarray:
    """Return one augmented version of each image, uint8 (n, height, width).

    Args:
        pixels: Images, uint8 (n, height, width); may be memory-mapped.
        parameters: Rotation, scaling and mirroring.
        seed: Of the draws.
    """
    augment = keras.Sequential(_make_layers(parameters, seed))
    augmented = np.empty(pixels.shape, "uint8")
    for start in range(0, len(pixels), BATCH_SIZE):
        batch = slice(start, start + BATCH_SIZE)
        images = np.asarray(pixels[batch], "float32")[..., np.newaxis]
        seen = keras.ops.convert_to_numpy(augment(images, training=True))
        augmented[batch] = seen[..., 0].round()
    return augmented


def _make_layers(
    parameters: AugmentationParameters, seed: int
) -> list[keras.layers.Layer]:
    angle = parameters.rotation_degrees / 360
    # Keras's factor is that of the window: a window of 1 / 1.15 enlarges by 1.15.
    window = (1 / parameters.largest_zoom - 1, 1 / parameters.smallest_zoom - 1)
    layers = [
        keras.layers.RandomRotation(angle, fill_mode="nearest", seed=seed),
        keras.layers.RandomZoom(window, fill_mode="nearest", seed=seed + 1),
    ]
    if parameters.mirror:
        layers.append(keras.layers.RandomFlip("horizontal", seed=seed + 2))
    return layers
