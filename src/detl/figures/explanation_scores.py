"""Figures of the explanations' scores, and of maps with the known regions."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from detl.explanation.sanity import GUIDED, OTHER_IMAGE, SIMILARITIES
from detl.figures.overlay import overlay
from detl.figures.render import DOTS_PER_INCH, render_figure, require_some
from detl.wording import METHOD_TITLES, network_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

COLOURS = {
    "grad_cam": "#0072b2",
    "grad_cam_plus_plus": "#d55e00",
    "hires_cam": "#007a5a",
    GUIDED: "#8b4a8b",
    "random": "0.5",
}
_CURVE_TITLES = {
    "deletion": "Deletion: lower is better",
    "insertion": "Insertion: higher is better",
}
_SIMILARITY_TITLES = {
    "ssim": "Structural similarity",
    "rank_correlation": "Rank correlation",
}
_OUTLINE = "#ffd400"
_ADVICE = "run pipeline 'audit' first"


def draw_deletion_curves(**curves: pd.DataFrame | None) -> np.ndarray:
    """Return a picture of deletion and insertion, RGB, uint8 (height, width, 3).

    There is a row per architecture, a panel per curve, and a line per method.

    Args:
        **curves: Architecture to its result of ``tabulate_curves``; None is left out.

    Raises:
        DetlError: There is no curve.
    """
    there = _take_some(curves, "curves")
    figure, rows = _lay_out(len(there), len(_CURVE_TITLES), (4.2, 3.4))
    for axes_of_row, (architecture, table) in zip(rows, there.items(), strict=True):
        for axes, (curve, title) in zip(
            axes_of_row, _CURVE_TITLES.items(), strict=True
        ):
            of_curve = table[table["curve"] == curve]
            for method, line in of_curve.groupby("method", sort=False):
                axes.plot(
                    100 * line["fraction"],
                    line["probability"],
                    color=COLOURS.get(str(method), "black"),
                    ls="--" if method == "random" else "-",
                )
            axes.set_title(f"{network_title(architecture)}. {title}", fontsize="medium")
            axes.set_ylim(0, 1)
            axes.set_xlabel("Pixels replaced, %")
            axes.grid(color="0.92")
        axes_of_row[0].set_ylabel("Probability of the\nexplained class")
    methods = pd.concat(there.values())["method"].unique()
    figure.legend(
        handles=[_line_of(method) for method in methods],
        loc="outside lower center",
        ncols=len(methods),
        frameon=False,
        fontsize="small",
    )
    return render_figure(figure)


def draw_sanity(**tables: pd.DataFrame | None) -> np.ndarray:
    """Return a picture of the randomisation test, RGB, uint8 (height, width, 3).

    There is a row per architecture and a panel per similarity. More layers are random
    from left to right. Each method has a line with its 95 % interval, and at the left a
    dotted mark for the similarity of its maps of different images, which the line
    should reach.

    Args:
        **tables: Architecture to its result of ``follow_randomisation``; None is left
            out.

    Raises:
        DetlError: There is no table.
    """
    from matplotlib.lines import Line2D

    there = _take_some(tables, "tables of similarities")
    figure, rows = _lay_out(len(there), len(SIMILARITIES), (5.2, 3.6))
    for axes_of_row, (architecture, table) in zip(rows, there.items(), strict=True):
        for axes, similarity in zip(axes_of_row, SIMILARITIES, strict=True):
            _draw_cascade(axes, table[table["similarity"] == similarity])
            title = f"{network_title(architecture)}. {_SIMILARITY_TITLES[similarity]}"
            axes.set_title(title, fontsize="medium")
        axes_of_row[0].set_ylabel("Similarity to the trained\nnetwork's map")
    methods = pd.concat(there.values())["method"].unique()
    marks = Line2D([], [], color="0.4", ls=":", label="maps of different images")
    figure.legend(
        handles=[*(_line_of(method) for method in methods), marks],
        loc="outside lower center",
        ncols=3,
        frameon=False,
        fontsize="small",
    )
    return render_figure(figure)


def draw_regions(
    pixels: np.ndarray,
    masks: np.ndarray,
    maps: Mapping[str, np.ndarray],
    captions: Sequence[str],
) -> np.ndarray:
    """Return images with their regions and maps, RGB, uint8 (height, width, 3).

    A row per image shows the radiograph, then each method's map over it, red at its own
    maximum, which has a cross. The region is outlined everywhere.

    Args:
        pixels: Radiographs, (k, size, size), uint8.
        masks: Regions, (k, size, size), bool.
        maps: Method to its maps, (k, size, size), float, 0 or greater.
        captions: Text next to each image, k texts.
    """
    figure, rows = _lay_out(len(pixels), 1 + len(maps), (2.2, 2.3))
    for row, axes_of_row in enumerate(rows):
        axes_of_row[0].imshow(pixels[row], cmap="gray", vmin=0, vmax=255)
        axes_of_row[0].set_ylabel(captions[row], fontsize="small", parse_math=False)
        for axes, of_method in zip(axes_of_row[1:], maps.values(), strict=True):
            values = of_method[row]
            axes.imshow(overlay(pixels[row], values, float(values.max())))
            if values.any():
                highest = np.unravel_index(values.argmax(), values.shape)
                axes.plot(highest[1], highest[0], "x", color="white", ms=8, mew=2)
            else:
                axes.set_xlabel("no evidence", fontsize="small")
        for axes in axes_of_row:
            axes.contour(masks[row], levels=[0.5], colors=_OUTLINE, linewidths=1.2)
            axes.set_xticks([])
            axes.set_yticks([])
    for axes, title in zip(
        rows[0], ["known region", *(_title_of(method) for method in maps)], strict=True
    ):
        axes.set_title(title, fontsize="medium")
    return render_figure(figure)


def _take_some(
    tables: Mapping[str, pd.DataFrame | None], what: str
) -> dict[str, pd.DataFrame]:
    """Return the tables that are not None."""
    there = {name: table for name, table in tables.items() if table is not None}
    require_some(there, what, _ADVICE)
    return there


def _draw_cascade(axes: "Axes", table: pd.DataFrame) -> None:
    # The axis follows the method with most layers; the others stop after the tail.
    longest = table.groupby("method")["layer"].size().idxmax()
    of_longest = table.loc[table["method"] == longest, "layer"]
    layers = [layer for layer in of_longest if layer != OTHER_IMAGE]
    places = {layer: place for place, layer in enumerate(["trained", *layers])}
    for method, line in table.groupby("method", sort=False):
        colour = COLOURS.get(str(method), "black")
        reference = line.loc[line["layer"] == OTHER_IMAGE, "value"]
        axes.plot([-0.4, 0.4], [*reference, *reference], ls=":", color=colour, lw=2)
        steps = line[line["layer"] != OTHER_IMAGE]
        at = [0, *steps["layer"].map(places)]
        axes.plot(at, [1, *steps["value"]], "o-", color=colour, ms=4)
        low, high = [1, *steps["low"]], [1, *steps["high"]]
        axes.fill_between(at, low, high, color=colour, alpha=0.15, lw=0)
    axes.set_xticks(
        list(places.values()), list(places), rotation=60, ha="right", fontsize="small"
    )
    axes.axhline(0, color="0.7", lw=0.8)
    axes.set_ylim(-0.5, 1.05)
    axes.grid(color="0.92")


def _lay_out(
    rows: int, columns: int, inches: tuple[float, float]
) -> "tuple[Figure, np.ndarray]":
    from matplotlib.figure import Figure

    width, height = inches
    size = (width * columns, height * rows + 0.5)
    figure = Figure(size, DOTS_PER_INCH, layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False)


def _title_of(method: str) -> str:
    title = METHOD_TITLES.get(method, method.replace("_", " "))
    return f"{title} (control)" if method == GUIDED else title


def _line_of(method: str) -> "Line2D":
    from matplotlib.lines import Line2D

    style = "--" if method == "random" else "-"
    colour = COLOURS.get(method, "black")
    return Line2D([], [], color=colour, ls=style, label=_title_of(method))
