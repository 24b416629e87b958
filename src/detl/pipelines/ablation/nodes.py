"""Nodes of the arms: other weights to start from, more or less of them trained."""

from typing import Any

import numpy as np
import pandas as pd

from detl.design import ARMS, REFERENCE_ARM
from detl.evaluation.metrics import summarise_folds
from detl.networks import build_network
from detl.networks.cut import copy_model, cut_head, cut_trunk
from detl.schemas.classes import DATA_B_CLASSES
from detl.schemas.keras_model import KerasModel
from detl.schemas.parameters import (
    ImagenetParameters,
    NetworkParameters,
    TransferParameters,
)
from detl.statistics import corrected_t

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


def take_pixels(pixels: np.ndarray, data_b: pd.DataFrame) -> np.ndarray:
    """Return the pixels of Data-B, uint8 (n, size, size), in the table's order.

    They are the features of the arms that freeze nothing.
    """
    return np.asarray(pixels[data_b["row"].to_numpy("int64")])


def view_pixels(
    pixels: np.ndarray, data_b: pd.DataFrame, parameters: TransferParameters, seed: int
) -> np.ndarray:
    """Return augmented versions of Data-B's images, uint8 (versions, n, size, size).

    They are the views of the arms that freeze nothing.
    """
    from detl.training.features import extract_views

    return extract_views(None, take_pixels(pixels, data_b), parameters.views, seed)


def build_untrained(
    network: NetworkParameters, pixels: np.ndarray, seed: int
) -> KerasModel:
    """Return the untrained network for Data-B's classes."""
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
    body, head = cut_head(model)
    head.name = f"{model.name}-{arm}"
    return body, head


def unfreeze_last_block(model: KerasModel, arm: str) -> tuple[KerasModel, KerasModel]:
    """Return what is frozen, and the last block with all that follows it."""
    trunk, tail = cut_trunk(model)
    tail.name = f"{model.name}-{arm}"
    return trunk, tail


def unfreeze_all(model: KerasModel, arm: str) -> KerasModel:
    """Return the whole network, which the folds of the arm train."""
    tail = copy_model(model)
    tail.name = f"{model.name}-{arm}"
    return tail


def collect_arm(
    tested: pd.DataFrame, folds: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return an arm's scores by fold, and its mean and pooled accuracy."""
    fold_summary, _, accuracies = summarise_folds(tested, folds)
    return fold_summary, accuracies


def compare_with_reference(
    folds: pd.DataFrame, **fold_summaries: pd.DataFrame | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return an architecture's arms against the reference arm, and their accuracies.

    Args:
        **fold_summaries: By arm, its scores by fold; None where it has not been run.

    Returns:
        What ``corrected_t.compare_arms`` returns; and a row per arm and fold with its
        accuracy.
    """
    by_fold = {
        arm: table.set_index("fold")["accuracy"]
        for arm, table in fold_summaries.items()
        if table is not None
    }
    compared = corrected_t.compare_arms(
        pd.DataFrame(by_fold), REFERENCE_ARM, corrected_t.measure_overlap(folds)
    )
    return compared.reset_index(), _lengthen(by_fold)


def tabulate_arms(
    compared: pd.DataFrame,
    network: NetworkParameters,
    imagenet: ImagenetParameters,
    **summaries: dict[str, float] | None,
) -> pd.DataFrame:
    """Return a row per arm, also for those that have not been run.

    ``note`` says why an arm has not been run, or that there is nothing to test its
    difference with.

    Args:
        compared: What ``compare_with_reference`` returns.
        network: Which network.
        imagenet: Where its ImageNet weights are.
        **summaries: By arm, its mean and pooled accuracy; None where it has not been
            run.
    """
    from detl.networks.imagenet import reason_for_absence

    by_arm = compared.set_index("arm")
    absence = reason_for_absence(network, imagenet)
    rows = []
    for arm, (initialisation, unfreeze) in ARMS.items():
        row: dict[str, Any] = {"initialisation": initialisation, "unfreeze": unfreeze}
        summary = summaries[arm]
        if summary is None:
            reason = absence if initialisation == "imagenet" else ""
            row["note"] = reason or "Not run."
        else:
            row |= {str(name): value for name, value in by_arm.loc[arm].items()}
            row |= summary
            is_untested = pd.notna(row["difference"]) and pd.isna(row["p"])
            row["note"] = corrected_t.NO_VARIANCE if is_untested else ""
        rows.append(row)
    return pd.DataFrame(rows, columns=ARM_COLUMNS)


def _lengthen(by_fold: dict[str, pd.Series]) -> pd.DataFrame:
    """Return the accuracies of arms, each indexed by fold, as rows."""
    rows = [
        (arm, fold, accuracy)
        for arm, accuracies in by_fold.items()
        for fold, accuracy in accuracies.items()
    ]
    return pd.DataFrame(rows, columns=["arm", "fold", "accuracy"])
