"""What all figures share: the check for something to draw, and the rendering."""

from collections.abc import Sized
from typing import TYPE_CHECKING

import numpy as np

from detl.errors import DetlError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS_PER_INCH = 120

SYNTHETIC = "Synthetic radiographs (phantoms): no patient is shown."
"""What stands below a picture of a run on phantoms."""


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


def caption_synthetic(picture: np.ndarray) -> np.ndarray:
    """Return the picture with a line below it that says that no patient is shown.

    Args:
        picture: Grey (height, width) or RGB (height, width, 3), uint8.
    """
    from PIL import Image, ImageDraw, ImageFont

    height, width = picture.shape[:2]
    size = min(max(14, width // 70), 24)
    page = Image.new("L", (width, height + 2 * size), 255)
    pen = ImageDraw.Draw(page)
    font = ImageFont.load_default(size)
    pen.text((size // 2, height + size // 3), SYNTHETIC, font=font, fill=60)
    strip = np.asarray(page)[height:]
    if picture.ndim == 3:
        strip = np.repeat(strip[..., None], 3, axis=2)
    return np.concatenate([picture, strip])


def render_figure(figure: "Figure") -> np.ndarray:
    """Return the figure as a picture, RGB, uint8 (height, width, 3).

    Args:
        figure: A figure made without pyplot, which would keep it in memory.
    """
    return _render(figure)[..., :3].copy()


def draw_over(picture: np.ndarray, figure: "Figure") -> np.ndarray:
    """Return the picture with what the figure holds over it, RGB, uint8.

    A figure that holds large pictures itself takes several times as long to render.

    Args:
        picture: RGB, uint8 (height, width, 3).
        figure: Of the same size, made without pyplot. Its background is not drawn.
    """
    figure.patch.set_alpha(0)
    drawn = _render(figure)
    over = drawn[..., 3] > 0
    opacity = drawn[over][:, 3:] / np.float32(255)
    mixed = picture.copy()
    mixed[over] = np.rint(
        opacity * drawn[over][:, :3] + (1 - opacity) * picture[over]
    ).astype(np.uint8)
    return mixed


def _render(figure: "Figure") -> np.ndarray:
    """Return the figure as a picture, RGBA, uint8 (height, width, 4)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())
