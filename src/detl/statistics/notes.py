"""Notes of a table that say what is missing or unusual in predictions."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from detl.schemas.classes import PROBABILITIES

NO_VALIDATION = "not computed: protocol paper has no inner validation part"
"""The note of what needs an inner validation part where there is none."""


def join_notes(*notes: str) -> str:
    """Return the notes that say something, as one."""
    return "; ".join(note for note in notes if note)


def name_folds_without(predictions: pd.DataFrame, label: str, part: str) -> str:
    """Return a note that names the folds without an image of a class, or nothing.

    Args:
        predictions: Predictions of the folds, pooled.
        label: The class.
        part: What the predictions are of, such as ``test``.
    """
    has_one = (predictions["label"] == label).groupby(predictions["fold"]).any()
    folds = list(has_one.index[~has_one])
    if not folds:
        return ""
    return f"no {part} image of {label} in {', '.join(folds)}"


def name_constant_folds(
    predictions: pd.DataFrame, part: str, columns: Sequence[str] = PROBABILITIES
) -> str:
    """Return a note that names the folds whose images all have the same probabilities.

    Args:
        predictions: Predictions of the folds, pooled.
        part: What the predictions are of, such as ``test``.
        columns: The probabilities in question.
    """
    # The table of no image may have no columns either.
    if predictions.empty:
        return ""
    folds = [
        str(fold)
        for fold, of_fold in predictions.groupby("fold")[list(columns)]
        if len(of_fold) > 1 and not np.ptp(of_fold.to_numpy(), axis=0).any()
    ]
    if not folds:
        return ""
    return f"constant probabilities of the {part} images of {', '.join(folds)}"
