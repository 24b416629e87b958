"""Position of the cells of a feature map in the picture."""

from collections.abc import Sequence

import keras
import numpy as np

from detl.explanation.gradient import Tensor
from detl.networks.cut import copy_model
from detl.schemas.keras_model import KerasModel

Place = tuple[float, float]
"""Distance between the cells of a tensor, and middle of its first cell, in pixels."""


def find_shift(parts: Sequence[KerasModel], layer: str) -> float:
    """Return the shift, down and right, that an enlarged map needs, in pixels.

    Enlarging a map puts its middle on the middle of the picture. The receptive fields
    of the cells may lie elsewhere: with an even number of rows, a 3x3 kernel with
    stride 2 and "same" padding skips no row above and one below, so that each such
    layer shifts the map by half a cell of its input. AlexNet's maps at 64 pixels are
    3.5 pixels too far up and left; VGG16's are in place. For branches that meet, as in
    ResNet, the mean counts.

    Args:
        parts: Flat functional models, each of which takes the output of the one before
            it, the first one square images: the trunk and the tail, or a whole network.
        layer: Name of the explained layer, in the last part.

    Raises:
        ValueError: The last part has no layer of that name.
    """
    # A layer's output belongs to the first graph that used it. Copies have one graph.
    *lower, last = (copy_model(part) for part in parts)
    size = parts[0].input.shape[1]
    place: Place = (1.0, 0.0)
    for part in lower:
        place = _place_tensors(part, place)[id(part.output)]
    output = last.get_layer(layer).output
    between, first = _place_tensors(last, place)[id(output)]
    middle = first + between * (output.shape[1] - 1) / 2
    return middle - (size - 1) / 2


def _place_tensors(model: KerasModel, of_input: Place) -> dict[int, Place]:
    """Return the place of every layer's output that has a height, by its identity."""
    places: dict[int, Place] = {}
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            places[id(layer.output)] = of_input
            continue
        inputs = keras.tree.flatten(layer.input)
        if len(inputs[0].shape) == 4:
            branches = np.array([places[id(tensor)] for tensor in inputs])
            between, first = branches.mean(axis=0)
            places[id(layer.output)] = _place_output(layer, inputs[0], between, first)
    return places


def _place_output(
    layer: keras.layers.Layer, tensor: Tensor, between: float, first: float
) -> Place:
    if isinstance(layer, keras.layers.ZeroPadding2D):
        return between, first - between * layer.padding[0][0]
    window = getattr(layer, "kernel_size", getattr(layer, "pool_size", None))
    if window is None or not hasattr(layer, "strides"):
        return between, first
    stride, width, size = layer.strides[0], window[0], tensor.shape[1]
    before = 0
    if layer.padding == "same":
        before = max((-(-size // stride) - 1) * stride + width - size, 0) // 2
    return between * stride, first + between * ((width - 1) / 2 - before)
