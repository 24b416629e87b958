"""Figures of the results: curves of the pretraining, accuracies of the folds."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from detl.figures.render import DOTS_PER_INCH, render_figure, require_some
from detl.wording import network_title

TRAINING, VALIDATION, MARK = "#4c78a8", "#e45756", "#555555"
BAND = "#e6e6e6"


def draw_learning_curves(results: Mapping[str, Mapping[str, Any]]) -> np.ndarray:
    """Return the curves of the pretraining, RGB, uint8 (height, width, 3).

    A column per network shows the loss above and the accuracy below, on the training
    and the validation part of Data-A. A line marks the epoch whose weights are read, or
    a band those whose weights are averaged.

    Args:
        results: Architecture to its result of ``collect_results``.

    Raises:
        DetlError: There is no network.
    """
    require_some(results, "results of networks", "run the cross-validation first")
    figure = Figure((3.6 * len(results), 5.0), DOTS_PER_INCH, layout="constrained")
    # The networks share no axis of the loss, since their losses may differ in size.
    above, below = figure.subplots(2, len(results), squeeze=False, sharex="col")
    for top, bottom, (architecture, result) in zip(
        above, below, results.items(), strict=True
    ):
        curves = result["history"]
        read = int(result["data_a_first_epoch"]), int(result["data_a_epoch"])
        _draw_pair(top, curves["loss"], curves["val_loss"], read)
        _draw_pair(bottom, curves["train_accuracy"], curves["val_accuracy"], read)
        top.set_title(network_title(architecture), size=10)
        top.margins(y=0.08)
        top.autoscale_view()
        top.set_ylim(bottom=0)
        bottom.axhline(result["data_a_chance"], color=MARK, linewidth=0.8)
        lowest = min(curves["train_accuracy"] + curves["val_accuracy"])
        bottom.set_ylim(min(0.3, lowest - 0.02), 1.02)
        bottom.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        bottom.xaxis.set_major_locator(MaxNLocator(integer=True))
        bottom.set_xlabel("epoch")
    above[0].set_ylabel("loss")
    below[0].set_ylabel("accuracy")
    _draw_legend(figure, above)
    return render_figure(figure)


def draw_accuracies(
    results: Mapping[str, Mapping[str, Any]],
    published: Mapping[str, tuple[float, float, float]],
) -> np.ndarray:
    """Return the accuracies of the folds, RGB, uint8 (height, width, 3).

    Each network has a dot per fold, a mark at the pooled accuracy with its 95 %
    interval over groups of patients, and a mark at the paper's accuracy.

    Args:
        results: Architecture to its result of ``collect_results``.
        published: Architecture to the paper's accuracy and the ends of its 95 %
            interval, from 0 to 1. Networks outside the paper are missing.

    Raises:
        DetlError: There is no network.
    """
    require_some(results, "results of networks", "run the cross-validation first")
    width = max(5.0, 2.2 * len(results) + 1.2)
    figure = Figure((width, 4.2), DOTS_PER_INCH, layout="constrained")
    axes = figure.subplots()
    for place, (architecture, result) in enumerate(results.items()):
        _draw_folds(axes, place, result)
        if architecture in published:
            _draw_interval(axes, place + 0.3, published[architecture], MARK, "D")
    _draw_legend(figure, [axes])
    axes.set_xticks(range(len(results)), [network_title(name) for name in results])
    axes.set_xlim(-0.5, len(results) - 0.5)
    axes.set_ylim(0, 1)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_ylabel("accuracy on test images")
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    return render_figure(figure)


def _draw_legend(figure: Figure, panels: Iterable[Axes]) -> None:
    """Draw below the panels what they show, each thing once."""
    once: dict[str, Any] = {}
    for axes in panels:
        handles, labels = axes.get_legend_handles_labels()
        once |= dict(zip(labels, handles, strict=True))
    figure.legend(
        once.values(), once.keys(), loc="outside lower center", ncols=3, frameon=False
    )


def _draw_pair(
    axes: Axes, training: list[float], validation: list[float], read: tuple[int, int]
) -> None:
    """Draw two curves; ``read`` are the first and the last epoch that are read."""
    epochs = range(1, len(training) + 1)
    marker = "o" if len(training) < 5 else None
    style: dict[str, Any] = {"linewidth": 1.4, "marker": marker, "markersize": 4}
    axes.plot(epochs, training, color=TRAINING, label="training part", **style)
    axes.plot(epochs, validation, color=VALIDATION, label="validation part", **style)
    first, last = read
    if first < last:
        label = "epochs whose weights are averaged"
        axes.axvspan(first, last, color=BAND, linewidth=0, zorder=0, label=label)
    else:
        kept: dict[str, Any] = {"color": MARK, "linestyle": "--", "linewidth": 1}
        axes.axvline(last, label="epoch whose weights are read", **kept)
    axes.grid(color="#dddddd", linewidth=0.6)


def _draw_folds(axes: Axes, place: int, result: Mapping[str, Any]) -> None:
    accuracies = [fold["accuracy"] for fold in result["folds"]]
    # The dots are spread so that folds of the same accuracy do not hide each other.
    places = place - 0.3 + np.linspace(-0.1, 0.1, len(accuracies))
    dots: dict[str, Any] = {
        "s": 26,
        "color": TRAINING,
        "alpha": 0.8,
        "label": "one fold",
    }
    axes.scatter(places, accuracies, **dots)
    ends = (result["accuracy"], result["accuracy_low"], result["accuracy_high"])
    _draw_interval(axes, place, ends, VALIDATION, "o")


def _draw_interval(
    axes: Axes,
    place: float,
    accuracy: tuple[float, float, float],
    color: str,
    marker: str,
) -> None:
    middle, low, high = accuracy
    is_published = marker == "D"
    axes.errorbar(
        [place],
        [middle],
        [[middle - low], [high - middle]],
        fmt=marker,
        color=color,
        markerfacecolor="white" if is_published else color,
        capsize=4,
        label="the paper, on its own images"
        if is_published
        else "all folds, with 95 % interval",
    )
    axes.annotate(
        f"{100 * middle:.1f}",
        (place, middle),
        (6, 0),
        textcoords="offset points",
        va="center",
        size=8.5,
        color=color,
    )
