"""The results of one network, gathered from its stages."""

from typing import Any

import pandas as pd

from detl.errors import DetlError
from detl.report.inputs import Results
from detl.schemas.classes import DATA_B_CLASSES
from detl.schemas.parameters import NetworkParameters

CLASS_SCORES = ("sensitivity", "specificity", "ppv", "auc")


def collect_results(
    history: dict[str, list[float]],
    pretrained: dict[str, float],
    summary: dict[str, Any],
    fold_summary: pd.DataFrame,
    tested: pd.DataFrame,
    scores: pd.DataFrame,
    evidence: dict[str, Any],
    network: NetworkParameters,
) -> Results:
    """Return the results of one network, as plain values.

    Args:
        history: Curves of the pretraining.
        pretrained: Scores of the pretrained network on Data-A's validation part.
        summary: Accuracies over the folds, and warnings.
        fold_summary: Scores, a row per fold.
        tested: The predictions of all folds, with ``fold`` and ``group``.
        scores: The scores of ``tested``, with their intervals.
        evidence: What ``measure_evidence`` returns.
        network: Knows the factor on the filters.

    Returns:
        ``accuracy_mean``, ``_sd``, ``_pooled``, and ``_low`` and ``_high`` (95 %
        interval of the pooled one, over groups of patients); ``tested`` and
        ``correct`` images and their ``groups``; the scores of the pretraining
        (``data_a_...``); ``warnings``; ``never_predicted``, a list of classes;
        ``history``; ``folds``, a list with fold, epoch, tested, correct and accuracy;
        ``classes``, by class the mean over the folds of its scores; ``evidence``;
        ``width_multiplier``. All shares are from 0 to 1.

    Raises:
        DetlError: The test images have too few groups for an accuracy.
    """
    accuracy = scores[(scores["fold"] == "all") & (scores["score"] == "accuracy")]
    (pooled,) = accuracy.to_dict("records")
    if pd.isna(pooled["value"]):
        raise DetlError(
            f"The accuracy of the {len(tested)} test images has no number "
            f"({pooled['note']}), which the report needs: add patients."
        )
    is_right = tested["label"] == tested["predicted"]
    return {
        **{key: summary[key] for key in ("accuracy_mean", "accuracy_sd")},
        "accuracy_pooled": pooled["value"],
        "accuracy_low": pooled["low"],
        "accuracy_high": pooled["high"],
        "tested": len(tested),
        "correct": int(is_right.sum()),
        "groups": tested["group"].nunique(),
        **pretrained,
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
        "width_multiplier": network.width_multiplier,
    }


def _describe_folds(
    fold_summary: pd.DataFrame, right: pd.DataFrame
) -> list[dict[str, Any]]:
    """Return the counts of each fold; ``right`` has the columns size and sum."""
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
