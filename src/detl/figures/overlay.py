"""A map of numbers laid over a grey image."""

import numpy as np

OPACITY = 0.65
"""Opacity of the last colour. The anatomy stays visible under it."""


def overlay(image: np.ndarray, values: np.ndarray, largest: float) -> np.ndarray:
    """Return the image with the values over it, RGB, (h, w, 3), uint8.

    Args:
        image: Grey image, (h, w), uint8.
        values: (h, w), float, 0 or greater, in any unit. 0 is transparent.
        largest: The value with the last colour, also for greater values. If it is 0,
            nothing is drawn.
    """
    import cv2

    fraction = np.clip(values / largest, 0, 1) if largest > 0 else np.zeros(image.shape)
    # Jet has uneven steps, but readers of Grad-CAM know it.
    levels = np.rint(fraction * 255).astype(np.uint8)
    colours = np.asarray(cv2.applyColorMap(levels, cv2.COLORMAP_JET))
    # The root keeps small values visible, which have pale colours.
    opacity = OPACITY * np.sqrt(fraction)[..., None]
    blended = (1 - opacity) * image[..., None] + opacity * colours[..., ::-1]
    return np.rint(blended).astype(np.uint8)
