"""Scores of one fold's predictions on its test images."""

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
from sklearn import metrics as sklearn_metrics

from detl.errors import DetlError
from detl.evaluation.predictions import read_probabilities
from detl.schemas.classes import DATA_B_CLASSES
from detl.statistics.bootstrap import FEWEST_GROUPS


def score_predictions(predictions: pd.DataFrame) -> dict[str, float]:
    """Scores of one fold, each a fraction from 0 to 1 and never undefined.

    ``accuracy``; ``balanced_accuracy`` (mean sensitivity); ``macro_f1``; ``macro_auc``
    (mean of the one-against-rest areas under the ROC curve); and per class
    ``sensitivity_<class>``, ``specificity_<class>``, ``ppv_<class>`` (positive
    predictive value) and ``auc_<class>``. The positive predictive value of a class
    that is never predicted is 0, as its F1 is.

    Args:
        predictions: Table ``predictions``: label, predicted and the probabilities
            ``p_<class>``, one row per test image.

    Raises:
        DetlError: A class has no test image, so that its sensitivity and AUC are
            undefined; or a label is unknown; or a probability is not a number between
            0 and 1.
    """
    matrix = confusion_matrix(predictions)
    _require_every_class(matrix)
    probabilities = read_probabilities(predictions)
    counts = matrix.to_numpy()
    true_positives = np.diag(counts)
    labelled = counts.sum(axis=1)
    predicted = counts.sum(axis=0)
    false_positives = predicted - true_positives
    sensitivity = true_positives / labelled
    specificity = 1 - false_positives / (counts.sum() - labelled)
    ppv = true_positives / np.maximum(predicted, 1)
    auc = [
        sklearn_metrics.roc_auc_score(predictions["label"] == label, of_class)
        for label, of_class in zip(DATA_B_CLASSES, probabilities.T, strict=True)
    ]
    scores = {
        "accuracy": true_positives.sum() / counts.sum(),
        "balanced_accuracy": sensitivity.mean(),
        "macro_f1": (2 * true_positives / (labelled + predicted)).mean(),
        "macro_auc": np.mean(auc),
    }
    for position, label in enumerate(DATA_B_CLASSES):
        scores[f"sensitivity_{label}"] = sensitivity[position]
        scores[f"specificity_{label}"] = specificity[position]
        scores[f"ppv_{label}"] = ppv[position]
        scores[f"auc_{label}"] = auc[position]
    return {name: float(score) for name, score in scores.items()}


def _require_every_class(matrix: pd.DataFrame) -> None:
    of_class = matrix.sum(axis=1)
    for label, images in of_class.items():
        if images == 0:
            raise DetlError(
                f"Class {label} has 0 images among the {of_class.sum()} test images "
                "and needs at least 1 to be scored: split again with more images or "
                "fewer folds."
            )


def confusion_matrix(predictions: pd.DataFrame) -> pd.DataFrame:
    """Number of images by true class (rows, index ``label``) and predicted class.

    Args:
        predictions: Table ``predictions``: label and predicted, one row per image.

    Raises:
        DetlError: A label or a prediction is no class of Data-B.
    """
    for column in ("label", "predicted"):
        unknown = sorted(set(predictions[column].astype(str)) - set(DATA_B_CLASSES))
        if unknown:
            raise DetlError(
                f"Column {column} of the predictions holds {', '.join(unknown)}, "
                f"expected are {', '.join(DATA_B_CLASSES)}: train this fold again."
            )
    # Counted here and not by scikit-learn, which refuses an empty table.
    counts = pd.crosstab(predictions["label"], predictions["predicted"])
    classes = list(DATA_B_CLASSES)
    counts = counts.reindex(index=classes, columns=classes, fill_value=0)
    return counts.rename_axis(index="label", columns=None)


def pool_confusion_matrices(matrices: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Sum of the folds' confusion matrices, as the paper's Fig. 3 shows it.

    Args:
        matrices: At least one result of ``confusion_matrix``.

    Raises:
        DetlError: There is no matrix.
    """
    every = list(matrices)
    if not every:
        raise DetlError(
            "There are 0 confusion matrices to add up and at least 1 is needed: run "
            "the cross-validation first."
        )
    return reduce(pd.DataFrame.add, every)


def explain_unlearned(scores: Mapping[str, Any]) -> str:
    """Return why a network is not known to have learned from Data-A; "" where it is.

    Args:
        scores: What ``score_pretraining`` returns.
    """
    low, high = scores["data_a_accuracy_low"], scores["data_a_accuracy_high"]
    chance = scores["data_a_chance"]
    if low is not None and low > chance:
        return ""
    found = (
        "The accuracy on Data-A's validation part, "
        f"{100 * scores['data_a_accuracy']:.1f} % ({scores['data_a_correct']:.0f} of "
        f"{scores['data_a_images']:.0f} images of {scores['data_a_groups']:.0f} groups "
        "of patients"
    )
    if low is None:
        return (
            f"{found}), is not known to be above chance, {100 * chance:.1f} %: an "
            f"interval needs {FEWEST_GROUPS} groups."
        )
    return (
        f"{found}; 95 % interval, for the best of {scores['data_a_epochs']:.0f} "
        f"epochs, {100 * low:.1f} to {100 * high:.1f} %), is not above chance, "
        f"{100 * chance:.1f} %."
    )


def warn_unlearned(pretraining: Mapping[str, Any], pooled: pd.DataFrame) -> list[str]:
    """Return sentences that say where a network has not learned; none where it has.

    One where it is not known to have learned from Data-A, and one for each class that
    is never predicted on Data-B.

    Args:
        pretraining: What ``score_pretraining`` returns.
        pooled: Confusion matrix of all folds (rows true, columns predicted).
    """
    images = pooled.to_numpy().sum()
    never = [
        f"Class {label} is never predicted for any of the {images} test images."
        for label, predicted in pooled.sum(axis=0).items()
        if predicted == 0
    ]
    unlearned = explain_unlearned(pretraining)
    return [unlearned, *never] if unlearned else never
