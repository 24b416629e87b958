"""What other starting weights, or more or less training, make of a network."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from detl.evaluation.accuracies import measure_accuracies
from detl.evaluation.predictions import average_seeds, tell_right
from detl.statistics.bootstrap import draw_weights, name_columns
from detl.statistics.corrected_t import estimate_mean
from detl.statistics.differences import measure_gain

COLUMNS = [
    *name_columns("accuracy"),
    "accuracy_sd_seeds",
    "accuracy_sd_folds",
    *name_columns("ensemble_accuracy"),
    *name_columns("difference"),
    "p",
    "p_holm",
]
"""What ``compare_arms`` says of an arm."""


def compare_arms(
    tested: Mapping[str, pd.DataFrame],
    starts: Mapping[str, str],
    reference: str,
    overlap: float,
    seed: int,
) -> pd.DataFrame:
    """Return the accuracy of each arm, and its difference from the reference arm.

    Args:
        tested: By arm, the folds' predictions of their test parts, pooled, with the
            column ``seed``; all of the same images and folds.
        starts: By arm, the weights that it starts from. Seeds of two arms that start
            from the same weights are paired.
        reference: The arm that the others are compared with.
        overlap: Result of ``measure_overlap``.
        seed: Seed of the draws of patients.

    Returns:
        A row per arm (index ``arm``), fractions: what ``measure_accuracies`` says;
        ``difference`` of the accuracy from that of the reference arm, with
        ``difference_low`` and ``difference_high``, its 95 % interval over patients and,
        of several seeds, trainings; ``p`` of the test of the same difference over the
        folds (``estimate_mean``), which were trained on other images; and ``p_holm``,
        corrected by Holm's method for all arms that are tested. The last five are
        missing for the reference arm, and for all if it is not there; p also where the
        folds do not vary (``NO_VARIANCE``), and ends of few groups.

    Reference:
        S. Holm, "A simple sequentially rejective multiple test procedure", Scand. J.
        Statist. 6 (1979), 65-70.
    """
    rows: dict[str, dict[str, Any]] = {}
    for arm, by_seed in tested.items():
        rows[arm] = measure_accuracies(by_seed, average_seeds(by_seed), seed)
        if reference in tested and arm != reference:
            are_paired = starts[arm] == starts[reference]
            rows[arm] |= _compare(by_seed, tested[reference], are_paired, overlap, seed)
    table = pd.DataFrame.from_dict(rows, "index", columns=COLUMNS, dtype="float64")
    compared = table["p"].notna()
    if compared.any():
        from statsmodels.stats.multitest import multipletests

        corrected = multipletests(table.loc[compared, "p"], method="holm")[1]
        table.loc[compared, "p_holm"] = corrected
    return table.rename_axis("arm")


def _compare(
    arm: pd.DataFrame,
    reference: pd.DataFrame,
    are_paired: bool,
    overlap: float,
    seed: int,
) -> dict[str, float]:
    images = reference.drop_duplicates("image_id")
    groups = images["group"].to_numpy()
    right, of_reference = (
        tell_right(table, images["image_id"]) for table in (arm, reference)
    )
    weights = draw_weights(groups, seed)
    gain = measure_gain(right, of_reference, weights, groups, are_paired)
    gained = right.mean(axis=1) - of_reference.mean(axis=1)
    by_fold = pd.Series(gained).groupby(images["fold"].to_numpy()).mean()
    test = estimate_mean(by_fold.to_numpy(), overlap)
    return gain.as_columns("difference") | {"p": test.p}


def tabulate_arm_folds(tested: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return ``arm``, ``fold`` and ``accuracy``, the mean over seeds.

    Args:
        tested: As for ``compare_arms``.
    """
    rows = [
        (arm, fold, float(np.mean(of_fold["label"] == of_fold["predicted"])))
        for arm, by_seed in tested.items()
        for fold, of_fold in by_seed.groupby("fold", sort=False)
    ]
    return pd.DataFrame(rows, columns=["arm", "fold", "accuracy"])
