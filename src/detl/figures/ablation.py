"""Figure of the ablation: the accuracy of each arm, fold by fold."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from detl.design import ARMS, REFERENCE_ARM
from detl.figures.render import DOTS_PER_INCH, render_figure, require_some
from detl.wording import (
    INITIALISATION_TITLES,
    UNFREEZE_TITLES,
    capitalise,
    network_title,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

COLOURS = {"detl": "#0072b2", "scratch": "#d55e00", "imagenet": "#007a5a"}
PANEL_INCHES = (3.4, 4.6)
LABEL_INCHES = 1.6

# Rows from the top; a gap between the initialisations.
_HEIGHTS = {arm: -(row + 0.6 * (row // 3)) for row, arm in enumerate(ARMS)}


def draw_arms(arms: pd.DataFrame, folds: pd.DataFrame) -> np.ndarray:
    """Return a picture of the arms' accuracies, RGB, uint8 (height, width, 3).

    A panel per architecture, a row per arm: a dot per fold, the mean, and its 95 %
    interval. A dashed line shows the mean of the reference arm. An arm without results
    is marked as left out.

    Raises:
        DetlError: There is no arm.
    """
    from matplotlib.figure import Figure

    require_some(arms, "arms", "run pipeline 'ablation' first")
    architectures = list(arms["architecture"].unique())
    width, height = PANEL_INCHES
    figure = Figure(
        (LABEL_INCHES + width * len(architectures), height),
        DOTS_PER_INCH,
        layout="constrained",
    )
    panels = figure.subplots(
        1, len(architectures), squeeze=False, sharex=True, sharey=True
    )[0]
    for axes, architecture in zip(panels, architectures, strict=True):
        _draw_panel(
            axes,
            arms[arms["architecture"] == architecture],
            folds[folds["architecture"] == architecture],
        )
        axes.set_title(network_title(architecture), fontsize="medium")
        axes.set_xlabel("Accuracy, %")
    _label_rows(panels[0])
    figure.legend(
        handles=_legend_of_marks(),
        loc="outside lower center",
        ncols=3,
        frameon=False,
        fontsize="small",
    )
    return render_figure(figure)


def _draw_panel(axes: "Axes", arms: pd.DataFrame, folds: pd.DataFrame) -> None:
    for row in arms.to_dict("records"):
        arm = f"{row['initialisation']}_{row['unfreeze']}"
        height, colour = _HEIGHTS[arm], COLOURS[row["initialisation"]]
        if pd.isna(row["accuracy"]):
            axes.text(
                0.02,
                height,
                "left out",
                transform=axes.get_yaxis_transform(),
                va="center",
                color="0.45",
                fontsize="small",
            )
            continue
        mean = 100 * row["accuracy"]
        accuracies = 100 * folds.loc[folds["arm"] == arm, "accuracy"].to_numpy()
        # The dots are spread so that folds of the same accuracy do not hide each other.
        spread = np.linspace(0.2, -0.2, len(accuracies))
        axes.plot(accuracies, height + spread, "o", color=colour, alpha=0.5, ms=4)
        ends = [100 * row["accuracy_low"], 100 * row["accuracy_high"]]
        axes.plot(ends, [height, height], "-", color=colour, lw=1.5)
        axes.plot(mean, height, "D", color="black", ms=5)
        if arm == REFERENCE_ARM:
            axes.axvline(mean, color="0.5", ls="--", lw=1, zorder=1)
    axes.grid(axis="x", color="0.92")
    axes.set_axisbelow(True)


def _label_rows(axes: "Axes") -> None:
    labels = [
        f"{capitalise(INITIALISATION_TITLES[initialisation])}, "
        f"{UNFREEZE_TITLES[unfreeze]}"
        for initialisation, unfreeze in ARMS.values()
    ]
    axes.set_yticks(list(_HEIGHTS.values()), labels, fontsize="small")
    axes.set_ylim(min(_HEIGHTS.values()) - 0.6, 0.6)
    axes.set_ylabel("Initial weights, trained layers")


def _legend_of_marks() -> "list[Line2D]":
    from matplotlib.lines import Line2D

    return [
        Line2D([], [], ls="", marker="o", color="0.4", alpha=0.5, ms=4, label="a fold"),
        Line2D(
            [],
            [],
            marker="D",
            color="0.4",
            mfc="black",
            mec="black",
            ms=5,
            label="all folds, 95 % interval",
        ),
        Line2D([], [], ls="--", color="0.5", lw=1, label="DETL"),
    ]
