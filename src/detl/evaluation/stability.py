"""How far the accuracy of a cross-validation depends on the pretraining.

Tails of several seeds that share a pretraining do not say what another pretraining
would have given. Here one training is a pretraining with all that follows. Its accuracy
is the mean over its seeds, which are nested in it: the spread over pretrainings holds
that over seeds.
"""

from typing import Any

import numpy as np
import pandas as pd

from detl.evaluation.predictions import tell_right
from detl.statistics.bootstrap import draw_weights, name_columns
from detl.statistics.rates import measure_mean_share

ALL = "all"
"""Name of all pretrainings together in column ``pretraining``."""

COLUMNS = [
    "pretraining",
    *name_columns("accuracy"),
    "accuracy_sd_seeds",
    "accuracy_sd_pretrainings",
    "pretrainings",
    "seeds",
]
"""Columns of table ``stability``, after the architecture."""


def measure_stability(
    first: pd.DataFrame, others: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """Return the accuracy on each pretraining, and on all of them.

    Args:
        first: The folds' predictions of their test parts by the networks of the first
            pretraining, pooled, with the columns ``seed`` and ``group``.
        others: The same of further ones, with their numbers, from 2, in the column
            ``pretraining``. No two pretrainings share a seed.
        seed: Seed of the draws of patients.

    Returns:
        ``COLUMNS``: a row per ``pretraining``, its number as text, and last one for
        ``ALL``. ``accuracy`` is the mean over seeds, of ``ALL`` over pretrainings too,
        with its 95 % interval over patients and pretrainings (``_low``, ``_high``).
        ``accuracy_sd_seeds`` is the SD over the seeds of a pretraining; of ``ALL`` the
        root of the mean of these squared. ``accuracy_sd_pretrainings`` is the SD of the
        accuracies above. All are fractions. Then the numbers of ``pretrainings``, and
        of ``seeds`` of each. Missing are intervals and SDs over pretrainings of one,
        intervals of too few groups, and SDs over one seed.

    Raises:
        DetlError: If an image is not predicted once by the networks of each seed.
    """
    every = pd.concat([first.assign(pretraining=1), others], ignore_index=True)
    images = first.drop_duplicates("image_id")
    right = tell_right(every, images["image_id"])
    # In the order of the seeds, as the columns of ``right``.
    made_on = every.groupby("seed")["pretraining"].first().to_numpy()
    of_each = {number: right[:, made_on == number] for number in np.unique(made_on)}
    rows = [
        {"pretraining": str(number), **_describe(of_one)}
        for number, of_one in of_each.items()
    ]
    means = np.column_stack([of_one.mean(axis=1) for of_one in of_each.values()])
    whole = _measure_mean(means, pd.DataFrame(rows), images["group"].to_numpy(), seed)
    return pd.DataFrame([*rows, {"pretraining": ALL, **whole}], columns=COLUMNS)


def summarise_stability(table: pd.DataFrame) -> dict[str, Any]:
    """Return the numbers of all pretrainings, and the accuracies by pretraining.

    Args:
        table: What ``measure_stability`` returns.

    Returns:
        ``pretrainings``; ``accuracy_pretrainings``, the mean over them, with ``_low``
        and ``_high``; ``accuracy_sd_pretrainings``; and by pretraining, from "1", the
        mappings ``pretraining_accuracy`` and ``pretraining_accuracy_sd_seeds``. What is
        missing is None.
    """
    known = table.astype(object).where(table.notna(), None).set_index("pretraining")
    whole, of_each = known.loc[ALL], known.drop(index=ALL)
    mean = name_columns("accuracy"), name_columns("accuracy_pretrainings")
    return {
        "pretrainings": whole["pretrainings"],
        **{name: whole[column] for column, name in zip(*mean, strict=True)},
        "accuracy_sd_pretrainings": whole["accuracy_sd_pretrainings"],
        "pretraining_accuracy": of_each["accuracy"].to_dict(),
        "pretraining_accuracy_sd_seeds": of_each["accuracy_sd_seeds"].to_dict(),
    }


def _describe(right: np.ndarray) -> dict[str, float]:
    """Return what is known of one pretraining.

    Args:
        right: Whether the network of each of its seeds is right, bool (n, seeds).
    """
    return {
        "accuracy": float(right.mean()),
        "accuracy_sd_seeds": pd.Series(right.mean(axis=0)).std(),
        "pretrainings": 1,
        "seeds": right.shape[1],
    }


def _measure_mean(
    means: np.ndarray, of_each: pd.DataFrame, groups: np.ndarray, seed: int
) -> dict[str, float]:
    """Return what is known of all pretrainings.

    Args:
        means: The share of the seeds by which an image is a hit, (n, pretrainings).
        of_each: What is known of each.
        groups: The group of each image, (n,).
        seed: Seed of the draws of patients.
    """
    among, seeds = np.full(len(means), True), int(of_each["seeds"].min())
    weights = draw_weights(groups, seed)
    found = measure_mean_share(means, among, weights, groups, seeds)
    squares = of_each["accuracy_sd_seeds"] ** 2
    return {
        # Of few groups there is no interval, and yet a mean.
        **found.as_columns("accuracy"),
        "accuracy": float(means.mean()),
        "accuracy_sd_seeds": float(np.sqrt(squares.mean())),
        "accuracy_sd_pretrainings": pd.Series(means.mean(axis=0)).std(),
        "pretrainings": means.shape[1],
        "seeds": seeds,
    }
