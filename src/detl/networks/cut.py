"""Cutting a network in two, and giving it a new head.

Each function works on a copy, so that the model given is left as it was.
"""

from typing import TYPE_CHECKING

from detl.networks.keras_settings import plain_keras
from detl.networks.names import END_OF_BODY, END_OF_TRUNK, LOGITS
from detl.schemas.keras_model import KerasModel

if TYPE_CHECKING:
    from detl.networks.blocks import Tensor


@plain_keras()
def cut_network(model: KerasModel, layer: str) -> tuple[KerasModel, KerasModel]:
    """Return the part up to and including ``layer``, and the part after it.

    Both are flat functional models, with copies of the weights of ``model``.
    ``upper(lower(x))`` equals ``model(x)``.

    Raises:
        ValueError: If the model has no layer of that name.
    """
    copy = copy_model(model)
    return _cut_at(copy, copy.get_layer(layer).output)


def cut_trunk(model: KerasModel) -> tuple[KerasModel, KerasModel]:
    """Return the trunk, which DETL freezes, and the tail, which it trains again.

    Paper, section III-B: "Freeze the layers of the model up to the last
    convolutional block."
    """
    trunk, tail = cut_network(model, END_OF_TRUNK)
    trunk.trainable = False
    tail.name = model.name
    return trunk, tail


@plain_keras()
def cut_head(model: KerasModel) -> tuple[KerasModel, KerasModel]:
    """Return everything before the last fully connected layer, frozen, and that layer.

    Paper, section III-B: "training a linear classifier" (decision 10). Where more
    layers than the last are new (``END_OF_BODY``), all of these are the head. Nothing
    is dropped out in the frozen part, so its output for an image is always the same.
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


@plain_keras()
def copy_model(model: KerasModel) -> KerasModel:
    """Return a copy with the same weights, which shares nothing with ``model``."""
    import keras

    # A layer's ``input`` and ``output`` are those of the first graph it was used
    # in. A fresh copy makes sure that this is the graph that is cut.
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    return copy


def _cut_at(model: KerasModel, middle: "Tensor") -> tuple[KerasModel, KerasModel]:
    import keras

    lower = keras.Model(model.input, middle, name=f"{model.name}_lower")
    upper = keras.Model(middle, model.output, name=f"{model.name}_upper")
    return lower, upper
