"""Grad-CAM over all folds of a network: a panel of examples, and its strength."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from detl.errors import DetlError
from detl.explanation.grad_cam import upsample
from detl.figures.grad_cam import draw_panel
from detl.schemas.classes import DATA_B_CLASSES

MOST_ERRORS = 8
"""Wrong images that the page of errors shows of a network."""


def gather_explained(
    chosen: Mapping[str, pd.DataFrame],
    heat_maps: Mapping[str, np.ndarray],
    data_b: pd.DataFrame,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the explained images of all folds as one table, and their maps.

    Args:
        chosen: Fold to its explained images: ``image_id``, ``label``, ``predicted``
            and ``probability`` (of the predicted class, 0 to 1).
        heat_maps: Fold to its maps, (k, 2, h, w), float32, in units of the logit, of
            the predicted and of the true class.

    Returns:
        The joined table, with ``fold`` and ``row`` (in the stored pixels); and the maps
        in the same order.

    Raises:
        DetlError: Images and maps of a fold differ in number, or an image is not in
            Data-B.
    """
    for fold, table in chosen.items():
        if len(table) != len(heat_maps[fold]):
            raise DetlError(
                f"There are {len(heat_maps[fold])} heat maps of the {len(table)} "
                f"images of {fold}, where one of each image was expected: run pipeline "
                "'explain' again."
            )
    explained = pd.concat(
        [table.assign(fold=fold) for fold, table in chosen.items()], ignore_index=True
    )
    rows = explained["image_id"].map(data_b.set_index("image_id")["row"])
    if rows.isna().any():
        unknown = explained["image_id"][rows.isna()].iloc[0]
        raise DetlError(
            f"The heat maps are of the image {unknown!r}, which is not in data_b, "
            "where only images of the present split were expected: run the pipelines "
            "'transfer', 'crossval' and 'explain' again."
        )
    every = np.concatenate([heat_maps[fold] for fold in chosen])
    return explained.assign(row=rows.astype("int64")), every


def draw_examples(
    explained: pd.DataFrame,
    heat_maps: np.ndarray,
    pixels: np.ndarray,
    shift: float,
    positions: Sequence[int] | None = None,
) -> np.ndarray:
    """Return the panel of the examples of all classes, RGB, uint8.

    Args:
        explained: The table of ``gather_explained``.
        heat_maps: The maps of ``gather_explained``.
        pixels: Stored images, (n, size, size), uint8.
        shift: Result of ``find_shift``, in pixels.
        positions: Which images to show, those of ``choose_examples`` by default.
    """
    if positions is None:
        positions = choose_examples(explained)
    positions = list(positions)
    shown = explained.iloc[positions]
    size = pixels.shape[1]
    return draw_panel(
        pixels[shown["row"].to_numpy()],
        upsample(heat_maps[positions, 0], size, shift),
        upsample(heat_maps[positions, 1], size, shift),
        shown.assign(
            image_id=shown["image_id"] + ", " + shown["fold"].str.replace("_", " ")
        ),
    )


def choose_examples(explained: pd.DataFrame) -> list[int]:
    """Return the positions of each true class's most confident right and wrong image.

    The right image comes first. A class without a right or a wrong image has fewer
    examples.

    Args:
        explained: The table of ``gather_explained``.
    """
    ordered = explained.reset_index(drop=True).sort_values(
        ["probability", "image_id"], ascending=[False, True]
    )
    is_right = ordered["label"] == ordered["predicted"]
    positions = []
    for label in DATA_B_CLASSES:
        of_class = ordered["label"] == label
        for chosen in (of_class & is_right, of_class & ~is_right):
            positions += [int(position) for position in ordered.index[chosen][:1]]
    return positions


def choose_errors(explained: pd.DataFrame) -> list[int]:
    """Return the positions of the most confident wrong images, at most ``MOST_ERRORS``.

    Args:
        explained: The table of ``gather_explained``.
    """
    ordered = explained.reset_index(drop=True).sort_values(
        ["probability", "image_id"], ascending=[False, True]
    )
    wrong = ordered.index[ordered["label"] != ordered["predicted"]]
    return [int(position) for position in wrong[:MOST_ERRORS]]


def measure_evidence(
    explained: pd.DataFrame, heat_maps: np.ndarray, size: int, shift: float = 0.0
) -> dict[str, Any]:
    """Return the strength of the maps of correctly classified images, by class.

    The peak of a map is its largest value after enlarging, in units of the logit. In a
    map with a scale of its own it is red.

    Args:
        explained: The table of ``gather_explained``.
        heat_maps: The maps of ``gather_explained``.
        size: Height and width of the pixels.
        shift: That of the panel, in pixels, so that ``largest`` is the end of its bar.

    Returns:
        ``largest`` peak in the panel of the examples; and ``classes``, true class to
        the number of right ``images`` and the mean of their ``peak``, None without
        images.
    """
    peaks = upsample(heat_maps[:, 0], size, shift).max(axis=(1, 2), initial=0)
    true_peaks = upsample(heat_maps[:, 1], size, shift).max(axis=(1, 2), initial=0)
    is_right = (explained["label"] == explained["predicted"]).to_numpy()
    classes = {}
    for label in DATA_B_CLASSES:
        of_class = peaks[is_right & (explained["label"] == label).to_numpy()]
        peak = float(of_class.mean()) if len(of_class) else None
        classes[label] = {"images": len(of_class), "peak": peak}
    shown = choose_examples(explained)
    largest = np.concatenate([peaks[shown], true_peaks[shown]]).max(initial=0)
    return {"largest": float(largest), "classes": classes}
