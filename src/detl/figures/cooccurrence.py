"""Figure of the findings that occur together in one image."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from detl.figures.render import DOTS_PER_INCH, render_figure


def draw_cooccurrence(table: pd.DataFrame) -> np.ndarray:
    """Return a heat map of the findings that occur together, RGB, uint8.

    A cell shows the number of images with both findings and their share of the images
    with the row's finding, which also sets its colour. The diagonal shows all images
    with the finding; the last column shows images with no other finding.

    Args:
        table: Result of ``count_cooccurrence``. The picture says so if it is empty.
    """
    size = len(table)
    figure = Figure((2.6 + 0.54 * size, 1.9 + 0.43 * size), DOTS_PER_INCH)
    figure.set_layout_engine("constrained")
    if table.empty:
        figure.text(0.5, 0.5, "No image carries a finding.", ha="center")
    else:
        _draw_heat_map(figure.subplots(), table.set_index("finding"))
    return render_figure(figure)


def _draw_heat_map(axes: Axes, counts: pd.DataFrame) -> None:
    size = len(counts)
    totals = np.diag(counts.iloc[:, :size]).astype(float)
    shares = counts.to_numpy() / totals[:, None]
    # The diagonal stays grey, since it would be 100 % everywhere.
    shares[np.arange(size), np.arange(size)] = np.nan
    axes.set_facecolor("#e4e4e4")
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), count in np.ndenumerate(counts.to_numpy()):
        share = shares[row, column]
        axes.text(
            column,
            row,
            _describe_cell(count, share),
            ha="center",
            va="center",
            size=7.5,
            weight="bold" if np.isnan(share) else "normal",
            color="white" if share > 0.55 else "black",
        )
    names = [str(name).replace("_", " ") for name in counts.columns]
    axes.set_xticks(range(size + 1), names, rotation=40, ha="left", size=8.5)
    for name in axes.get_xticklabels():
        name.set_rotation_mode("anchor")
    axes.xaxis.tick_top()
    axes.set_yticks(range(size), names[:size], size=8.5)
    axes.tick_params(length=0)
    axes.axvline(size - 0.5, color="black", linewidth=1)
    bar = axes.figure.colorbar(
        image, ax=axes, fraction=0.03, pad=0.02, format="{x:.0%}"
    )
    bar.set_label("share of the row's images", size=8.5)
    bar.ax.tick_params(labelsize=8)


def _describe_cell(count: int, share: float) -> str:
    if count == 0 or np.isnan(share):
        return f"{count:,}"
    return f"{count:,}\n{share:.0%}" if share >= 0.005 else f"{count:,}\n<1%"
