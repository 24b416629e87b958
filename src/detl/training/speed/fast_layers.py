"""Poolings whose gradients take an accelerator less time than Keras's own.

Only the network that is trained has them; the trained weights go back into Keras's own,
so that a saved network needs nothing of this.
"""

from __future__ import annotations

from typing import Any

import keras

from detl.networks.keras_settings import plain_keras
from detl.training.speed.devices import has_accelerator

Tensor = Any


class QuickGradientMaxPooling2D(keras.layers.MaxPooling2D):
    """A MaxPooling2D that is the largest of a reshaped array.

    From the pooling itself XLA makes, for the gradient, a scattered write, which is
    slow on a GPU. Outputs are the same. Where several inputs are the largest one, they
    share the gradient. Where windows overlap, or stand out at the border, all is
    Keras's.
    """

    def call(self, inputs: Tensor) -> Tensor:
        """Return the largest of each window."""
        height, width, maps = inputs.shape[1:]
        rows, columns = self.pool_size
        fits = self.strides == self.pool_size and height % rows == width % columns == 0
        if not fits or self.data_format != "channels_last":
            return super().call(inputs)
        windows = (-1, height // rows, rows, width // columns, columns, maps)
        largest: Tensor = keras.ops.max(keras.ops.reshape(inputs, windows), (2, 4))
        return largest


def quicken_gradients(model: keras.Model) -> keras.Model:
    """Return a copy with the same weights and outputs; poolings are quick on a GPU.

    Args:
        model: A functional model of inputs of known size, which may have others in it.
    """
    return copy_with_poolings(
        model,
        QuickGradientMaxPooling2D if has_accelerator() else keras.layers.MaxPooling2D,
    )


@plain_keras()
def copy_with_poolings(
    model: keras.Model, pooling: type[keras.layers.MaxPooling2D]
) -> keras.Model:
    """Return a copy with the same weights, where each MaxPooling2D is of this kind.

    Args:
        model: A functional model of inputs of known size, which may have others in it.
    """

    def copy_layer(layer: keras.layers.Layer) -> keras.layers.Layer:
        kind = type(layer)
        if kind is keras.layers.MaxPooling2D:
            kind = pooling
        return kind.from_config(layer.get_config())

    copy: keras.Model = keras.models.clone_model(
        model, clone_function=copy_layer, recursive=True
    )
    copy.set_weights(model.get_weights())
    return copy
