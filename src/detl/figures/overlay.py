"""A map of numbers laid over a grey image."""

import numpy as np

OPACITY = 0.65
"""Of the last colour: the anatomy stays visible under it."""


def overlay(image: np.ndarray, values: np.ndarray, largest: float) -> np.ndarray:
    """Return the image with the values over it, transparent at 0.

    Args:
        image: Grey image, (h, w), uint8.
        values: (h, w), float, 0 or greater, in any unit.
        largest: The value with the last colour; greater ones have it too. Where it
            is 0, nothing is drawn.

    Returns:
        RGB picture, (h, w, 3), uint8.
    """
    import cv2

    fraction = np.clip(values / largest, 0, 1) if largest > 0 else np.zeros(image.shape)
    # Jet, in spite of its uneven steps, because it is what readers of Grad-CAM know.
    levels = np.rint(fraction * 255).astype(np.uint8)
    colours = np.asarray(cv2.applyColorMap(levels, cv2.COLORMAP_JET))
    # The root lets small values show, which would be both pale and transparent.
    opacity = OPACITY * np.sqrt(fraction)[..., None]
    blended = (1 - opacity) * image[..., None] + opacity * colours[..., ::-1]
    return np.rint(blended).astype(np.uint8)
