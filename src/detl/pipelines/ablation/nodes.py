"""Nodes that start networks otherwise, train more or less of them, and compare."""

from typing import Any

import numpy as np
import pandas as pd

from detl.design import ARMS, REFERENCE_ARM
from detl.pipelines.named_results import with_ending
from detl.schemas.classes import DATA_B_CLASSES
from detl.schemas.keras_model import KerasModel
from detl.schemas.parameters import ImagenetParameters, NetworkParameters

ARM_COLUMNS = [
    "initialisation",
    "unfreeze",
    "accuracy_mean",
    "accuracy_sd",
    "accuracy_low",
    "accuracy_high",
    "accuracy_pooled",
    "difference",
    "difference_low",
    "difference_high",
    "p",
    "p_holm",
    "note",
]
"""Columns of table ``ablation``, after the architecture (all accuracies as fractions,
their meaning in ``statistics/corrected_t.py``)."""

FOLD_COLUMNS = ["arm", "fold", "accuracy"]
"""Columns of table ``ablation_folds``, after the architecture."""


def take_pixels(pixels: np.ndarray, data_b: pd.DataFrame) -> np.ndarray:
    """Return the pixels of Data-B, uint8 (n, size, size), in the table's order.

    They are the features of the arms that freeze nothing.
    """
    return np.asarray(pixels[data_b["row"].to_numpy("int64")])


def build_untrained(
    network: NetworkParameters, pixels: np.ndarray, seed: int
) -> KerasModel:
    """Return the untrained network for Data-B's classes."""
    from detl.networks import build_network

    return build_network(network, pixels.shape[1], len(DATA_B_CLASSES), seed)


def build_from_imagenet(
    network: NetworkParameters,
    imagenet: ImagenetParameters,
    pixels: np.ndarray,
    seed: int,
) -> KerasModel:
    """Return the network with ImageNet weights and a new head for Data-B's classes.

    Raises:
        NotAvailableError: If there are no such weights, or none are given.
    """
    from detl.networks.imagenet import build_imagenet_network

    return build_imagenet_network(
        network, imagenet, pixels.shape[1], len(DATA_B_CLASSES), seed
    )


def unfreeze_head(model: KerasModel, arm: str) -> tuple[KerasModel, KerasModel]:
    """Return what is frozen, and the last layer, or all new ones, to be trained."""
    from detl.networks.cut import cut_head

    body, head = cut_head(model)
    head.name = f"{model.name}-{arm}"
    return body, head


def unfreeze_last_block(model: KerasModel, arm: str) -> tuple[KerasModel, KerasModel]:
    """Return what is frozen, and the last block with all that follows it."""
    from detl.networks.cut import cut_trunk

    trunk, tail = cut_trunk(model)
    tail.name = f"{model.name}-{arm}"
    return trunk, tail


def unfreeze_all(model: KerasModel, arm: str) -> KerasModel:
    """Return the whole network, all of which the folds of the arm train."""
    from detl.networks.cut import copy_model

    tail = copy_model(model)
    tail.name = f"{model.name}-{arm}"
    return tail


def collect_arm(
    folds: pd.DataFrame, **fold_results: Any
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return an arm's metrics by fold, and its mean and pooled accuracy.

    Args:
        folds: Table ``folds``, which says what folds there must be.
        **fold_results: ``<fold>_metrics`` and ``<fold>_predictions`` of each fold.
    """
    from detl.evaluation.summary import summarise_folds

    metrics = with_ending(fold_results, "_metrics")
    predictions = with_ending(fold_results, "_predictions")
    summary, _ = summarise_folds(metrics, predictions, folds)
    return pd.DataFrame(metrics).T.rename_axis("fold").reset_index(), summary


def tabulate_arms(
    folds: pd.DataFrame,
    network: NetworkParameters,
    imagenet: ImagenetParameters,
    **arm_results: Any,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return an architecture's arms, compared with the reference arm, and their folds.

    Args:
        folds: Table ``folds``.
        network: Which network.
        imagenet: Where its ImageNet weights are.
        **arm_results: ``<arm>_folds`` and ``<arm>_summary`` of each arm, as
            ``collect_arm`` returns them; None where the arm has not been run.

    Returns:
        A row per arm, also for those that have not been run, of which ``note`` says
        why, as it does where there is nothing to test a difference with; and a row per
        arm and fold with its accuracy.
    """
    from detl.networks.imagenet import reason_for_absence
    from detl.statistics.corrected_t import (
        NO_VARIANCE,
        compare_arms,
        measure_overlap,
    )

    by_fold = {
        arm: table.set_index("fold")["accuracy"]
        for arm, table in with_ending(arm_results, "_folds").items()
        if table is not None
    }
    compared = compare_arms(
        pd.DataFrame(by_fold), REFERENCE_ARM, measure_overlap(folds)
    )
    absence = reason_for_absence(network, imagenet)
    rows = []
    for arm, (initialisation, unfreeze) in ARMS.items():
        row: dict[str, Any] = {"initialisation": initialisation, "unfreeze": unfreeze}
        if arm in by_fold:
            row |= compared.loc[arm].to_dict() | arm_results[f"{arm}_summary"]
            is_untested = pd.notna(row["difference"]) and pd.isna(row["p"])
            row["note"] = NO_VARIANCE if is_untested else ""
        else:
            reason = absence if initialisation == "imagenet" else ""
            row["note"] = reason or "Not run."
        rows.append(row)
    return pd.DataFrame(rows, columns=ARM_COLUMNS), _lengthen(by_fold)


def join_architectures(
    **tables: pd.DataFrame | None,
) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Return the tables ``ablation`` and ``ablation_folds``, and their picture.

    Args:
        **tables: ``<architecture>_arms`` and ``<architecture>_folds``, as
            ``tabulate_arms`` returns them; None where it has not been run.
    """
    from detl.figures.ablation import draw_arms

    ablation = _stack(with_ending(tables, "_arms"), ARM_COLUMNS)
    ablation_folds = _stack(with_ending(tables, "_folds"), FOLD_COLUMNS)
    return ablation, ablation_folds, draw_arms(ablation, ablation_folds)


def _lengthen(by_fold: dict[str, pd.Series]) -> pd.DataFrame:
    """Return the accuracies of arms, each indexed by fold, as rows."""
    rows = [
        (arm, fold, accuracy)
        for arm, accuracies in by_fold.items()
        for fold, accuracy in accuracies.items()
    ]
    return pd.DataFrame(rows, columns=FOLD_COLUMNS)


def _stack(tables: dict[str, pd.DataFrame | None], columns: list[str]) -> pd.DataFrame:
    """Return the tables that are there as one, with the architecture as a column."""
    rows = [
        {"architecture": architecture, **row}
        for architecture, table in tables.items()
        if table is not None
        for row in table.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=["architecture", *columns])
