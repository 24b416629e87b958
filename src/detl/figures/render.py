"""From a figure of matplotlib to the pixels of a picture."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def render_figure(figure: "Figure") -> np.ndarray:
    """Return the figure as a picture, RGB, uint8 (height, width, 3).

    Args:
        figure: Made without pyplot, which would keep it in memory.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
