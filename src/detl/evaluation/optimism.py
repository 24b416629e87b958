"""How much better the paper's protocol makes a network look."""

import numpy as np
import pandas as pd

from detl.errors import DetlError
from detl.evaluation.predictions import split_seeds
from detl.statistics.bootstrap import draw_weights
from detl.statistics.differences import measure_gain


def compare_protocols(
    data_b: pd.DataFrame,
    paper: pd.DataFrame,
    grouped: pd.DataFrame,
    seed: int,
) -> dict[str, float]:
    """Return both protocols' accuracies, means over seeds, and their difference.

    Every image of Data-B is tested once by each seed under either protocol, so the
    difference is the mean over images of (share of seeds correct under paper) - (the
    same under grouped), with the 95 % interval that ``measure_gain`` gives: over groups
    of patients, and, of several seeds, over the trainings under both protocols, which
    have nothing in common.

    Args:
        data_b: Table ``data_b``, which both protocols share.
        paper: The folds' predictions of their test parts under ``protocol: paper``,
            pooled, with the column ``seed``.
        grouped: The same under ``protocol: grouped``.
        seed: Seed of the bootstrap.

    Returns:
        ``accuracy_paper``, ``accuracy_grouped``, ``difference``, ``difference_low`` and
        ``difference_high`` as fractions (the ends NaN where there are too few groups),
        the numbers of ``images``, ``groups`` and ``seeds``, and
        ``difference_sd_seeds``, the SD of a difference of two trainings; NaN of one.

    Raises:
        DetlError: If an image of Data-B is not tested exactly once by a protocol.
    """
    correct_paper = _correct(data_b, paper, "paper")
    correct_grouped = _correct(data_b, grouped, "grouped")
    groups = data_b["group"].to_numpy()
    weights = draw_weights(groups, seed)
    difference = measure_gain(correct_paper, correct_grouped, weights, groups)
    return {
        "accuracy_paper": float(correct_paper.mean()),
        "accuracy_grouped": float(correct_grouped.mean()),
        **difference.as_columns("difference"),
        "difference_sd_seeds": difference.seed_sd,
        "images": len(data_b),
        "groups": int(data_b["group"].nunique()),
        "seeds": min(right.shape[1] for right in (correct_paper, correct_grouped)),
    }


def _correct(
    data_b: pd.DataFrame, predictions: pd.DataFrame, protocol: str
) -> np.ndarray:
    """Return whether each image of Data-B is classified correctly, (n, seeds)."""
    return np.column_stack(
        [
            _correct_by_one(data_b, of_seed, protocol)
            for of_seed in split_seeds(predictions)
        ]
    )


def _correct_by_one(
    data_b: pd.DataFrame, predictions: pd.DataFrame, protocol: str
) -> np.ndarray:
    """Return whether each image of Data-B is classified correctly, in its order."""
    tested = predictions["image_id"].value_counts()
    times = tested.reindex(data_b["image_id"], fill_value=0)
    if len(tested) != len(data_b) or (times != 1).any():
        wrong = times[times != 1]
        foreign = tested.index.difference(times.index)
        image = wrong.index[0] if len(wrong) else foreign[0]
        raise DetlError(
            f"Image {image} is tested {tested.get(image, 0)} times under protocol "
            f"{protocol}, and every image of Data-B, and no other, must be tested "
            "once: run its folds again."
        )
    is_right = predictions["label"] == predictions["predicted"]
    return is_right.set_axis(predictions["image_id"])[data_b["image_id"]].to_numpy()
