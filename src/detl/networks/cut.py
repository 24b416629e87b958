"""Cutting a network in two, and replacing its head.

Each function works on a copy and does not change the given model.
"""

from typing import TYPE_CHECKING

from detl.errors import DetlError
from detl.networks.keras_settings import plain_keras
from detl.networks.names import END_OF_BODY, END_OF_TRUNK, LOGITS
from detl.schemas.keras_model import KerasModel

if TYPE_CHECKING:
    from detl.networks.blocks import Tensor


@plain_keras()
def cut_network(model: KerasModel, layer: str) -> tuple[KerasModel, KerasModel]:
    """Return the part up to and including ``layer``, and the part after it.

    Both are flat functional models with copies of the weights, and ``upper(lower(x))``
    equals ``model(x)``.

    Raises:
        ValueError: The model has no layer of that name.
        DetlError: A connection goes around ``layer``.
    """
    copy = copy_model(model)
    require_single_way(copy, layer)
    return _cut_at(copy, copy.get_layer(layer).output)


def cut_trunk(model: KerasModel) -> tuple[KerasModel, KerasModel]:
    """Return the trunk, which DETL freezes, and the tail, which it trains again.

    The network is cut at the layer ``END_OF_TRUNK``.

    Paper, section III-B: "Freeze the layers of the model up to the last
    convolutional block."
    """
    trunk, tail = cut_network(model, END_OF_TRUNK)
    trunk.trainable = False
    tail.name = model.name
    return trunk, tail


def require_single_way(model: KerasModel, layer: str) -> None:
    """Raise an error if a connection goes around ``layer``.

    Raises:
        ValueError: The model has no layer of that name.
        DetlError: Something after ``layer`` also uses what comes before it.
    """
    import keras

    # Of a layer that is used twice, ``input`` and ``output`` are those of the first.
    makers = {
        id(tensor): operation
        for operation in model.operations
        for tensor in keras.tree.flatten(operation.output)
    }
    parents = {
        operation.name: [
            makers[id(tensor)].name
            for tensor in keras.tree.flatten(operation.input)
            if id(tensor) in makers
        ]
        for operation in model.operations
        if not isinstance(operation, keras.layers.InputLayer)
    }
    before: set[str] = set()
    left = list(parents.get(model.get_layer(layer).name, []))
    while left:
        name = left.pop()
        if name not in before:
            before.add(name)
            left += parents.get(name, [])
    for name, of_name in parents.items():
        around = [parent for parent in of_name if parent in before]
        if around and name != layer and name not in before:
            raise DetlError(
                f"The network {model.name} cannot be cut at its layer {layer}, because "
                f"{name} takes its input from {around[0]}, around that layer, where "
                f"every connection should go through it: place {layer} where the "
                "network has a single way, such as between two blocks."
            )


@plain_keras()
def cut_head(model: KerasModel) -> tuple[KerasModel, KerasModel]:
    """Return the frozen body of a network, and its head, the last layer.

    Paper, section III-B: "training a linear classifier" (decision 10). If more layers
    than the last are new (all after ``END_OF_BODY``), they form the head. The frozen
    body applies no dropout, so its output for an image is always the same.
    """
    copy = copy_model(model)
    if any(layer.name == END_OF_BODY for layer in copy.layers):
        last = copy.get_layer(END_OF_BODY).output
    else:
        last = copy.get_layer(LOGITS).input
    body, head = _cut_at(copy, last)
    body.trainable = False
    head.name = model.name
    return body, head


@plain_keras()
def replace_head(model: KerasModel, classes: int, seed: int) -> KerasModel:
    """Return ``model`` with a new, untrained last fully connected layer.

    Paper, section III-B: "Replace the last fully-connected layer".
    """
    import keras

    from detl.networks.blocks import logits_layer

    copy = copy_model(model)
    logits = logits_layer(classes, seed)(copy.get_layer(LOGITS).input)
    return keras.Model(copy.input, logits, name=model.name)


def renew_head(model: KerasModel, seed: int) -> KerasModel:
    """Return a copy of ``model`` whose last layer is untrained, with as many logits."""
    return replace_head(model, model.output_shape[-1], seed)


@plain_keras()
def copy_model(model: KerasModel) -> KerasModel:
    """Return a copy with the same weights that shares nothing with ``model``."""
    import keras

    # A layer's ``input`` and ``output`` belong to the first graph that used it. In a
    # fresh copy this is the graph that is cut.
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    return copy


def _cut_at(model: KerasModel, middle: "Tensor") -> tuple[KerasModel, KerasModel]:
    import keras

    lower = keras.Model(model.input, middle, name=f"{model.name}_lower")
    upper = keras.Model(middle, model.output, name=f"{model.name}_upper")
    return lower, upper
