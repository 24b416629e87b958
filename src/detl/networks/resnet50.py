"""ResNet50 (He et al. 2016) with a 3x3 stem, as the paper asks (section III).

The 7x7 stem becomes 3x3, and the 1x1 bottlenecks stay (decision 12). The stride of a
stage is on its 3x3 convolution. The last block is conv5_x (decision 11).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from detl.networks.blocks import Blocks, Tensor, pixels_input
from detl.networks.names import END_OF_TRUNK, EXPLAINED_LAYER

if TYPE_CHECKING:
    from detl.schemas.parameters import NetworkParameters

_STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))
"""Bottleneck filters and number of bottlenecks of stages conv2 to conv5."""


def build_resnet50(
    parameters: NetworkParameters, input_size: int, classes: int, seed: int
) -> keras.Model:
    """Return an untrained ResNet50: grey pixels in, ``classes`` logits out."""
    blocks = Blocks.from_seed(parameters, seed)
    pixels, x = pixels_input(input_size)
    x = blocks.convolution_relu(x, 64, "conv1", stride=parameters.stem_stride)
    x = keras.layers.MaxPooling2D(3, 2, padding="same", name="pool1")(x)
    for stage, (filters, bottlenecks) in enumerate(_STAGES, start=2):
        is_last = stage == 5
        stride = parameters.last_stride if is_last else min(stage - 1, 2)
        if is_last:
            x = keras.layers.Identity(name=END_OF_TRUNK)(x)
        for position in range(1, bottlenecks + 1):
            x = _bottleneck(
                blocks,
                x,
                filters,
                stride=stride if position == 1 else 1,
                is_first=position == 1,
                name=f"conv{stage}_block{position}",
                activation_name=(
                    EXPLAINED_LAYER if is_last and position == bottlenecks else None
                ),
            )
    x = keras.layers.GlobalAveragePooling2D(name="average_pool")(x)
    return keras.Model(pixels, blocks.logits(x, classes), name="resnet50")


def _bottleneck(
    blocks: Blocks,
    x: Tensor,
    filters: int,
    stride: int,
    is_first: bool,
    name: str,
    activation_name: str | None,
) -> Tensor:
    shortcut = x
    if is_first:
        shortcut = blocks.convolution(x, 4 * filters, 1, f"{name}_shortcut", stride)
    x = keras.layers.ReLU(name=f"{name}_1_relu")(
        blocks.convolution(x, filters, 1, f"{name}_1")
    )
    x = keras.layers.ReLU(name=f"{name}_2_relu")(
        blocks.convolution(x, filters, 3, f"{name}_2", stride)
    )
    # A bottleneck starts near the identity, which makes training easier at the start;
    # from the identity itself (Goyal et al. 2017, section 5.1) few steps lead away.
    x = blocks.convolution(x, 4 * filters, 1, f"{name}_3", first_scale=0.25)
    x = keras.layers.Add(name=f"{name}_sum")([shortcut, x])
    return keras.layers.ReLU(name=activation_name or f"{name}_relu")(x)
