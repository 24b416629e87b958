"""Convolutions whose gradients are convolutions, for training on a processor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

Tensor = Any


class QuickGradientConv2D(keras.layers.Conv2D):
    """A Conv2D whose gradients are convolutions too.

    What TensorFlow runs on a processor in their place takes two to five times as long
    for the gradient by the inputs, and up to half as long again for that by the kernel
    (docs/benchmarks.md). Outputs are the same; gradients differ by rounding. Where a
    stride leaves inputs out, or the padding is not "same", gradients are TensorFlow's.
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


def quicken_gradients(model: keras.Model) -> keras.Model:
    """Return a copy with the same weights and outputs, whose gradients take less time.

    Args:
        model: A functional model, which may have others in it.
    """
    copy: keras.Model = keras.models.clone_model(
        model, clone_function=_copy_layer, recursive=True
    )
    copy.set_weights(model.get_weights())
    return copy


def _copy_layer(layer: keras.layers.Layer) -> keras.layers.Layer:
    is_convolution = type(layer) is keras.layers.Conv2D
    kind = QuickGradientConv2D if is_convolution else type(layer)
    return kind.from_config(layer.get_config())


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
        by_inputs = ops.conv(upstream, flipped, padding="same")
        return by_inputs, _gradient_by_kernel(inputs, upstream, tuple(kernel.shape[:2]))

    return keras.ops.conv(inputs, kernel, padding="same"), gradient


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
    by_kernel = ops.conv(padded, ops.transpose(upstream, (1, 2, 0, 3)))
    return ops.transpose(by_kernel, (1, 2, 0, 3))
