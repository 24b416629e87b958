"""Several networks of one shape as a single one, whose answer is their mean."""

from __future__ import annotations

from collections.abc import Sequence

from detl.networks.cut import copy_model
from detl.networks.keras_settings import plain_keras
from detl.schemas.keras_model import KerasModel


@plain_keras()
def join_members(members: Sequence[KerasModel]) -> KerasModel:
    """Return one model: the logarithm of the mean of the members' probabilities.

    So the softmax of its output is that mean, as it is with logits. One member alone is
    returned as it is.

    Args:
        members: Models of one shape that return logits, at least one. Copies of them
            are joined.
    """
    import keras

    if len(members) == 1:
        return members[0]
    inputs = keras.Input(members[0].input.shape[1:])
    logarithms = []
    for number, member in enumerate(members, start=1):
        copy = copy_model(member)
        copy.name = f"member_{number}"
        # Of logarithms, because a small probability is 0 in float32.
        logarithm = keras.layers.Activation("log_softmax", dtype="float32")
        logarithms.append(logarithm(copy(inputs)))
    total = keras.ops.logsumexp(keras.ops.stack(logarithms), axis=0)
    shift = float(keras.ops.log(float(len(members))))
    return keras.Model(inputs, total - shift, name=members[0].name)


def members_of(model: KerasModel) -> list[KerasModel]:
    """Return the members of a model that ``join_members`` made, else the model itself.

    Each is a flat functional model, and shares its weights with ``model``.
    """
    import keras

    members = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    return members or [model]
