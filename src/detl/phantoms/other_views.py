"""Pictures that are not frontal chest films: an axial slice and a lateral film."""

import cv2
import numpy as np
from numpy.typing import NDArray


def draw_axial_slice(size: int) -> NDArray[np.uint8]:
    """Return a CT slice through the chest: uint8, ``size`` pixels high and wide."""
    unit = size / 128
    film = np.zeros((size, size), np.uint8)
    ellipse(film, (64, 66), (58, 40), 0, 120, unit)
    ellipse(film, (36, 64), (22, 29), 10, 25, unit)
    ellipse(film, (92, 64), (22, 29), -10, 25, unit)
    ellipse(film, (70, 54), (17, 15), 25, 145, unit)
    ellipse(film, (64, 92), (9, 8), 0, 220, unit)
    return film


def draw_lateral(size: int) -> NDArray[np.uint8]:
    """Return a lateral film: uint8, ``size`` pixels high and wide."""
    unit = size / 128
    film = np.full((size, size), 20, np.uint8)
    ellipse(film, (64, 80), (46, 80), 0, 150, unit)
    ellipse(film, (60, 60), (33, 46), 8, 70, unit)
    ellipse(film, (44, 72), (20, 16), 50, 170, unit)
    ellipse(film, (94, 64), (8, 70), -6, 215, unit)
    ellipse(film, (64, 118), (44, 24), -6, 200, unit)
    blurred = cv2.GaussianBlur(film.astype(np.float64), (0, 0), 2 * unit)
    return np.round(blurred).astype(np.uint8)


def ellipse(
    film: NDArray[np.uint8],
    centre: tuple[int, int],
    radii: tuple[int, int],
    angle: int,
    grey: int,
    unit: float,
) -> None:
    """Draw a filled ellipse, given in 128ths of the picture's side."""
    scaled = [round(16 * unit * value) for value in (*centre, *radii)]
    cv2.ellipse(film, scaled[:2], scaled[2:], angle, 0, 360, grey, -1, cv2.LINE_AA, 4)
