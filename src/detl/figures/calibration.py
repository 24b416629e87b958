"""Figures of calibration: reliability diagrams and decision curves."""

from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from detl.evaluation.probabilities.calibration import (
    AS_THEY_ARE,
    CALIBRATION_ERROR,
    SCALED,
)
from detl.figures.render import DOTS_PER_INCH, render_figure
from detl.wording import capitalise, class_title, network_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {AS_THEY_ARE: "#d55e00", SCALED: "#0072b2"}
CURVES: dict[str, tuple[str, dict[str, Any]]] = {
    "net_benefit": ("network", {"color": "#0072b2", "lw": 2}),
    "treat_all": ("treat all", {"color": "0.3", "ls": "--", "lw": 1}),
    "treat_none": ("treat none", {"color": "0.3", "ls": ":", "lw": 1.5}),
}
BAND = "#b8d4e8"
PANEL_INCHES = (3.8, 3.5)
MOST_PREVALENCES = 3


def draw_reliability(
    reliability: pd.DataFrame, calibration: pd.DataFrame
) -> np.ndarray:
    """Return the reliability diagrams, RGB, uint8 (height, width, 3).

    Each architecture has a column with two panels: probabilities as they are, and
    temperature scaled. A point per bin shows how often the predicted class is right at
    its mean probability, with the 95 % interval; a horizontal line shows the range of
    the bin's probabilities. Calibrated probabilities lie on the diagonal. The title
    shows the expected calibration error. A bin with too few patients has no point.

    Args:
        reliability: Results of ``measure_reliability``, with a column
            ``architecture``.
        calibration: Results of ``measure_calibration``, likewise.
    """
    by_architecture = reliability.groupby("architecture", sort=False)
    errors = dict(iter(calibration.groupby("architecture")))
    figure, panels = _make_panels(2, by_architecture.ngroups)
    for column, (architecture, table) in zip(panels.T, by_architecture, strict=True):
        for axes, name in zip(column, (AS_THEY_ARE, SCALED), strict=True):
            bins = table[table["probabilities"] == name]
            _draw_bins(axes, bins, COLOURS[name])
            error = _describe_error(errors[architecture], name)
            title = f"{network_title(str(architecture))}, {name}"
            axes.set_title(f"{title}\n{error}", fontsize="medium")
        column[-1].set_xlabel("Probability of the predicted class")
    for axes in panels[:, 0]:
        axes.set_ylabel("Classified correctly")
    return render_figure(figure)


def draw_net_benefit(**net_benefit: pd.DataFrame) -> np.ndarray:
    """Return the decision curves, RGB, uint8 (height, width, 3).

    Each architecture has a column, each prevalence a row; if there are more than three
    prevalences, the smallest, the middle and the largest. The band is the 95 % interval
    of the network's net benefit.

    Args:
        **net_benefit: Architecture to its result of ``measure_net_benefit``, all of one
            class and of the same prevalences.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    first = next(iter(net_benefit.values()))
    every = sorted(first["prevalence"].unique())
    rows = min(MOST_PREVALENCES, len(every))
    chosen = [
        every[k] for k in np.linspace(0, len(every) - 1, rows).round().astype(int)
    ]
    figure, panels = _make_panels(rows, len(net_benefit))
    for column, (architecture, table) in zip(
        panels.T, net_benefit.items(), strict=True
    ):
        for axes, prevalence in zip(column, chosen, strict=True):
            _draw_curves(axes, table[table["prevalence"] == prevalence], prevalence)
            axes.set_title(
                f"{network_title(architecture)}, prevalence {100 * prevalence:g} %",
                fontsize="medium",
            )
        column[-1].set_xlabel("Threshold probability")
    for axes in panels[:, 0]:
        axes.set_ylabel("Net benefit per person")
    label = first["class"].iloc[0]
    figure.suptitle(
        f"Decision curves: {capitalise(class_title(label))} against the rest",
        fontsize="medium",
    )
    lines = [Line2D([], [], label=label, **style) for label, style in CURVES.values()]
    figure.legend(
        handles=[*lines, Patch(color=BAND, label="95 % interval")],
        loc="outside lower center",
        ncols=min(4, 2 * len(net_benefit)),
        frameon=False,
        fontsize="small",
    )
    return render_figure(figure)


def _make_panels(rows: int, columns: int) -> "tuple[Figure, np.ndarray]":
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    width, height = PANEL_INCHES
    size = (width * columns, height * rows)
    # The padding keeps the last label of an axis off the first label of the next.
    figure = Figure(size, DOTS_PER_INCH, layout=ConstrainedLayoutEngine(w_pad=0.12))
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey="row")
    return figure, panels


def _draw_bins(axes: "Axes", bins: pd.DataFrame, colour: str) -> None:
    from matplotlib.ticker import PercentFormatter

    axes.plot([0, 1], [0, 1], "--", color="0.5", lw=1, zorder=1)
    for scale in (axes.xaxis, axes.yaxis):
        scale.set_major_formatter(PercentFormatter(1))
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02))
    axes.grid(color="0.92")
    axes.set_axisbelow(True)
    drawn = bins[bins["accuracy"].notna()]
    if drawn.empty:
        _write(axes, bins["note"].iloc[0])
        return
    x, y = drawn["confidence"], drawn["accuracy"]
    axes.hlines(y, drawn["lowest"], drawn["highest"], color=colour, alpha=0.4, lw=3)
    axes.vlines(x, drawn["low"], drawn["high"], color=colour, lw=1.5)
    axes.plot(x, y, "o", color=colour, ms=5)
    left_out = len(bins) - len(drawn)
    words = f"{len(drawn)} bins of {_span(drawn['images'])} images"
    if left_out:
        words += f"\n{left_out} with too few patients"
    axes.text(0.03, 0.97, words, va="top", color="0.3", fontsize="small")


def _span(counts: pd.Series) -> str:
    least, most = int(counts.min()), int(counts.max())
    return f"{least}" if least == most else f"{least} to {most}"


def _describe_error(calibration: pd.DataFrame, name: str) -> str:
    """Return the expected calibration error of the top label, in words."""
    is_error = calibration["quantity"] == CALIBRATION_ERROR
    is_top = (calibration["class"].fillna("") == "") & (
        calibration["probabilities"] == name
    )
    row = calibration[is_error & is_top].iloc[0]
    if pd.isna(row["value"]):
        return "ECE not computed"
    value, low, high = (100 * row[end] for end in ("value", "low", "high"))
    interval = "no interval" if pd.isna(low) else f"{low:.1f} to {high:.1f}"
    return f"ECE {value:.1f} % ({interval})"


def _draw_curves(axes: "Axes", curve: pd.DataFrame, prevalence: float) -> None:
    from matplotlib.ticker import FuncFormatter

    x = curve["threshold_probability"]
    # The gain is at most the prevalence, and the loss has no bound.
    axes.set(
        xscale="log", xlim=(x.min(), 1), ylim=(-0.25 * prevalence, 1.1 * prevalence)
    )
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g} %"))
    axes.grid(color="0.92")
    axes.set_axisbelow(True)
    for column, (_, style) in CURVES.items():
        axes.plot(x, curve[column], **style)
    if curve["net_benefit"].isna().all():
        _write(axes, curve["note"].iloc[0])
        return
    better = curve["net_benefit"] - curve["difference"]
    axes.fill_between(
        x, curve["low"] + better, curve["high"] + better, color=BAND, lw=0, zorder=1
    )


def _write(axes: "Axes", note: str) -> None:
    """Write in the middle of an empty panel why it is empty."""
    axes.text(
        0.5,
        0.5,
        fill(note, 30),
        transform=axes.transAxes,
        ha="center",
        va="center",
        color="0.3",
        backgroundcolor="white",
        fontsize="small",
    )
