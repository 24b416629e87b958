"""Summary of an architecture's folds."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from detl.errors import DetlError
from detl.evaluation.metrics import confusion_matrix, pool_confusion_matrices


def summarise_folds(
    metrics: Mapping[str, Mapping[str, float]],
    predictions: Mapping[str, pd.DataFrame],
    folds: pd.DataFrame,
) -> tuple[dict[str, float], pd.DataFrame]:
    """Accuracy over the folds, and the pooled confusion matrix.

    The accuracies are fractions: ``accuracy_mean`` and ``accuracy_sd`` (of a sample,
    n - 1) over the folds, and ``accuracy_pooled``, correct images of all folds over
    all images (decision 19).

    Args:
        metrics: By fold, the result of ``score_predictions``.
        predictions: By fold, table ``predictions``.
        folds: Table ``folds``, which says what must be there.

    Raises:
        DetlError: A fold is missing or unknown, there are fewer than two, or an
            image is not tested exactly in the fold that tests it.
    """
    expected = list(folds["fold"].unique())
    _require_folds(expected, metrics, "metrics")
    _require_folds(expected, predictions, "predictions")
    if len(expected) < 2:
        raise DetlError(
            f"There is {len(expected)} fold and a standard deviation needs at least 2: "
            "split into more folds."
        )
    tests = folds[folds["subset"] == "test"]
    _require_each_tested_once(tests, predictions)
    pooled = pool_confusion_matrices(
        confusion_matrix(predictions[fold]) for fold in expected
    )
    accuracies = [metrics[fold]["accuracy"] for fold in expected]
    counts = pooled.to_numpy()
    summary = {
        "accuracy_mean": float(np.mean(accuracies)),
        "accuracy_sd": float(np.std(accuracies, ddof=1)),
        "accuracy_pooled": float(counts.trace() / counts.sum()),
    }
    return summary, pooled


def _require_folds(expected: list[str], found: Mapping[str, object], what: str) -> None:
    if set(expected) != set(found):
        raise DetlError(
            f"The {what} are of {', '.join(sorted(found)) or 'no fold'}, expected are "
            f"{', '.join(expected)}: run the folds that are missing."
        )


def _require_each_tested_once(
    tests: pd.DataFrame, predictions: Mapping[str, pd.DataFrame]
) -> None:
    """Raise where the predictions are of other images than the folds' test parts."""
    seen = pd.concat([table["image_id"] for table in predictions.values()])
    if seen.duplicated().any():
        image = seen[seen.duplicated()].iloc[0]
        where = [f for f, table in predictions.items() if image in set(table.image_id)]
        raise DetlError(
            f"Image {image} is tested {(seen == image).sum()} times, in "
            f"{', '.join(where)}, and must be tested once: run these folds again."
        )
    for fold, table in predictions.items():
        wanted = set(tests.loc[tests["fold"] == fold, "image_id"])
        for image in sorted(wanted ^ set(table["image_id"])):
            state, rule = (
                ("is not", "must be") if image in wanted else ("is", "must not be")
            )
            raise DetlError(
                f"Image {image} {state} among the predictions of {fold} and {rule}, "
                "by the table of folds: run this fold again."
            )
