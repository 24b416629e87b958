"""Bringing images of any shape to one square size."""

from typing import Literal

import cv2
import numpy as np

Fit = Literal["crop", "pad", "squeeze"]


def make_square(image: np.ndarray, size: int, fit: Fit) -> np.ndarray:
    """Return the image as a square of the given size.

    ``crop`` takes the largest square about the centre, so that the shorter side
    fills the result; ``pad`` shows the whole image, centred on black; ``squeeze``
    stretches each side to the size. Area interpolation where the image shrinks,
    bilinear where it grows.

    Args:
        image: Grey values, shape (height, width), uint8.
        size: Height and width of the result, in pixels.
        fit: How an image that is not square becomes square.

    Returns:
        Grey values, shape (size, size), uint8.
    """
    if fit == "crop":
        return resize(_crop_centre(image), size, size)
    if fit == "squeeze":
        return resize(image, size, size)
    height, width = image.shape
    longer = max(height, width)
    inner = resize(
        image,
        max(1, round(height * size / longer)),
        max(1, round(width * size / longer)),
    )
    square = np.zeros((size, size), np.uint8)
    top, left = (size - inner.shape[0]) // 2, (size - inner.shape[1]) // 2
    square[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return square


def _crop_centre(image: np.ndarray) -> np.ndarray:
    height, width = image.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image[top : top + side, left : left + side]


def measure_extent(width: np.ndarray, height: np.ndarray, fit: Fit) -> np.ndarray:
    """Return width and height of pictures, in units of their stored square.

    More than 1 where the square shows only the picture's middle, less than 1 where it
    has black borders. Picture and square have the same centre.

    Args:
        width: In pixels, (n,).
        height: In pixels, (n,).
        fit: How the pictures became square.

    Returns:
        (n, 2), width and height, float64.
    """
    sides = np.stack([width, height], axis=-1).astype("float64")
    if fit == "squeeze":
        return np.ones_like(sides)
    whole = sides.min if fit == "crop" else sides.max
    return sides / whole(axis=-1, keepdims=True)


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return an image in another size: area interpolation where it shrinks.

    Args:
        image: Grey values, shape (any height, any width), uint8.
        height: Of the result, in pixels.
        width: Of the result, in pixels.
    """
    shrinks = image.shape[0] >= height and image.shape[1] >= width
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(image, (width, height), interpolation=interpolation)
