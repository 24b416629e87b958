"""A whole network of its frozen and its trained part."""

from detl.networks.keras_settings import plain_keras
from detl.schemas.keras_model import KerasModel


@plain_keras()
def join_parts(trunk: KerasModel, tail: KerasModel) -> KerasModel:
    """Return the network from pixels to probabilities.

    Its input is (n, size, size, 1), grey levels from 0 to 255; its output (n, classes),
    float32, adds up to 1. It shares its weights with its parts.

    Args:
        trunk: From pixels to features.
        tail: From features to logits; may be several tails, joined.
    """
    import keras

    pixels = keras.Input(trunk.input_shape[1:], name="pixels")
    softmax = keras.layers.Activation("softmax", dtype="float32", name="probabilities")
    return keras.Model(pixels, softmax(tail(trunk(pixels))), name=f"{tail.name}_whole")
