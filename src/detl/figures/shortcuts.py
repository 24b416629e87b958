"""Figure of the shortcut report card: the accuracy of each input."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from detl.evaluation.shortcuts.card import INPUTS, WHOLE
from detl.figures.render import DOTS_PER_INCH, render_figure, require_some
from detl.wording import network_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

NETWORK_COLOUR = "#0072b2"
SIMPLE_COLOUR = "#d55e00"
NETWORK_INPUTS = INPUTS[:2]
PANEL_INCHES = (3.6, 3.4)
LABEL_INCHES = 1.5


def draw_shortcuts(**cards: pd.DataFrame | None) -> np.ndarray:
    """Return a picture of the accuracy of each input, RGB, uint8 (height, width, 3).

    There is a panel per architecture and a row per input, with the accuracy, its 95 %
    interval, and the shortcut ratio. A dashed line shows chance, a dotted one the
    network on whole images. An input that was not tried has a note.

    Args:
        **cards: Architecture to its rows of ``make_shortcut_card``; None is left
            out.

    Raises:
        DetlError: There is no card.
    """
    from matplotlib.figure import Figure

    there = {name: card for name, card in cards.items() if card is not None}
    require_some(there, "shortcut cards", "run pipeline 'shortcuts' first")
    width, height = PANEL_INCHES
    figure = Figure(
        (LABEL_INCHES + width * len(there), height),
        DOTS_PER_INCH,
        layout="constrained",
    )
    panels = figure.subplots(1, len(there), squeeze=False, sharex=True, sharey=True)[0]
    for axes, (architecture, card) in zip(panels, there.items(), strict=True):
        _draw_panel(axes, card)
        axes.set_title(network_title(architecture), fontsize="medium")
        axes.set_xlabel("Accuracy, %")
    panels[0].set_yticks(range(0, -len(INPUTS), -1), INPUTS, fontsize="small")
    panels[0].set_ylim(-len(INPUTS) + 0.4, 0.6)
    panels[0].set_xlim(0, 100)
    figure.legend(
        handles=_legend_of_marks(),
        loc="outside lower center",
        ncols=4,
        frameon=False,
        fontsize="small",
    )
    return render_figure(figure)


def _draw_panel(axes: "Axes", card: pd.DataFrame) -> None:
    for name in set(INPUTS) - set(card["input"]):
        axes.text(50, -INPUTS.index(name), "not computed", **_text_style())
    for row in card.to_dict("records"):
        height = -INPUTS.index(row["input"])
        if pd.isna(row["accuracy"]):
            axes.text(50, height, str(row["note"]), **_text_style())
            continue
        is_network = row["input"] in NETWORK_INPUTS
        colour = NETWORK_COLOUR if is_network else SIMPLE_COLOUR
        ends = [100 * row["accuracy_low"], 100 * row["accuracy_high"]]
        axes.plot(ends, [height, height], "-", color=colour, lw=1.5)
        axes.plot(100 * row["accuracy"], height, "D", color=colour, ms=5)
        axes.axvline(100 * row["chance"], color="0.5", ls="--", lw=1, zorder=1)
        if row["input"] == WHOLE:
            axes.axvline(100 * row["accuracy"], color=colour, ls=":", lw=1, zorder=1)
        elif pd.notna(row["shortcut_ratio"]):
            # The ratio stands above the interval, where there is no other row.
            middle = np.clip(np.mean(ends), 20, 80)
            ratio = f"ratio {row['shortcut_ratio']:.2f}"
            axes.text(middle, height + 0.32, ratio, **_text_style())
    axes.grid(axis="x", color="0.92")
    axes.set_axisbelow(True)


def _text_style() -> dict[str, Any]:
    return {
        "ha": "center",
        "va": "center",
        "color": "0.3",
        "fontsize": "x-small",
        # The box hides the vertical lines behind the words.
        "bbox": {"facecolor": "white", "edgecolor": "none", "pad": 0.8},
    }


def _legend_of_marks() -> "list[Line2D]":
    from matplotlib.lines import Line2D

    return [
        Line2D([], [], marker="D", color=NETWORK_COLOUR, ms=5, label="network"),
        Line2D([], [], marker="D", color=SIMPLE_COLOUR, ms=5, label="simple model"),
        Line2D([], [], ls=":", color=NETWORK_COLOUR, lw=1, label="whole image"),
        Line2D([], [], ls="--", color="0.5", lw=1, label="chance"),
    ]
