"""Paired comparisons over the folds of a cross-validation.

The training parts of two folds share most of their images, so the results of folds are
not independent, and the usual t test finds differences where there are none. Its
variance is therefore corrected here.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

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
