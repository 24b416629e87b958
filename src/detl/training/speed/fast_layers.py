"""Layers whose gradients take less time than Keras's own, and are the same.

Which operation is slow is the backend's matter and the device's. Only the network that
is trained has these layers; the trained weights go back into Keras's own, so that a
saved network needs nothing of this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from detl.networks.keras_settings import plain_keras
from detl.training.speed.devices import has_accelerator

Tensor = Any


class QuickGradientConv2D(keras.layers.Conv2D):
    """A Conv2D whose gradients are convolutions too.

    What TensorFlow runs on a processor in their place takes longer, often several
    times as long for the gradient by the inputs. Outputs are the same; gradients differ
    by rounding. Where a stride leaves inputs out, or the padding is not "same",
    gradients are TensorFlow's.
    """

    def convolution_op(self, inputs: Tensor, kernel: Tensor) -> Tensor:
        """Return ``inputs`` convolved with ``kernel``, without bias."""
        if self.kernel_size == (1, 1) and self._is_plain:
            # With a stride, such a convolution looks at every so many pixels.
            inputs = inputs[:, :: self.strides[0], :: self.strides[1]]
        elif self.strides != (1, 1) or not self._is_plain:
            return super().convolution_op(inputs, kernel)
        outputs: Tensor = keras.ops.custom_gradient(_convolve)(
            inputs,
            # A variable as such, TensorFlow wants to be a further argument.
            keras.ops.copy(kernel),
        )
        return outputs

    @property
    def _is_plain(self) -> bool:
        return (
            self.padding == "same"
            and self.data_format == "channels_last"
            and self.groups == 1
            and self.dilation_rate == (1, 1)
            # An even kernel is padded unevenly, and flipped on the other side.
            and all(side % 2 for side in self.kernel_size)
        )


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


@plain_keras()
def quicken_gradients(model: keras.Model) -> keras.Model:
    """Return a copy with the same weights and outputs, which trains in less time.

    Poolings are quickened on an accelerator, and convolutions on a processor, where
    TensorFlow computes.

    Args:
        model: A functional model of inputs of known size, which may have others in it.
    """
    quick: dict[type, type[keras.layers.Layer]] = {}
    if has_accelerator():
        quick = {keras.layers.MaxPooling2D: QuickGradientMaxPooling2D}
    elif keras.backend.backend() == "tensorflow":
        quick = {keras.layers.Conv2D: QuickGradientConv2D}

    def copy_layer(layer: keras.layers.Layer) -> keras.layers.Layer:
        kind = quick.get(type(layer), type(layer))
        return kind.from_config(layer.get_config())

    copy: keras.Model = keras.models.clone_model(
        model, clone_function=copy_layer, recursive=True
    )
    copy.set_weights(model.get_weights())
    return copy


def _convolve(
    inputs: Tensor, kernel: Tensor
) -> tuple[Tensor, Callable[..., tuple[Tensor, Tensor]]]:
    """Return the outputs, and what gives the gradients by inputs and by kernel."""

    def gradient(*arguments: Tensor, upstream: Tensor = None) -> tuple[Tensor, Tensor]:
        # Backends hand it over by position or by name.
        if upstream is None:
            (upstream,) = arguments
        ops = keras.ops
        flipped = ops.transpose(ops.flip(kernel, (0, 1)), (0, 1, 3, 2))
        by_inputs = ops.conv(
            upstream, flipped, padding="same", data_format="channels_last"
        )
        return by_inputs, _gradient_by_kernel(inputs, upstream, tuple(kernel.shape[:2]))

    outputs = keras.ops.conv(
        inputs, kernel, padding="same", data_format="channels_last"
    )
    return outputs, gradient


def _gradient_by_kernel(
    inputs: Tensor, upstream: Tensor, sides: tuple[int, int]
) -> Tensor:
    ops = keras.ops
    if sides == (1, 1):
        product = ops.einsum("nhwc,nhwd->cd", inputs, upstream)
        return ops.expand_dims(product, (0, 1))
    # Maps take the part of images, and images that of maps.
    rows, columns = (side // 2 for side in sides)
    borders = ((0, 0), (rows, rows), (columns, columns), (0, 0))
    padded = ops.pad(ops.transpose(inputs, (3, 1, 2, 0)), borders)
    by_kernel = ops.conv(
        padded, ops.transpose(upstream, (1, 2, 0, 3)), data_format="channels_last"
    )
    return ops.transpose(by_kernel, (1, 2, 0, 3))
