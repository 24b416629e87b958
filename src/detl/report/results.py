"""The results of one network, gathered from its stages."""

from typing import Any

import pandas as pd

from detl.errors import DetlError
from detl.evaluation.accuracies import ACCURACIES
from detl.report.inputs import Results
from detl.schemas.classes import DATA_B_CLASSES
from detl.schemas.parameters import NetworkParameters
from detl.statistics.bootstrap import FEWEST_GROUPS

CLASS_SCORES = ("sensitivity", "specificity", "ppv", "auc")


def collect_results(
    history: dict[str, list[float]],
    pretrained: dict[str, float],
    summary: dict[str, Any],
    fold_summary: pd.DataFrame,
    tested: pd.DataFrame,
    evidence: dict[str, Any],
    network: NetworkParameters,
) -> Results:
    """Return the results of one network, as plain values.

    Args:
        history: Curves of the pretraining.
        pretrained: Scores of the pretrained network on Data-A's validation part.
        summary: Accuracies over all folds (``measure_accuracies``), and warnings.
        fold_summary: Scores, means over seeds, a row per fold.
        tested: What the ensembles of all folds predict, with ``fold`` and ``group``.
        evidence: What ``measure_evidence`` returns.
        network: Knows the factor on the filters.

    Returns:
        What ``measure_accuracies`` returns; ``tested`` images and their ``groups``; the
        scores of the pretraining (``data_a_...``); ``warnings``; ``never_predicted``,
        a list of classes that the ensembles never name; ``history``; ``folds``, a list
        with fold, epoch, tested, and accuracy of the mean over seeds and of the
        ensemble; ``classes``, by class the mean over the folds of its scores;
        ``evidence``;
        ``width_multiplier``. All shares are from 0 to 1.

    Raises:
        DetlError: The test images have too few groups for an accuracy.
    """
    if summary["accuracy_low"] is None:
        raise DetlError(
            f"The accuracy of the {len(tested)} test images has no interval, as they "
            f"are of {tested['group'].nunique()} groups of patients and "
            f"{FEWEST_GROUPS} are needed for the report: add patients."
        )
    return {
        **{key: summary[key] for key in ACCURACIES},
        "tested": len(tested),
        "groups": tested["group"].nunique(),
        **pretrained,
        "warnings": summary["warnings"],
        "never_predicted": [
            label
            for label in DATA_B_CLASSES
            if not (tested["predicted"] == label).any()
        ],
        "history": dict(history),
        "folds": _describe_folds(fold_summary, tested["fold"].value_counts()),
        "classes": {
            label: {
                score: float(fold_summary[f"{score}_{label}"].mean())
                for score in CLASS_SCORES
            }
            for label in DATA_B_CLASSES
        },
        "evidence": dict(evidence),
        "width_multiplier": network.width_multiplier,
    }


def _describe_folds(
    fold_summary: pd.DataFrame, images: pd.Series
) -> list[dict[str, Any]]:
    """Return the accuracies of each fold; ``images`` says how many it tests."""
    return [
        {
            "fold": row["fold"],
            "epoch": int(row["epoch"]),
            "tested": int(images[row["fold"]]),
            "accuracy": float(row["accuracy"]),
            "ensemble_accuracy": float(row["ensemble_accuracy"]),
        }
        for row in fold_summary.to_dict("records")
    ]
