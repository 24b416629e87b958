"""Nodes that train, test and summarise the folds."""

import logging
from typing import Any

import numpy as np
import pandas as pd

from detl.networks.cut import copy_model
from detl.schemas.classes import class_indices
from detl.schemas.keras_model import KerasModel
from detl.schemas.parameters import TrainingParameters
from detl.schemas.tables import PREDICTIONS, tabulate_predictions, validate

History = dict[str, list[float]]

logger = logging.getLogger(__name__)


def train_fold(
    tail: KerasModel,
    features: np.ndarray,
    data_b: pd.DataFrame,
    fold: pd.DataFrame,
    parameters: TrainingParameters,
    seed: int,
) -> tuple[KerasModel, History]:
    """Return the tail trained on one fold, with its best epoch's weights, and curves.

    The best epoch is chosen on the fold's validation part. A fold without one is of
    ``protocol: paper`` and chooses it on its test part, as the paper did (decision 18).

    Args:
        tail: Last block and new head, as transfer left them.
        features: The trunk's output, one row per row of ``data_b``.
        fold: The rows of table ``folds`` that belong to this fold.
        parameters: How the tail is trained.
        seed: Of the order of the images.
    """
    from detl.training.batches import RowBatches
    from detl.training.fit import fit_network

    model = copy_model(tail)
    training = _of_subset(data_b, fold, "train")
    has_validation = (fold["subset"] == "validation").any()
    validation = _of_subset(data_b, fold, "validation" if has_validation else "test")
    history = fit_network(
        model,
        RowBatches(features, *training, parameters.batch_size, shuffle_seed=seed),
        RowBatches(features, *validation, parameters.batch_size),
        parameters,
        title=f"{tail.name} {fold['fold'].iloc[0]}",
    )
    return model, history


def predict_fold(
    model: KerasModel, features: np.ndarray, data_b: pd.DataFrame, fold: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what a fold's tail says of its test part, and of its validation part.

    Both are tables ``predictions``. The second serves to calibrate, and has no row
    where the fold has no validation part (``protocol: paper``).

    Args:
        model: The fold's trained tail.
        features: The trunk's output, one row per row of ``data_b``.
        fold: The rows of table ``folds`` that belong to this fold.
    """
    from detl.training.batches import RowBatches
    from detl.training.predict import predict_probabilities

    tested, _ = _of_subset(data_b, fold, "test")
    validated, _ = _of_subset(data_b, fold, "validation")
    positions = np.concatenate([tested, validated])
    probabilities = predict_probabilities(
        model, RowBatches(features, positions, None, 64)
    )
    every = tabulate_predictions(data_b.iloc[positions], probabilities)
    parts = every.iloc[: len(tested)], every.iloc[len(tested) :]
    first, second = (validate(p.reset_index(drop=True), PREDICTIONS) for p in parts)
    return first, second


def collect_folds(
    tested: pd.DataFrame,
    folds: pd.DataFrame,
    pretraining: dict[str, float | None],
    **histories: History,
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Return an architecture's scores by fold, confusion matrix and summary.

    Args:
        tested: Predictions of the folds' test parts.
        folds: Table ``folds``, which says what must be tested.
        pretraining: Scores of the network on Data-A's validation part.
        **histories: Curves of each fold.
    """
    from detl.evaluation.metrics import summarise_folds, warn_unlearned
    from detl.training.fit import best_epoch

    fold_summary, matrix, accuracies = summarise_folds(tested, folds)
    epochs = [best_epoch(histories[fold]) for fold in fold_summary["fold"]]
    fold_summary.insert(1, "epoch", epochs)
    summary = {
        **accuracies,
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
            logger.warning("%s: %s", architecture, summary["warnings"])
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
