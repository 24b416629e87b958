"""Nodes of the arms: other weights to start from, more or less of them trained."""

from typing import Any

import numpy as np
import pandas as pd

from detl.design import ARMS, REFERENCE_ARM
from detl.evaluation import arms
from detl.evaluation.accuracies import measure_accuracies
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
from detl.statistics.corrected_t import NO_VARIANCE, measure_overlap

ARM_COLUMNS = ["initialisation", "unfreeze", *arms.COLUMNS, "note"]
"""Columns of table ``ablation``, after the architecture (all accuracies as fractions,
their meaning in ``evaluation/arms.py``)."""


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
    tested_by_seed: pd.DataFrame, tested: pd.DataFrame, folds: pd.DataFrame, seed: int
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return an arm's scores by fold, and its accuracies over all folds."""
    fold_summary, _ = summarise_folds(tested_by_seed, tested, folds)
    return fold_summary, measure_accuracies(tested_by_seed, tested, seed)


def compare_with_reference(
    folds: pd.DataFrame, seed: int, **tested_by_seed: pd.DataFrame | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return an architecture's arms against the reference arm, and their accuracies.

    Args:
        seed: Of the draws of patients.
        **tested_by_seed: By arm, what each seed's networks say of the folds' test
            parts; None where it has not been run.

    Returns:
        What ``arms.compare_arms`` returns; and a row per arm and fold with its
        accuracy, the mean over seeds.
    """
    tested = {arm: table for arm, table in tested_by_seed.items() if table is not None}
    starts = {arm: initialisation for arm, (initialisation, _) in ARMS.items()}
    overlap = measure_overlap(folds)
    compared = arms.compare_arms(tested, starts, REFERENCE_ARM, overlap, seed)
    return compared.reset_index(), arms.tabulate_arm_folds(tested)


def tabulate_arms(
    compared: pd.DataFrame, network: NetworkParameters, imagenet: ImagenetParameters
) -> pd.DataFrame:
    """Return a row per arm, also for those that have not been run.

    ``note`` says why an arm has not been run, or that there is nothing to test its
    difference with.

    Args:
        compared: What ``compare_with_reference`` returns.
        network: Which network.
        imagenet: Where its ImageNet weights are.
    """
    from detl.networks.imagenet import reason_for_absence

    by_arm = compared.set_index("arm")
    absence = reason_for_absence(network, imagenet)
    rows = []
    for arm, (initialisation, unfreeze) in ARMS.items():
        row: dict[str, Any] = {"initialisation": initialisation, "unfreeze": unfreeze}
        if arm not in by_arm.index:
            reason = absence if initialisation == "imagenet" else ""
            row["note"] = reason or "Not run."
        else:
            row |= {str(name): value for name, value in by_arm.loc[arm].items()}
            is_untested = pd.notna(row["difference"]) and pd.isna(row["p"])
            row["note"] = NO_VARIANCE if is_untested else ""
        rows.append(row)
    return pd.DataFrame(rows, columns=ARM_COLUMNS)
