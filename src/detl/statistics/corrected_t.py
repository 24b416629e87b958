"""Paired comparisons over the folds of a cross-validation.

The training parts of two folds share most of their images, so the results of folds are
not independent, and the usual t test finds differences where there are none. Its
variance is therefore corrected here.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

COLUMNS = [
    "accuracy_mean",
    "accuracy_sd",
    "accuracy_low",
    "accuracy_high",
    "difference",
    "difference_low",
    "difference_high",
    "p",
    "p_holm",
]
"""What ``compare_arms`` says of an arm."""

NO_VARIANCE = "no variance to test with"
"""The note of a difference that is the same in every fold, or of every image."""

ROUNDING = 1e-12
"""Numbers that differ by no more are equal: accuracies are quotients of integers, and
the difference of two that are equal may be off 0 by as little as a float allows."""


@dataclass(frozen=True)
class Estimate:
    """A mean over folds.

    Attributes:
        mean: The mean.
        low: Lower end of its confidence interval; NaN where the folds do not vary.
        high: Upper end.
        p: Of the two-sided test that the mean is 0, which is for differences; NaN where
            there is a mean and the folds do not vary.
    """

    mean: float
    low: float
    high: float
    p: float


def measure_overlap(folds: pd.DataFrame) -> float:
    """Return the test images per training image, over all folds.

    Only images that weights are fitted to count as training images. To count those
    that choose the epoch too would make intervals a little narrower.

    """
    images = folds["subset"].value_counts()
    return float(images["test"] / images["train"])


def estimate_mean(
    values: np.ndarray, overlap: float, confidence: float = 0.95
) -> Estimate:
    """Return the mean over folds, with an interval and a test that know of the overlap.

    The variance of the mean is ``(1 / k + overlap) s**2`` for k folds with the sample
    variance s**2, and the distribution Student's t with k - 1 degrees of freedom. Where
    all values are equal but for rounding, nothing says what chance does: there is no
    interval and no p, unless they are 0, which is no difference, with p 1.

    Args:
        values: One number per fold, (k,).
        overlap: Result of ``measure_overlap``.
        confidence: Coverage, between 0 and 1.

    Reference:
        C. Nadeau, Y. Bengio, "Inference for the generalization error", Machine Learning
        52 (2003), 239-281, section 4 (the corrected resampled t test).
    """
    from scipy import stats

    folds = len(values)
    mean = float(np.mean(values))
    if np.ptp(values) <= ROUNDING:
        if abs(mean) <= ROUNDING:
            return Estimate(mean, mean, mean, 1.0)
        return Estimate(mean, np.nan, np.nan, np.nan)
    error = float(np.sqrt((1 / folds + overlap) * np.var(values, ddof=1)))
    student = stats.t(folds - 1)
    width = error * student.ppf((1 + confidence) / 2)
    p = 2 * student.sf(abs(mean) / error)
    return Estimate(mean, float(mean - width), float(mean + width), float(p))


def compare_arms(
    accuracies: pd.DataFrame, reference: str, overlap: float
) -> pd.DataFrame:
    """Return the mean accuracy of each arm, and its difference from the reference arm.

    Args:
        accuracies: Fractions, a row per fold and a column per arm.
        reference: The arm that the others are compared with.
        overlap: Result of ``measure_overlap``.

    Returns:
        A row per arm (index ``arm``), fractions: ``accuracy_mean``, ``accuracy_sd`` (of
        a sample), and ``accuracy_low`` and ``accuracy_high``, the 95 % interval of the
        mean; ``difference`` of the mean from that of the reference arm, with
        ``difference_low`` and ``difference_high``, ``p`` of the paired test, and
        ``p_holm``, corrected by Holm's method for all arms that are tested. The last
        five are missing for the reference arm, and for all if it is not there; ends and
        p also where the folds do not vary (``NO_VARIANCE``).

    Reference:
        S. Holm, "A simple sequentially rejective multiple test procedure", Scand. J.
        Statist. 6 (1979), 65-70.
    """
    rows = {}
    for arm in accuracies:
        mean = estimate_mean(accuracies[arm].to_numpy(), overlap)
        row = {
            "accuracy_mean": mean.mean,
            "accuracy_sd": accuracies[arm].std(ddof=1),
            "accuracy_low": np.clip(mean.low, 0, 1),
            "accuracy_high": np.clip(mean.high, 0, 1),
        }
        if reference in accuracies and arm != reference:
            differences = accuracies[arm] - accuracies[reference]
            difference = estimate_mean(differences.to_numpy(), overlap)
            row |= {
                "difference": difference.mean,
                "difference_low": np.clip(difference.low, -1, 1),
                "difference_high": np.clip(difference.high, -1, 1),
                "p": difference.p,
            }
        rows[arm] = row
    table = pd.DataFrame.from_dict(rows, "index", columns=COLUMNS, dtype="float64")
    compared = table["p"].notna()
    if compared.any():
        from statsmodels.stats.multitest import multipletests

        corrected = multipletests(table.loc[compared, "p"], method="holm")[1]
        table.loc[compared, "p_holm"] = corrected
    return table.rename_axis("arm")
