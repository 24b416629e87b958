"""What one architecture has reached, gathered from its stages."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from detl.errors import DetlError
from detl.evaluation.predictions import pool_predictions
from detl.schemas.classes import DATA_B_CLASSES
from detl.statistics.bootstrap import FEWEST_GROUPS, draw_weights
from detl.statistics.rates import measure_share

Results: TypeAlias = dict[str, Any]
"""What ``collect_results`` returns; plain values, fit for JSON."""

CLASS_SCORES = ("sensitivity", "specificity", "ppv", "auc")


def collect_results(
    history: Mapping[str, list[float]],
    scores: Mapping[str, float],
    summary: Mapping[str, Any],
    fold_summary: pd.DataFrame,
    predictions: Mapping[str, pd.DataFrame],
    data_b: pd.DataFrame,
    evidence: Mapping[str, Any],
    seed: int,
) -> Results:
    """Return an architecture's results as the report needs them.

    Args:
        history: Curves of the pretraining.
        scores: Scores of the pretrained network on Data-A's validation part.
        summary: Accuracies over the folds, and warnings.
        fold_summary: Scores, a row per fold.
        predictions: By fold, table ``predictions``.
        data_b: Table ``data_b``, which knows the groups.
        evidence: What ``measure_evidence`` returns.
        seed: Seed of the bootstrap.

    Returns:
        ``accuracy_mean``, ``_sd``, ``_pooled``, and ``_low`` and ``_high`` (95 %
        interval of the pooled one, over groups of patients); ``tested`` and
        ``correct`` images and their ``groups``; the scores of the pretraining
        (``data_a_...``); ``warnings``; ``never_predicted``, a list of classes;
        ``history``; ``folds``, a list with fold, epoch, tested, correct and accuracy;
        ``classes``, by class the mean over the folds of its scores; ``evidence``. All
        shares are from 0 to 1.

    Raises:
        DetlError: A prediction is of an image that Data-B lacks, or the groups are too
            few for an interval.
    """
    tested = pool_predictions(data_b, **predictions)
    is_right = tested["label"] == tested["predicted"]
    groups = tested["group"].to_numpy()
    every = np.ones(len(tested), bool)
    weights = draw_weights(groups, seed)
    accuracy = measure_share(is_right.to_numpy(), every, weights, groups)
    if accuracy.is_missing:
        raise DetlError(
            f"The test images are of {accuracy.groups} groups of patients, and the "
            f"interval of their accuracy needs {FEWEST_GROUPS}: add patients."
        )
    return {
        **{key: summary[key] for key in ("accuracy_mean", "accuracy_sd")},
        "accuracy_pooled": float(is_right.mean()),
        "accuracy_low": accuracy.low,
        "accuracy_high": accuracy.high,
        "tested": len(tested),
        "correct": int(is_right.sum()),
        "groups": len(set(groups)),
        **scores,
        "warnings": summary["warnings"],
        "never_predicted": [
            label
            for label in DATA_B_CLASSES
            if not (tested["predicted"] == label).any()
        ],
        "history": dict(history),
        "folds": _describe_folds(
            fold_summary, is_right.groupby(tested["fold"]).agg(["size", "sum"])
        ),
        "classes": {
            label: {
                score: float(fold_summary[f"{score}_{label}"].mean())
                for score in CLASS_SCORES
            }
            for label in DATA_B_CLASSES
        },
        "evidence": dict(evidence),
    }


def _describe_folds(
    fold_summary: pd.DataFrame, right: pd.DataFrame
) -> list[dict[str, Any]]:
    """Return what each fold counts; ``right`` has the columns size and sum."""
    return [
        {
            "fold": fold,
            "epoch": int(epoch),
            "tested": int(right.loc[fold, "size"]),
            "correct": int(right.loc[fold, "sum"]),
            "accuracy": float(right.loc[fold, "sum"] / right.loc[fold, "size"]),
        }
        for fold, epoch in zip(fold_summary["fold"], fold_summary["epoch"], strict=True)
    ]
