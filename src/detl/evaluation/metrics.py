"""Scores of the folds' predictions on their test images, without intervals."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from detl.errors import DetlError
from detl.evaluation.predictions import read_probabilities, split_seeds
from detl.schemas.classes import DATA_B_CLASSES, class_indices
from detl.statistics.bootstrap import FEWEST_GROUPS


def score_predictions(predictions: pd.DataFrame) -> dict[str, float]:
    """Return the scores of one fold, each from 0 to 1 and never undefined.

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
    from sklearn.metrics import roc_auc_score

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
        roc_auc_score(predictions["label"] == label, of_class)
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
    """Return the number of images by true (rows) and predicted class (columns).

    The index is named ``label``.

    Args:
        predictions: Table ``predictions``: label and predicted, one row per image.

    Raises:
        DetlError: A label or a prediction is no class of Data-B.
    """
    counts = np.zeros((len(DATA_B_CLASSES), len(DATA_B_CLASSES)), "int64")
    cells = (class_indices(predictions[name]) for name in ("label", "predicted"))
    np.add.at(counts, tuple(cells), 1)
    classes = list(DATA_B_CLASSES)
    return pd.DataFrame(counts, pd.Index(classes, name="label"), classes)


def score_seeds(by_seed: pd.DataFrame, ensemble: pd.DataFrame) -> dict[str, Any]:
    """Return the scores of one fold: means over its networks of several seeds.

    Args:
        by_seed: Predictions of the fold's test part with the column ``seed``.
        ensemble: The same of the mean of the seeds' probabilities.

    Returns:
        The scores of ``score_predictions``, each the mean over seeds;
        ``accuracy_sd_seeds``, the SD of the accuracy over them (of a sample), None of
        one; ``seed_accuracy``, the accuracy by seed; and ``ensemble_accuracy``, that of
        the mean of the probabilities.

    Raises:
        DetlError: As ``score_predictions`` and ``split_seeds``.
    """
    scores = pd.DataFrame([score_predictions(t) for t in split_seeds(by_seed)])
    accuracies = scores["accuracy"]
    seeds = sorted(by_seed["seed"].unique())
    return {
        **{str(name): float(mean) for name, mean in scores.mean().items()},
        "accuracy_sd_seeds": float(accuracies.std()) if len(seeds) > 1 else None,
        "ensemble_accuracy": score_predictions(ensemble)["accuracy"],
        "seed_accuracy": dict(zip(map(str, seeds), accuracies, strict=True)),
    }


def summarise_folds(
    by_seed: pd.DataFrame, tested: pd.DataFrame, folds: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the scores by fold, means over seeds, and the ensemble's confusion matrix.

    The matrix is of the images of all folds.

    Args:
        by_seed: The folds' predictions of their test parts, pooled, with ``seed``.
        tested: The same of the mean of the seeds' probabilities.
        folds: Table ``folds``, which says what must be there.

    Raises:
        DetlError: An image is not tested exactly in the fold that tests it, or a fold
            cannot be scored.
    """
    for predictions in (tested, by_seed):
        _require_each_tested(predictions, folds)
    scores = {
        str(fold): score_seeds(part, tested[tested["fold"] == fold])
        for fold, part in by_seed.groupby("fold", sort=False)
    }
    for of_fold in scores.values():
        del of_fold["seed_accuracy"]
    table = pd.DataFrame(scores).T.astype("float64")
    return table.rename_axis("fold").reset_index(), confusion_matrix(tested)


def _require_each_tested(tested: pd.DataFrame, folds: pd.DataFrame) -> None:
    """Raise where the predictions are of other images than the folds' test parts."""
    tests = folds[folds["subset"] == "test"]
    for fold, wanted in tests.groupby("fold", sort=False)["image_id"]:
        found = tested.loc[tested["fold"] == fold, "image_id"]
        for image in sorted(set(wanted) ^ set(found)):
            is_missing = image in set(wanted)
            state, rule = ("is not", "must be") if is_missing else ("is", "must not be")
            raise DetlError(
                f"Image {image} {state} among the predictions of {fold} and {rule}, "
                "by the table of folds: run this fold again."
            )


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
    choices = scores["data_a_choices"]
    chosen = f"for the best of {choices:.0f} epochs, " if choices > 1 else ""
    return (
        f"{found}; 95 % interval, {chosen}{100 * low:.1f} to {100 * high:.1f} %), "
        f"is not above chance, {100 * chance:.1f} %."
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
