"""AlexNet (Krizhevsky et al. 2012) with 3x3 kernels, as the paper asks (section III).

The 11x11 and 5x5 kernels become 3x3; strides and pools stay (decision 12). The
parameter ``normalisation`` replaces the local response normalisation of the original.
The last block is conv3 to conv5 (decision 11).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from detl.networks.blocks import Blocks, pixels_input
from detl.networks.names import END_OF_TRUNK, EXPLAINED_LAYER

if TYPE_CHECKING:
    from detl.schemas.parameters import NetworkParameters


def build_alexnet(
    parameters: NetworkParameters, input_size: int, classes: int, seed: int
) -> keras.Model:
    """Return an untrained AlexNet: grey pixels in, ``classes`` logits out."""
    blocks = Blocks.from_seed(parameters, seed)
    pixels, x = pixels_input(input_size)
    x = blocks.convolution_relu(x, 96, "conv1", stride=parameters.stem_stride)
    x = keras.layers.MaxPooling2D(3, 2, padding="same", name="pool1")(x)
    x = blocks.convolution_relu(x, 256, "conv2")
    stride = parameters.last_stride
    x = keras.layers.MaxPooling2D(3, stride, padding="same", name="pool2")(x)
    x = keras.layers.Identity(name=END_OF_TRUNK)(x)
    x = blocks.convolution_relu(x, 384, "conv3")
    x = blocks.convolution_relu(x, 384, "conv4")
    x = blocks.convolution_relu(x, 256, "conv5", activation_name=EXPLAINED_LAYER)
    x = keras.layers.MaxPooling2D(3, 2, padding="same", name="pool5")(x)
    x = blocks.fully_connected(blocks.head_input(x), "fc6")
    x = blocks.fully_connected(x, "fc7")
    return keras.Model(pixels, blocks.logits(x, classes), name="alexnet")
