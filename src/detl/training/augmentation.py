"""Real-time augmentation: rotation, scaling and mirroring (paper, section IV)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from detl.networks.keras_settings import plain_keras

if TYPE_CHECKING:
    from detl.schemas.parameters import AugmentationParameters


@plain_keras()
def augment_inputs(
    model: keras.Model, parameters: AugmentationParameters, seed: int
) -> keras.Model:
    """Return a model that augments its input while it is trained, then calls ``model``.

    It shares the weights of ``model``; at inference it equals ``model``. The border
    that comes into view repeats the image's edge: the network standardises its input,
    so black there would take contrast from the whole image (decision 16).
    """
    angle = parameters.rotation_degrees / 360
    # Keras's factor is that of the window: a window of 1 / 1.15 enlarges by 1.15.
    window = (1 / parameters.largest_zoom - 1, 1 / parameters.smallest_zoom - 1)
    layers = [
        keras.layers.RandomRotation(angle, fill_mode="nearest", seed=seed),
        keras.layers.RandomZoom(window, fill_mode="nearest", seed=seed + 1),
    ]
    if parameters.mirror:
        layers.append(keras.layers.RandomFlip("horizontal", seed=seed + 2))
    inputs = keras.Input(model.input_shape[1:])
    return keras.Model(inputs, model(keras.Sequential(layers)(inputs)))
