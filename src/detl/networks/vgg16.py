"""VGG16 (Simonyan and Zisserman 2014): 13 convolutions of 3x3 in five blocks, three FC.

The last block is block 5 (decision 11).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from detl.networks.blocks import Blocks, pixels_input
from detl.networks.names import END_OF_TRUNK, EXPLAINED_LAYER

if TYPE_CHECKING:
    from detl.schemas.parameters import NetworkParameters

_BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
"""Filters and number of convolutions of each block."""


def build_vgg16(
    parameters: NetworkParameters, input_size: int, classes: int, seed: int
) -> keras.Model:
    """Return an untrained VGG16: grey pixels in, ``classes`` logits out."""
    blocks = Blocks.from_seed(parameters, seed)
    pixels, x = pixels_input(input_size)
    for number, (filters, convolutions) in enumerate(_BLOCKS, start=1):
        if number == len(_BLOCKS):
            x = keras.layers.Identity(name=END_OF_TRUNK)(x)
        for position in range(1, convolutions + 1):
            is_last = number == len(_BLOCKS) and position == convolutions
            x = blocks.convolution_relu(
                x,
                filters,
                f"block{number}_conv{position}",
                stride=parameters.stem_stride if (number, position) == (1, 1) else 1,
                activation_name=EXPLAINED_LAYER if is_last else None,
            )
        if number != len(_BLOCKS) - 1 or parameters.last_stride == 2:
            x = keras.layers.MaxPooling2D(2, name=f"block{number}_pool")(x)
    x = blocks.fully_connected(blocks.head_input(x), "fc1")
    x = blocks.fully_connected(x, "fc2")
    return keras.Model(pixels, blocks.logits(x, classes), name="vgg16")
