"""Grad-CAM over all folds of a network: a panel of examples, and how strong it is."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from detl.errors import DetlError
from detl.explanation.grad_cam import upsample
from detl.figures.grad_cam import draw_panel
from detl.schemas.classes import DATA_B_CLASSES


def gather_explained(
    chosen: Mapping[str, pd.DataFrame],
    heat_maps: Mapping[str, np.ndarray],
    data_b: pd.DataFrame,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return what all folds have explained, as one table and one array.

    Args:
        chosen: By fold, the explained images: ``image_id``, ``label``, ``predicted``
            and ``probability`` (of the predicted class, 0 to 1).
        heat_maps: By fold, (k, 2, h, w), float32, in units of the logit: of the
            predicted and of the true class of each.
        data_b: Table ``data_b``.

    Returns:
        The tables one below the other, with ``fold`` and ``row`` (in the pixel
        store); and the maps in the same order.

    Raises:
        DetlError: A fold has not one map per image, or an image is not in Data-B.
    """
    for fold, table in chosen.items():
        if len(table) != len(heat_maps[fold]):
            raise DetlError(
                f"There are {len(heat_maps[fold])} heat maps of the {len(table)} "
                f"images of {fold}, where one of each was expected: run the pipeline "
                "explain again."
            )
    explained = pd.concat(
        [table.assign(fold=fold) for fold, table in chosen.items()], ignore_index=True
    )
    rows = explained["image_id"].map(data_b.set_index("image_id")["row"])
    if rows.isna().any():
        unknown = explained["image_id"][rows.isna()].iloc[0]
        raise DetlError(
            f"The heat maps are of the image {unknown!r}, which is not in data_b: they "
            "are of an earlier split, so run the pipelines transfer, crossval and "
            "explain again."
        )
    every = np.concatenate([heat_maps[fold] for fold in chosen])
    return explained.assign(row=rows.astype("int64")), every


def draw_examples(
    explained: pd.DataFrame, heat_maps: np.ndarray, pixels: np.ndarray, shift: float
) -> np.ndarray:
    """Return the panel of the examples of all classes, RGB, uint8.

    Args:
        explained: What ``gather_explained`` returns.
        heat_maps: The maps that it returns.
        pixels: The pixel store, (n, size, size), uint8.
        shift: How far the evidence lies from the enlarged maps, in pixels.
    """
    positions = choose_examples(explained)
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

    The classes come in their order, of each the right image first. Where a class has
    no right one, or no wrong one, it has one example less.

    Args:
        explained: What ``gather_explained`` returns.
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


def measure_evidence(
    explained: pd.DataFrame, heat_maps: np.ndarray, size: int
) -> dict[str, Any]:
    """Return how strong the maps of correctly classified images are, by class.

    The peak of a map is its largest value in the size of the pixels, in units of the
    logit: what red stands for where the map has a scale of its own.

    Args:
        explained: What ``gather_explained`` returns.
        heat_maps: The maps that it returns.
        size: Height and width of the pixels.

    Returns:
        ``largest`` peak in the panel of the examples; and ``classes``, by true class
        the number of right ``images``, and the mean of their ``peak``, None where
        there is none.
    """
    peaks = upsample(heat_maps[:, 0], size).max(axis=(1, 2), initial=0)
    true_peaks = upsample(heat_maps[:, 1], size).max(axis=(1, 2), initial=0)
    is_right = (explained["label"] == explained["predicted"]).to_numpy()
    classes = {}
    for label in DATA_B_CLASSES:
        of_class = peaks[is_right & (explained["label"] == label).to_numpy()]
        peak = float(of_class.mean()) if len(of_class) else None
        classes[label] = {"images": len(of_class), "peak": peak}
    shown = choose_examples(explained)
    largest = np.concatenate([peaks[shown], true_peaks[shown]]).max(initial=0)
    return {"largest": float(largest), "classes": classes}
