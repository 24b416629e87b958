"""Guided backpropagation: maps like edges that hardly depend on the network.

It is the control of the randomisation test, which it must fail: Adebayo et al. (2018)
found that its maps do not change when the upper layers are randomised.
"""

import keras
import numpy as np

from detl.errors import DetlError
from detl.explanation.class_activation import BATCH_SIZE, gradient_of_logits
from detl.explanation.gradient import Tensor
from detl.networks.keras_settings import plain_keras
from detl.schemas.keras_model import KerasModel


@keras.ops.custom_gradient
def guided_relu(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return ``ReLU(x)``; only positive gradients flow back through it."""
    output = keras.ops.relu(x)

    def gradient(*arguments: Tensor, upstream: Tensor | None = None) -> Tensor:
        # TensorFlow and JAX pass the one argument in different ways.
        flowing = arguments[0] if upstream is None else upstream
        return keras.ops.relu(flowing) * keras.ops.cast(x > 0, flowing.dtype)

    return output, gradient


@plain_keras()
def guided_backpropagation(
    trunk: KerasModel, tail: KerasModel, pixels: np.ndarray, class_indices: np.ndarray
) -> np.ndarray:
    """Return the effect of each pixel on the logit of a class, through guided ReLUs.

    A gradient passes a ReLU back if the input was positive, as in plain
    backpropagation, and if the gradient itself is positive. The maps are absolute
    values, because a lesion may be brighter or darker than its surroundings.

    Args:
        trunk: A flat functional model from pixels, 0 to 255, to features.
        tail: A flat functional model from features to logits, without softmax.
        pixels: Images, (n, size, size), uint8; may be memory-mapped.
        class_indices: Column of the logit to explain, (n,), integers.

    Returns:
        Maps, (n, size, size), float32, 0 or greater, in logits per grey level.

    Raises:
        DetlError: Images and classes differ in number.

    Reference:
        Springenberg et al., "Striving for Simplicity: The All Convolutional Net",
        ICLR 2015 workshop, section 3.4.
    """
    if np.shape(class_indices) != (len(pixels),):
        raise DetlError(
            f"There are {len(pixels)} images and class indices of shape "
            f"{np.shape(class_indices)}: give one class for each image."
        )
    lower, upper = guide_network(trunk), guide_network(tail)
    network = keras.Model(lower.input, upper(lower.output))
    maps = np.zeros(pixels.shape, np.float32)
    for start in range(0, len(pixels), BATCH_SIZE):
        batch = slice(start, start + BATCH_SIZE)
        images = np.asarray(pixels[batch], np.float32)[..., None]
        gradients = gradient_of_logits(
            network, keras.ops.convert_to_tensor(images), class_indices[batch]
        )
        maps[batch] = np.abs(keras.ops.convert_to_numpy(gradients)[..., 0])
    return maps


@plain_keras()
def guide_network(model: KerasModel) -> KerasModel:
    """Return a copy of the model with the same weights and guided ReLUs."""
    guided = keras.models.clone_model(model, clone_function=_guide_layer)
    guided.set_weights(model.get_weights())
    return guided


def _guide_layer(layer: keras.layers.Layer) -> keras.layers.Layer:
    if isinstance(layer, keras.layers.ReLU):
        return keras.layers.Activation(guided_relu, name=layer.name)
    copy = layer.__class__.from_config(layer.get_config())
    if getattr(copy, "activation", None) is keras.activations.relu:
        copy.activation = guided_relu
    return copy
