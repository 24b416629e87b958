"""Figure of the confusion matrices (the paper's Fig. 3)."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from detl.errors import DetlError
from detl.figures.render import DOTS_PER_INCH, render_figure
from detl.wording import capitalise, class_title, network_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PANEL_INCHES = (4.4, 4.2)


def draw_confusion_matrices(**matrices: pd.DataFrame) -> np.ndarray:
    """Return the confusion matrices side by side, RGB, uint8 (height, width, 3).

    Each cell shows its number of images and its share of the row's true class, which
    also sets its colour. Each title shows the accuracy.

    Args:
        **matrices: Architecture to its pooled confusion matrix: ``label``, the true
            class of a row, and a column per predicted class.

    Raises:
        DetlError: A matrix is without images.
    """
    from matplotlib.figure import Figure

    width, height = PANEL_INCHES
    figure = Figure(
        (width * len(matrices), height), DOTS_PER_INCH, layout="constrained"
    )
    panels = figure.subplots(1, len(matrices), squeeze=False)[0]
    for axes, (architecture, matrix) in zip(panels, matrices.items(), strict=True):
        _draw_panel(axes, architecture, matrix.set_index("label"))
    return render_figure(figure)


def _draw_panel(axes: "Axes", architecture: str, matrix: pd.DataFrame) -> None:
    counts = matrix.to_numpy()
    images = counts.sum()
    if images == 0:
        raise DetlError(
            f"The confusion matrix of {network_title(architecture)} counts 0 images "
            "and needs at least 1: run its cross-validation again."
        )
    # The row of a class without images gets shares of 0 instead of NaN.
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        share = shares[row, column]
        axes.text(
            column,
            row,
            f"{count}\n{share:.1%}",
            ha="center",
            va="center",
            color="white" if share > 0.5 else "black",
        )
    titles = [
        capitalise(class_title(label)).replace(" ", "\n") for label in matrix.index
    ]
    axes.set_xticks(range(len(titles)), titles, fontsize="small")
    axes.set_yticks(range(len(titles)), titles, fontsize="small")
    axes.set_xlabel("Predicted")
    axes.set_ylabel("True")
    correct = counts.trace()
    axes.set_title(
        f"{network_title(architecture)}: {correct / images:.1%} correct\n"
        f"({correct} of {images})",
        fontsize="medium",
    )
