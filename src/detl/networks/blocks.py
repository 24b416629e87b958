"""Layers that AlexNet, VGG16 and ResNet50 share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import keras

from detl.networks.names import LOGITS

if TYPE_CHECKING:
    from detl.schemas.parameters import NetworkParameters

Tensor = Any


@dataclass(frozen=True)
class Blocks:
    """Makes the layers of one network, each with a seed of its own.

    Attributes:
        parameters: Width, normalisation and dropout of the network.
        seeds: Seeds for the layers, all derived from the network's seed.
    """

    parameters: NetworkParameters
    seeds: Iterator[int]

    @classmethod
    def from_seed(cls, parameters: NetworkParameters, seed: int) -> Blocks:
        """Return blocks with seeds ``seed * 10_000``, ``+ 1``, ... for the layers."""
        return cls(parameters, count(seed * 10_000))

    def filters(self, full_width: int) -> int:
        """Return the number of filters: ``full_width`` times the width multiplier."""
        return max(1, round(full_width * self.parameters.width_multiplier))

    def convolution(
        self,
        x: Tensor,
        full_width: int,
        kernel: int,
        name: str,
        stride: int = 1,
        first_scale: float = 1.0,
    ) -> Tensor:
        """Return ``x`` after a "same" convolution and, if set, a normalisation.

        ``first_scale`` is the initial scale of the normalisation.
        """
        normalised = self.parameters.normalisation == "batch"
        x = keras.layers.Conv2D(
            self.filters(full_width),
            kernel,
            strides=stride,
            padding="same",
            use_bias=not normalised,
            kernel_initializer=keras.initializers.HeNormal(next(self.seeds)),
            name=name,
        )(x)
        if normalised:
            x = keras.layers.BatchNormalization(
                momentum=0.9,
                gamma_initializer=keras.initializers.Constant(first_scale),
                name=f"{name}_normalisation",
            )(x)
        return x

    def convolution_relu(
        self,
        x: Tensor,
        full_width: int,
        name: str,
        stride: int = 1,
        activation_name: str | None = None,
    ) -> Tensor:
        """Return ``x`` after a 3x3 convolution and a ReLU."""
        x = self.convolution(x, full_width, 3, name, stride)
        return keras.layers.ReLU(name=activation_name or f"{name}_relu")(x)

    def head_input(self, x: Tensor) -> Tensor:
        """Return what the fully connected layers see of the last feature map."""
        if self.parameters.head_input == "average":
            return keras.layers.GlobalAveragePooling2D(name="average_pool")(x)
        if self.parameters.head_input == "maximum":
            return keras.layers.GlobalMaxPooling2D(name="maximum_pool")(x)
        return keras.layers.Flatten(name="flatten")(x)

    def fully_connected(self, x: Tensor, name: str) -> Tensor:
        """Return ``x`` after a hidden fully connected layer, ReLU and dropout."""
        x = keras.layers.Dense(
            self.parameters.fully_connected_units,
            activation="relu",
            kernel_initializer=keras.initializers.HeNormal(next(self.seeds)),
            name=name,
        )(x)
        return keras.layers.Dropout(
            self.parameters.dropout, seed=next(self.seeds), name=f"{name}_dropout"
        )(x)

    def logits(self, x: Tensor, classes: int) -> Tensor:
        """Return one logit per class."""
        return logits_layer(classes, next(self.seeds))(x)


def logits_layer(classes: int, seed: int) -> keras.layers.Layer:
    """Return the last fully connected layer, without softmax."""
    return keras.layers.Dense(
        classes,
        kernel_initializer=keras.initializers.GlorotUniform(seed),
        # Logits stay float32 under mixed precision, where softmax would lose digits.
        dtype="float32",
        name=LOGITS,
    )


def pixels_input(size: int) -> tuple[Tensor, Tensor]:
    """Return the input (grey pixels, 0 to 255) and the standardised image.

    The network itself brings each image to mean 0 and variance 1, so that a saved
    model takes the stored pixels and nobody can forget the step.
    """
    pixels = keras.Input((size, size, 1), name="pixels")
    # In half precision a mean over 50,000 pixels loses digits.
    x = keras.layers.Rescaling(1 / 255, dtype="float32", name="to_unit_range")(pixels)
    x = keras.layers.LayerNormalization(
        axis=(1, 2, 3),
        epsilon=1e-6,
        center=False,
        scale=False,
        dtype="float32",
        name="per_image_standardisation",
    )(x)
    return pixels, x
