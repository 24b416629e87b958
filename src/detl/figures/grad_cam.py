"""Figures of Grad-CAM: a panel of one fold's images, and a sheet of panels."""

import textwrap
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from detl.figures.overlay import overlay
from detl.figures.render import draw_over
from detl.wording import class_title

TILE = 256
"""Height and width of one image in the panel, in pixels."""

_GAP = 8
_CAPTION = 244
_HEADER = 68
_WIDTH = _CAPTION + 4 * (TILE + _GAP)
_DPI = 100
_RIGHT, _WRONG = "#1b7837", "#b2182b"
_COLUMNS = (
    "radiograph",
    "predicted class,\none scale for all rows",
    "predicted class,\neach row its own scale",
    "true class (where it is another),\none scale for all rows",
)


class _Page:
    """A white page for pictures and then text, with positions in pixels."""

    def __init__(self, width: int, height: int) -> None:
        from matplotlib.figure import Figure

        self.canvas = np.full((height, width, 3), 255, np.uint8)
        self.figure = Figure((width / _DPI, height / _DPI), _DPI)

    def place(self, left: int, top: int, picture: np.ndarray) -> None:
        height, width = picture.shape[:2]
        self.canvas[top : top + height, left : left + width] = picture

    def write(self, left: float, top: float, text: str, **style: Any) -> None:
        height, width = self.canvas.shape[:2]
        # File names may contain "$", which would start a formula.
        style = {"size": 9.5, "va": "top", "parse_math": False, **style}
        self.figure.text(left / width, 1 - top / height, text, **style)

    def picture(self) -> np.ndarray:
        """Return the page, RGB, uint8."""
        return draw_over(self.canvas, self.figure)


def draw_panel(
    pixels: np.ndarray,
    predicted_maps: np.ndarray,
    true_maps: np.ndarray,
    chosen: pd.DataFrame,
) -> np.ndarray:
    """Return a picture with one row per image: the radiograph and its maps.

    The map of the predicted class appears twice (decision 22): on one scale for the
    whole panel, which shows how strong the evidence is, and on a scale of its own,
    which shows where it is. Wrongly classified images also have the map of their true
    class, on the common scale.

    Args:
        pixels: Radiographs, (k, size, size), uint8.
        predicted_maps: Grad-CAM of the predicted class, (k, size, size), float32,
            in units of the logit.
        true_maps: Grad-CAM of the true class, in the same form.
        chosen: One row per image with ``image_id``, ``label``, ``predicted`` and
            ``probability`` (of the predicted class, 0 to 1, not calibrated).

    Returns:
        RGB, (68 + 264 k, 1300, 3), uint8.
    """
    largest = float(max(predicted_maps.max(initial=0), true_maps.max(initial=0)))
    page = _Page(_WIDTH, _HEADER + len(chosen) * (TILE + _GAP))
    _draw_header(page, largest)
    for row, image in enumerate(chosen.to_dict("records")):
        top = _HEADER + row * (TILE + _GAP)
        is_right = image["label"] == image["predicted"]
        true_map = None if is_right else true_maps[row]
        _draw_caption(page, top, image, is_right)
        _draw_maps(page, top, pixels[row], predicted_maps[row], true_map, largest)
    return page.picture()


def draw_sheet(**panels: np.ndarray) -> np.ndarray:
    """Return the panels side by side at half their size, under their names, RGB, uint8.

    Args:
        **panels: Name to panel, RGB, uint8, of any height.
    """
    import cv2

    small = {
        name: cv2.resize(panel, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        for name, panel in panels.items()
    }
    title = 36
    page = _Page(
        width=sum(panel.shape[1] + 3 * _GAP for panel in small.values()),
        height=title + max(panel.shape[0] for panel in small.values()),
    )
    left = _GAP
    for name, panel in small.items():
        page.write(left, _GAP, name.replace("_", " "), size=14, weight="bold")
        page.place(left, title, panel)
        left += panel.shape[1] + 3 * _GAP
    return page.picture()


def _draw_header(page: _Page, largest: float) -> None:
    # The bar is an overlay on mid-grey, which gives it the colours of the maps.
    width, height, top = 150, 14, 28
    gradient = np.tile(np.linspace(0, 1, width), (height, 1))
    grey = np.full((height, width), 128, np.uint8)
    page.place(_GAP, top, overlay(grey, gradient, 1))
    page.write(_GAP, 8, "Grad-CAM, in units of the logit", size=8.5)
    page.write(_GAP, top + height + 4, "0", size=8.5)
    end = {"size": 8.5, "ha": "right"}
    page.write(_GAP + width, top + height + 4, f"{largest:.3g}", **end)
    for column, heading in enumerate(_COLUMNS):
        page.write(_left(column), _HEADER - 8, heading, va="bottom", weight="bold")


def _draw_maps(
    page: _Page,
    top: int,
    image: np.ndarray,
    predicted_map: np.ndarray,
    true_map: np.ndarray | None,
    largest: float,
) -> None:
    import cv2

    own = float(predicted_map.max())
    tiles = [
        cv2.cvtColor(image, cv2.COLOR_GRAY2RGB),
        overlay(image, predicted_map, largest),
        overlay(image, predicted_map, own),
    ]
    if true_map is not None:
        tiles.append(overlay(image, true_map, largest))
    for column, tile in enumerate(tiles):
        page.place(_left(column), top, _enlarge(tile))
    box = {"facecolor": "black", "alpha": 0.6, "edgecolor": "none", "pad": 2.5}
    style = {"color": "white", "size": 8.5, "bbox": box}
    scale = f"red: {own:.3g}" if own > 0 else "no evidence"
    page.write(_left(2) + 8, top + 8, scale, **style)


def _draw_caption(
    page: _Page, top: int, image: dict[Hashable, Any], is_right: bool
) -> None:
    colour, verdict = (_RIGHT, "right") if is_right else (_WRONG, "wrong")
    mark = np.full((TILE, 5, 3), 255, np.uint8)
    mark[:] = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
    page.place(0, top, mark)
    name = textwrap.wrap(image["image_id"], 30)
    page.write(14, top + 6, "\n".join(name))
    below = top + 6 + 18 * len(name) + 10
    page.write(14, below, f"true: {class_title(image['label'])}")
    title, probability = class_title(image["predicted"]), image["probability"]
    page.write(14, below + 20, f"predicted: {title}")
    page.write(14, below + 40, f"probability {probability:.2f}, not calibrated")
    page.write(14, below + 60, verdict, color=colour, weight="bold")


def _enlarge(picture: np.ndarray) -> np.ndarray:
    # Averaging is better for smaller pictures, interpolation for larger ones.
    import cv2

    method = cv2.INTER_AREA if len(picture) > TILE else cv2.INTER_LINEAR
    return cv2.resize(picture, (TILE, TILE), interpolation=method)


def _left(column: int) -> int:
    return _CAPTION + column * (TILE + _GAP)
