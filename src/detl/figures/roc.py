"""Figure of the ROC curves of every class and network."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from detl.figures.render import DOTS_PER_INCH, render_figure, require_some
from detl.schemas.classes import DATA_B_CLASSES, PROBABILITIES
from detl.wording import class_title, network_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072b2", "#e69f00", "#009e73", "#d55e00")
STYLES = ("-", "--", "-.", ":")
STEPS = 201
"""Number of false positive rates at which the curves of the folds are averaged."""


def draw_roc(**tested: pd.DataFrame) -> np.ndarray:
    """Return the ROC curves, RGB, uint8 (height, width, 3).

    A column per network has a curve per class against the others. It is the mean of the
    folds' curves at the same false positive rate, since probabilities of different
    networks are not on one scale; so the area below it is the mean of the folds' areas.

    Args:
        **tested: Architecture to what its ensembles predict, with ``fold``.

    Raises:
        DetlError: There is no network.
    """
    from matplotlib.figure import Figure

    require_some(tested, "predictions of networks", "run the cross-validation first")
    figure = Figure((3.6 * len(tested), 4.2), DOTS_PER_INCH, layout="constrained")
    (panels,) = figure.subplots(1, len(tested), squeeze=False, sharey=True)
    for axes, (architecture, table) in zip(panels, tested.items(), strict=True):
        _draw_network(axes, table)
        axes.set_title(network_title(architecture), size=10)
        axes.set_xlabel("false positive rate")
    panels[0].set_ylabel("sensitivity")
    figure.legend(
        *panels[0].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=len(DATA_B_CLASSES),
        frameon=False,
    )
    return render_figure(figure)


def average_curve(
    is_class: np.ndarray, probabilities: np.ndarray, folds: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return false positive rates, and the mean sensitivity of the folds at each.

    Args:
        is_class: Whether an image is of the class, (n,), bool.
        probabilities: That it is, (n,), from 0 to 1.
        folds: Which fold tests it, (n,).

    Returns:
        Two arrays (201,), from 0 to 1. A fold without an image of the class, or of the
        others, has no curve; the sensitivities are NaN if no fold has one.
    """
    from sklearn.metrics import roc_curve

    rates = np.linspace(0, 1, STEPS)
    curves = []
    for fold in pd.unique(pd.Series(folds)):
        of_fold = folds == fold
        if len(np.unique(is_class[of_fold])) == 2:
            false, true, _ = roc_curve(is_class[of_fold], probabilities[of_fold])
            curves.append(np.interp(rates, false, true))
    return rates, np.mean(curves, axis=0) if curves else np.full(STEPS, np.nan)


def _draw_network(axes: "Axes", tested: pd.DataFrame) -> None:
    folds, labels = tested["fold"].to_numpy(), tested["label"].to_numpy()
    styles = zip(DATA_B_CLASSES, PROBABILITIES, COLOURS, STYLES, strict=True)
    for label, column, colour, style in styles:
        rates, curve = average_curve(labels == label, tested[column].to_numpy(), folds)
        # At the rate 0 the curve is the highest sensitivity without a false positive;
        # before it lies a threshold that finds nothing.
        points = (np.insert(rates, 0, 0), np.insert(curve, 0, 0))
        axes.plot(*points, style, color=colour, label=class_title(label))
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=0.8)
    axes.set_aspect("equal")
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
