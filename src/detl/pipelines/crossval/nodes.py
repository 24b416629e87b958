"""Nodes that train, test and summarise the folds."""

import logging
from typing import Any

import numpy as np
import pandas as pd

from detl.evaluation.predictions import pool_predictions
from detl.networks.cut import copy_model, renew_head
from detl.schemas.classes import class_indices
from detl.schemas.keras_model import KerasModel
from detl.schemas.parameters import TransferParameters
from detl.schemas.tables import (
    PREDICTIONS,
    SEED_PREDICTIONS,
    tabulate_predictions,
    validate,
)
from detl.wording import network_title

History = dict[str, list[float]]

logger = logging.getLogger(__name__)


def train_fold(
    tail: KerasModel,
    features: np.ndarray,
    views: np.ndarray,
    data_b: pd.DataFrame,
    fold: pd.DataFrame,
    protocol: str,
    parameters: TransferParameters,
    seed: int,
    seeds: int,
) -> tuple[KerasModel, History]:
    """Return the tails trained on one fold, joined, and the mean of their curves.

    Where ``parameters.read`` is ``best``, the epoch is chosen on the fold's validation
    part, under ``protocol: paper`` on its test part, as the paper did (decision 18).
    Where nothing is chosen and there is no validation part, the curves ``val_*`` are of
    the test part.

    Args:
        tail: Last block and new head, as transfer left them.
        features: The trunk's output, one row per row of ``data_b``.
        views: The same of augmented versions, (versions, ...), maybe none.
        fold: The rows of table ``folds`` that belong to this fold.
        protocol: Of the split.
        parameters: How a tail is trained.
        seed: Of the first tail: of its head, the order of the images and the choice of
            their versions.
        seeds: How many tails are trained; the others have the seeds after it.
    """
    from detl.networks.ensemble import join_members

    watched = "validation" if (fold["subset"] == "validation").any() else None
    if watched is None and (protocol == "paper" or parameters.read != "best"):
        watched = "test"
    members, history = train_members(
        tail,
        (features, views),
        _of_subset(data_b, fold, "train"),
        _of_subset(data_b, fold, watched) if watched else None,
        parameters,
        range(seed, seed + seeds),
        title=f"{network_title(tail.name)}, {fold['fold'].iloc[0].replace('_', ' ')}",
    )
    return join_members(members), history


def train_members(
    tail: KerasModel,
    inputs: tuple[np.ndarray, np.ndarray],
    training: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray] | None,
    parameters: TransferParameters,
    seeds: range,
    title: str,
) -> tuple[list[KerasModel], History]:
    """Return tails that are trained on the same images, and the mean of their curves.

    Args:
        tail: Last block and new head, which the first one starts with; the others have
            a head of their own.
        inputs: The trunk's output of all images, and of their augmented versions.
        training: Rows to train on, and their classes.
        validation: Rows to choose the epoch on, and their classes; None where none is
            chosen.
        parameters: How a tail is trained.
        seeds: One for each: of its head, the order of the images and the choice of
            their versions.
        title: What is trained, for the line that is logged after each epoch.
    """
    from detl.training.batches import RowBatches
    from detl.training.fit import fit_members

    features, views = inputs
    size, last = parameters.batch_size, parameters.last_batch
    members = [
        copy_model(tail) if seed == seeds.start else renew_head(tail, seed)
        for seed in seeds
    ]
    trainings = [
        RowBatches(features, *training, size, seed, last, views) for seed in seeds
    ]
    chosen_on = validation and RowBatches(features, *validation, size)
    history = fit_members(members, trainings, chosen_on, parameters, title)
    return members, history


def predict_fold(
    model: KerasModel,
    features: np.ndarray,
    data_b: pd.DataFrame,
    fold: pd.DataFrame,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return what a fold's tails say of its test part, and of its validation part.

    Args:
        model: The fold's trained tails, joined.
        features: The trunk's output, one row per row of ``data_b``.
        fold: The rows of table ``folds`` that belong to this fold.
        seed: Of the first tail.

    Returns:
        Two tables ``predictions`` of the mean of the tails' probabilities. The second
        is of the inner validation part, and has no row where the fold has none. And
        table ``seed_predictions`` of the test part: what each tail says.
    """
    from detl.networks.ensemble import members_of
    from detl.training.probabilities import predict_members

    tested, _ = _of_subset(data_b, fold, "test")
    validated, _ = _of_subset(data_b, fold, "validation")
    positions = np.concatenate([tested, validated])
    inputs = np.asarray(features[positions])
    members = dict(enumerate(members_of(model), start=seed))
    of_members = predict_members(members, inputs)
    images = data_b.iloc[positions]
    mean = tabulate_predictions(images, np.mean(list(of_members.values()), axis=0))
    parts = mean.iloc[: len(tested)], mean.iloc[len(tested) :]
    first, second = (validate(p.reset_index(drop=True), PREDICTIONS) for p in parts)
    single = [
        tabulate_predictions(images, of_member).head(len(tested)).assign(seed=number)
        for number, of_member in of_members.items()
    ]
    by_seed = pd.concat(single, ignore_index=True)[list(SEED_PREDICTIONS.columns)]
    return first, second, validate(by_seed, SEED_PREDICTIONS)


def score_fold(
    by_seed: pd.DataFrame,
    ensemble: pd.DataFrame,
    history: History,
    parameters: TransferParameters,
) -> dict[str, Any]:
    """Return the scores of one fold, and which epoch they are of.

    Args:
        by_seed: Table ``seed_predictions`` of the fold's test part.
        ensemble: Table ``predictions`` of it.
        history: Curves of the fold's tails, their means.
        parameters: How they were trained.

    Returns:
        What ``score_seeds`` and ``describe_kept`` return.
    """
    from detl.evaluation.metrics import score_seeds
    from detl.training.kept_weights import describe_kept

    kept = describe_kept(history, parameters.read)
    return {**score_seeds(by_seed, ensemble), **kept}


def draw_fold_matrix(predictions: pd.DataFrame, title: str) -> np.ndarray:
    """Return the confusion matrix of a fold's test part, RGB, uint8.

    Args:
        predictions: Table ``predictions``: what the tails say together.
        title: Which network and fold it is of.
    """
    from detl.evaluation.metrics import confusion_matrix
    from detl.figures.confusion import draw_confusion_matrices

    matrix = confusion_matrix(predictions).reset_index()
    return draw_confusion_matrices(**{title: matrix})


def collect_validated(
    data_b: pd.DataFrame,
    tested: pd.DataFrame,
    protocol: str,
    **predictions: pd.DataFrame,
) -> pd.DataFrame:
    """Return the predictions that a fold's temperature and thresholds are fitted on.

    They are of its inner validation part. Where it has none, they are what the other
    folds' networks say of their own test parts: no image is of a part that its network
    was trained on. Under ``protocol: paper`` there are none, as the test parts may have
    chosen the epoch.

    Args:
        data_b: Table ``data_b``, which knows the groups.
        tested: Predictions of the folds' test parts, pooled.
        protocol: Of the split.
        **predictions: By fold, those of its inner validation part.
    """
    from detl.evaluation.cross_fitting import cross_fit

    validated = pool_predictions(data_b, **predictions)
    if validated.empty and protocol != "paper":
        return cross_fit(tested)
    return validated


def collect_folds(
    tested_by_seed: pd.DataFrame,
    tested: pd.DataFrame,
    folds: pd.DataFrame,
    pretraining: dict[str, float | None],
    parameters: TransferParameters,
    seed: int,
    **histories: History,
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Return an architecture's scores by fold, confusion matrix and summary.

    Args:
        tested_by_seed: What each seed's networks say of the folds' test parts.
        tested: What the mean of their probabilities says.
        folds: Table ``folds``, which says what must be tested.
        pretraining: Scores of the network on Data-A's validation part.
        parameters: How the folds were trained.
        seed: Of the draws of patients.
        **histories: Curves of each fold.
    """
    from detl.evaluation.accuracies import measure_accuracies
    from detl.evaluation.metrics import summarise_folds, warn_unlearned
    from detl.training.kept_weights import epochs_read

    fold_summary, matrix = summarise_folds(tested_by_seed, tested, folds)
    read = parameters.read
    epochs = [epochs_read(histories[fold], read)[1] for fold in fold_summary["fold"]]
    fold_summary.insert(1, "epoch", epochs)
    accuracies = measure_accuracies(tested_by_seed, tested, seed)
    summary = {
        **accuracies,
        # By the names that earlier runs have in MLflow.
        "accuracy_mean": float(fold_summary["accuracy"].mean()),
        "accuracy_sd": accuracies["accuracy_sd_folds"],
        "accuracy_pooled": accuracies["accuracy"],
        "data_a_accuracy": pretraining["data_a_accuracy"],
        "warnings": " ".join(warn_unlearned(pretraining, matrix)),
    }
    return fold_summary, matrix.reset_index(), summary


def tabulate_summaries(**summaries: dict[str, Any]) -> pd.DataFrame:
    """Return the summary, a row per architecture.

    What a network has not learned is logged as a warning too.

    Args:
        **summaries: By architecture, what ``collect_folds`` returns.
    """
    for architecture, summary in summaries.items():
        if summary["warnings"]:
            logger.warning("%s: %s", network_title(architecture), summary["warnings"])
    table = pd.DataFrame(summaries.values())
    table.insert(0, "architecture", list(summaries))
    return table


def _of_subset(
    data_b: pd.DataFrame, fold: pd.DataFrame, subset: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return positions in ``data_b`` (and so in the features), and class indices."""
    chosen = fold.loc[fold["subset"] == subset, "image_id"]
    positions = np.flatnonzero(data_b["image_id"].isin(chosen))
    return positions, class_indices(data_b["label"].iloc[positions])
