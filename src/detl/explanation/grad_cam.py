"""Grad-CAM: the parts of a feature map that speak for a class (paper, eq. 1-2)."""

import cv2
import numpy as np

from detl.explanation.class_activation import map_evidence
from detl.schemas.keras_model import KerasModel


def grad_cam(
    tail: KerasModel, features: np.ndarray, class_indices: np.ndarray, layer: str
) -> np.ndarray:
    r"""Return a map of the evidence for one class per image, in the layer's size.

    The map is ``ReLU(sum_k w_k A_k)``: ``A_k`` is channel k of the output of
    ``layer``, and ``w_k`` the mean over height and width of the derivative of the
    class's logit with respect to ``A_k`` (decision 21). It is in units of the logit,
    so that maps of different images can be compared, and 0 where nothing speaks for
    the class.

    Args:
        tail: A flat functional model from features to logits, without softmax.
        features: Inputs of the tail, (n, height, width, channels), float32; may be
            memory-mapped.
        class_indices: Column of the logit to explain, (n,), integers.
        layer: Name of the explained layer of the tail; its output has the shape
            (n, h, w, channels).

    Returns:
        Maps, (n, h, w), float32, 0 or greater.

    Raises:
        DetlError: Features and classes differ in number, or the layer's output is not
            a feature map.

    Reference:
        Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via
        Gradient-based Localization", ICCV 2017.
    """
    return map_evidence(tail, features, class_indices, layer, "grad_cam")


def upsample(maps: np.ndarray, size: int, shift: float = 0.0) -> np.ndarray:
    """Return the maps, interpolated bicubically to square images (decision 21).

    Bilinear interpolation would put each maximum on the middle of a cell, and a cell of
    8 x 8 is often larger than a lesion. Values below 0, which bicubic interpolation
    adds beside steep slopes, become 0.

    Args:
        maps: (n, h, w), float32, 0 or greater.
        size: Height and width of the result, in pixels.
        shift: Shift of the result down and right, in its pixels, such as the result of
            ``detl.explanation.alignment.find_shift``. The border is repeated.

    Returns:
        (n, size, size), float32, 0 or greater, in the same units.
    """
    enlarged = np.empty((len(maps), size, size), np.float32)
    move = np.array([[1, 0, shift], [0, 1, shift]], np.float32)
    for image, small in zip(enlarged, maps, strict=True):
        image[:] = cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC)
        if shift:
            image[:] = cv2.warpAffine(
                image, move, (size, size), borderMode=cv2.BORDER_REPLICATE
            )
    return np.maximum(enlarged, 0, out=enlarged)
