"""What all figures share: the check for something to draw, and the rendering."""

from collections.abc import Sized
from typing import TYPE_CHECKING

import numpy as np

from detl.errors import DetlError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS_PER_INCH = 120


def require_some(items: Sized, what: str, advice: str) -> None:
    """Raise an error if there is nothing to draw.

    Args:
        what: Plural of the items, in words.
        advice: What the user can do.

    Raises:
        DetlError: There is no item.
    """
    if not len(items):
        raise DetlError(
            f"There are 0 {what} to draw and at least 1 is needed: {advice}."
        )


def render_figure(figure: "Figure") -> np.ndarray:
    """Return the figure as a picture, RGB, uint8 (height, width, 3).

    Args:
        figure: A figure made without pyplot, which would keep it in memory.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
