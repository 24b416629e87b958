"""Sample images of each class of Data-B (the paper's Fig. 1)."""

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from detl.figures.render import DOTS_PER_INCH, render_figure, require_some
from detl.schemas.classes import DATA_B_CLASSES
from detl.wording import capitalise, class_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TILE_INCHES = (2.1, 2.6)
CAPTION_CHARACTERS = 30


def draw_samples(
    pixels: np.ndarray,
    images: pd.DataFrame,
    data_b: pd.DataFrame,
    seed: int,
    per_class: int = 4,
) -> np.ndarray:
    """Return a picture of random images, a row per class, RGB, uint8.

    The images of a row show different patients, each with its name and source.

    Args:
        pixels: Stored images, (n, size, size), uint8.
        per_class: Images per class, fewer if a class has fewer patients.

    Raises:
        DetlError: Data-B has no image.
    """
    from matplotlib.figure import Figure

    require_some(data_b, "images of Data-B", "run pipeline 'split' again")
    sources = images.set_index("image_id")["source"]
    rng = np.random.default_rng(seed)
    shuffled = data_b.sample(frac=1, random_state=rng)
    classes = [label for label in DATA_B_CLASSES if (data_b["label"] == label).any()]
    width, height = TILE_INCHES
    size = (width * per_class + 0.9, height * len(classes))
    figure = Figure(size, DOTS_PER_INCH, layout="constrained")
    grid = figure.subplots(len(classes), per_class, squeeze=False)
    for row, label in zip(grid, classes, strict=True):
        of_class = shuffled[shuffled["label"] == label].drop_duplicates("group")
        chosen = of_class.head(per_class).to_dict("records")
        for axes in row:
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
        title = capitalise(class_title(label)).replace(" ", "\n")
        row[0].set_ylabel(title, size=11, weight="bold")
        for axes, image in zip(row[: len(chosen)], chosen, strict=True):
            name = str(image["image_id"])
            _show(axes, pixels[image["row"]], name, sources[name])
    return render_figure(figure)


def _show(axes: "Axes", image: np.ndarray, image_id: str, source: str) -> None:
    axes.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="bilinear")
    lines = textwrap.wrap(image_id, CAPTION_CHARACTERS)
    # File names may contain "$", which would start a formula.
    axes.set_xlabel(
        "\n".join([*lines, f"source: {source}"]), size=7.5, parse_math=False
    )
