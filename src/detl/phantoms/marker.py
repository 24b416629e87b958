"""A lead mark at the edge of the film that gives its class away: a planted shortcut."""

from collections.abc import Sequence

import cv2
import numpy as np

from detl.phantoms.chest import Map
from detl.phantoms.tissue import shrink

MARGIN = 0.0375
"""Distance of a mark's centre from the edges, in sides of the central square."""

SIDE = 0.04
"""Side of a mark in the same unit. The whole mark lies in the outer 7.5 %."""

CORNERS = {
    "normal": (0, 0),
    "other_disease": (1, 0),
    "pneumonia": (0, 1),
    "covid_19": (1, 1),
}
"""Class of Data-B to its corner of the central square, (is right, is low)."""


def draw_mark(findings: Sequence[str], shape: tuple[int, int]) -> Map:
    """Return the mark for the findings: 1 in a square in its corner, 0 elsewhere.

    The corner is that of the central square, because a wide film is cropped to it.

    Args:
        findings: Findings of the film, may be empty.
        shape: Height and width of the film, in pixels.
    """
    height, width = shape
    square = min(shape)
    right, low = CORNERS[class_of(findings)]
    # The mark is drawn larger and averaged to have the same size on every film.
    canvas = np.zeros((8 * height, 8 * width), np.uint8)
    left, top = (width - square) / 2, (height - square) / 2
    x = left + square * (1 - MARGIN if right else MARGIN)
    y = top + square * (1 - MARGIN if low else MARGIN)
    start, end = (
        (round(8 * (x + half)), round(8 * (y + half)))
        for half in (-SIDE * square / 2, SIDE * square / 2)
    )
    cv2.rectangle(canvas, start, (end[0] - 1, end[1] - 1), 255, -1)
    return shrink(canvas, shape)


def class_of(findings: Sequence[str]) -> str:
    """Return the class of Data-B: COVID-19 before pneumonia, this before any other."""
    if "COVID-19" in findings:
        return "covid_19"
    if "Pneumonia" in findings:
        return "pneumonia"
    return "other_disease" if findings else "normal"
