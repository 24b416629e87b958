"""Thresholds of a class's probability, chosen beside the fold's test part."""

import numpy as np
import pandas as pd

from detl.schemas.classes import DATA_B_CLASSES

TARGET = 0.95
SPECIFICITY_TARGET = "specificity 95 %"
SENSITIVITY_TARGET = "sensitivity 95 %"

COLUMNS = ["class", "target", "fold", "threshold", "images"]
"""What ``choose_thresholds`` says."""


def choose_thresholds(validated: pd.DataFrame) -> pd.DataFrame:
    """Return the threshold of each class, target and fold.

    An image is called positive where its probability is the threshold or above it. For
    the specificity, the threshold is the lowest with which at least 95 % of the
    negative images are not called positive: just above the first of them that must not
    be, so that images that tie with it are not either. For the sensitivity, it is the
    highest with which at least 95 % of the positive images are called so: the
    probability of the last that must be, so that those that tie with it are too. Some
    threshold always meets a target; where many images tie, it may call none of them,
    or all, positive.

    Args:
        validated: What each fold's thresholds are chosen on, pooled and temperature
            scaled: predictions of its inner validation part where it has one, else of
            the other folds' test parts; empty under ``protocol: paper``.

    Returns:
        ``class``, ``target`` ("specificity 95 %", "sensitivity 95 %"), ``fold``,
        ``threshold`` (missing where there is no image to choose it on) and ``images``:
        the negative ones that a specificity, the positive ones that a sensitivity rests
        on. No row where ``validated`` is empty.
    """
    rows = []
    for label in DATA_B_CLASSES:
        for fold, part in validated.groupby("fold"):
            scores = part[f"p_{label}"].to_numpy()
            is_positive = (part["label"] == label).to_numpy()
            negative, positive = scores[~is_positive], scores[is_positive]
            lowest, highest = (
                _lowest_above_most(negative),
                _highest_below_most(positive),
            )
            rows += [
                (label, SPECIFICITY_TARGET, str(fold), lowest, len(negative)),
                (label, SENSITIVITY_TARGET, str(fold), highest, len(positive)),
            ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _lowest_above_most(scores: np.ndarray) -> float:
    """Return the lowest threshold that at most 5 % of the scores reach."""
    if not len(scores):
        return np.nan
    first_below = np.sort(scores)[::-1][_count_exceptions(len(scores))]
    return float(np.nextafter(first_below, np.inf))


def _highest_below_most(scores: np.ndarray) -> float:
    """Return the highest threshold that at least 95 % of the scores reach."""
    if not len(scores):
        return np.nan
    return float(np.sort(scores)[_count_exceptions(len(scores))])


def _count_exceptions(images: int) -> int:
    """Return how many images may be on the wrong side: 1 of 20, none of 19."""
    # The product of 20 and 0.05 must not come out as a little less than 1.
    return int(np.floor(round(images * (1 - TARGET), 9)))
