"""The accuracy of a cross-validation, of its networks on average and together."""

from typing import Any

import numpy as np
import pandas as pd

from detl.evaluation.predictions import tell_right
from detl.statistics.bootstrap import Measurement, draw_weights, name_columns
from detl.statistics.rates import measure_share

ACCURACIES = (
    *name_columns("accuracy"),
    "accuracy_sd_seeds",
    "accuracy_sd_folds",
    *name_columns("ensemble_accuracy"),
    "seeds",
)
"""What ``measure_accuracies`` says."""


def measure_accuracies(
    by_seed: pd.DataFrame, tested: pd.DataFrame, seed: int
) -> dict[str, Any]:
    """Return the accuracies of the mean over seeds, and of the ensemble of the seeds.

    ``accuracy`` is the paper's figure: how often a network is right that was trained
    once, as the mean over the trainings. Its interval is over patients and trainings.
    ``ensemble_accuracy`` is that of the product: one answer by the mean of all seeds'
    probabilities. Its interval is over patients, for these very networks.

    Args:
        by_seed: The folds' predictions of their test parts, pooled, with ``seed``.
        tested: The same of the mean of the seeds' probabilities.
        seed: Seed of the draws of patients.

    Returns:
        ``accuracy`` with ``_low`` and ``_high`` (95 %), ``accuracy_sd_seeds``,
        ``accuracy_sd_folds`` (SD of the folds' accuracies, each the mean over seeds),
        ``ensemble_accuracy`` with ``_low`` and ``_high``, all from 0 to 1, and the
        number of ``seeds``. What is missing is None: ends of an interval with too few
        groups, and the SD over one seed or one fold.
    """
    fold, groups = tested["fold"].to_numpy(), tested["group"].to_numpy()
    every, weights = np.full(len(tested), True), draw_weights(groups, seed)
    right, of_ensemble = (
        tell_right(table, tested["image_id"]) for table in (by_seed, tested)
    )
    mean = measure_share(right, every, weights, groups)
    ensemble = measure_share(of_ensemble, every, weights, groups)
    of_folds = pd.Series(right.mean(axis=1)).groupby(fold).mean()
    values = {
        **_name(mean, "accuracy", right),
        "accuracy_sd_seeds": pd.Series(right.mean(axis=0)).std(),
        "accuracy_sd_folds": of_folds.std(),
        **_name(ensemble, "ensemble_accuracy", of_ensemble),
    }
    known = {name: float(v) if pd.notna(v) else None for name, v in values.items()}
    return {**known, "seeds": right.shape[1]}


def _name(found: Measurement, name: str, right: np.ndarray) -> dict[str, float]:
    """Return a share with its ends by name; of few groups it has no ends."""
    return found.as_columns(name) | {name: float(right.mean())}
