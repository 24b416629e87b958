"""Layers that take less time than Keras's own.

Only the network that is trained has them; the trained weights go back into Keras's own,
so that a saved network needs nothing of this.
"""

from __future__ import annotations

from collections.abc import Mapping
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


class FusedBatchNormalization(keras.layers.BatchNormalization):
    """A BatchNormalization that TensorFlow takes in one operation while it is trained.

    Keras makes it of about ten, each of which goes through the whole feature map.
    Outputs and statistics are the same. All but feature maps in float32 is Keras's.
    """

    def call(
        self, inputs: Tensor, training: bool | None = None, mask: Tensor | None = None
    ) -> Tensor:
        """Return the normalised feature map."""
        is_fused = training and self.trainable and len(inputs.shape) == 4
        if not is_fused or mask is not None or self.compute_dtype != "float32":
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, self.gamma, self.beta, epsilon=self.epsilon
        )
        # TensorFlow returns that of the population which the batch is drawn from.
        values = tf.cast(tf.size(inputs) // inputs.shape[-1], "float32")
        for moving, of_batch in (
            (self.moving_mean, mean),
            (self.moving_variance, variance * (values - 1) / values),
        ):
            moving.assign(moving * self.momentum + of_batch * (1 - self.momentum))
        return outputs


def quicken_layers(model: keras.Model) -> keras.Model:
    """Return a copy with the same weights and outputs that takes less time to train.

    Args:
        model: A functional model of inputs of known size, which may have others in it.
    """
    quick: dict[type[keras.layers.Layer], type[keras.layers.Layer]] = {}
    if has_accelerator():
        quick[keras.layers.MaxPooling2D] = QuickGradientMaxPooling2D
    if keras.backend.backend() == "tensorflow":
        quick[keras.layers.BatchNormalization] = FusedBatchNormalization
    return copy_with_layers(model, quick)


@plain_keras()
def copy_with_layers(
    model: keras.Model,
    others: Mapping[type[keras.layers.Layer], type[keras.layers.Layer]],
) -> keras.Model:
    """Return a copy with the same weights, with layers of other kinds.

    Args:
        model: A functional model of inputs of known size, which may have others in it.
        others: The kind that takes the place of a kind of layer.
    """

    def copy_layer(layer: keras.layers.Layer) -> keras.layers.Layer:
        kind = others.get(type(layer), type(layer))
        copied: keras.layers.Layer = kind.from_config(layer.get_config())
        return copied

    copy: keras.Model = keras.models.clone_model(
        model, clone_function=copy_layer, recursive=True
    )
    copy.set_weights(model.get_weights())
    return copy
