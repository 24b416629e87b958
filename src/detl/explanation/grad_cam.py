"""Grad-CAM: which part of a feature map speaks for a class (paper, equations 1-2)."""

import cv2
import keras
import numpy as np

from detl.errors import DetlError
from detl.explanation.gradient import Tensor, gradient_of_sum
from detl.keras_model import KerasModel
from detl.networks.cut import cut_network

BATCH_SIZE = 64


def grad_cam(
    tail: KerasModel, features: np.ndarray, class_indices: np.ndarray, layer: str
) -> np.ndarray:
    r"""Return the evidence for one class per image, as a map of the layer's size.

    The map is ``ReLU(sum_k w_k A_k)``: ``A_k`` is channel k of the output of
    ``layer``, and ``w_k`` the mean over height and width of the derivative of the
    class's logit with respect to ``A_k`` (decision 21). It is in units of the logit,
    so that maps of different images can be compared, and zero where nothing speaks
    for the class.

    Args:
        tail: A flat functional model from features to logits, without softmax.
        features: Inputs of the tail, (n, height, width, channels), float32; may be
            memory-mapped.
        class_indices: Column of the logit to explain, (n,), integers.
        layer: Name of the layer of the tail whose output is explained, of shape
            (n, h, w, channels).

    Returns:
        Maps, (n, h, w), float32, 0 or greater.

    Raises:
        DetlError: If there is not one class for each row of the features, or if the
            layer's output is no feature map.

    Reference:
        Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via
        Gradient-based Localization", ICCV 2017.
    """
    if np.shape(class_indices) != (len(features),):
        raise DetlError(
            f"There are {len(features)} rows of features and class indices of shape "
            f"{np.shape(class_indices)}: give one class for each row."
        )
    lower, upper = cut_network(tail, layer)
    if len(upper.input.shape) != 4:
        raise DetlError(
            f"The output of layer {layer!r} has the shape {upper.input.shape}, but a "
            "feature map has (n, height, width, channels): name a layer before the "
            "network flattens its features."
        )
    _, height, width, _ = upper.input.shape
    maps = np.zeros((len(features), height, width), np.float32)
    for start in range(0, len(features), BATCH_SIZE):
        batch = slice(start, start + BATCH_SIZE)
        activations = lower(np.asarray(features[batch]), training=False)
        maps[batch] = _maps_of_batch(upper, activations, class_indices[batch])
    return maps


def _maps_of_batch(
    upper: KerasModel, activations: Tensor, class_indices: np.ndarray
) -> np.ndarray:
    chosen = keras.ops.one_hot(class_indices, upper.output.shape[-1])

    def chosen_logits(x: Tensor) -> Tensor:
        # In inference no sample sees another, not even in batch normalisation, so
        # that the gradient of the sum is the gradient of each.
        return upper(x, training=False) * chosen

    gradients = gradient_of_sum(chosen_logits, activations)
    weights = keras.ops.mean(gradients, axis=(1, 2), keepdims=True)
    maps = keras.ops.relu(keras.ops.sum(weights * activations, axis=-1))
    return keras.ops.convert_to_numpy(maps)


def upsample(maps: np.ndarray, size: int) -> np.ndarray:
    """Return the maps, bilinearly interpolated to square images (decision 21).

    Args:
        maps: (n, h, w), float32.
        size: Height and width of the result, in pixels.

    Returns:
        (n, size, size), float32, in the same units.
    """
    enlarged = np.empty((len(maps), size, size), np.float32)
    for image, small in zip(enlarged, maps, strict=True):
        image[:] = cv2.resize(small, (size, size), interpolation=cv2.INTER_LINEAR)
    return enlarged
