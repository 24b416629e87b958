"""Intervals that know that a patient's images are not independent of each other."""

import numpy as np
import pandas as pd
from scipy.stats import bootstrap

from detl.errors import DetlError

RESAMPLES = 10_000


def mean_interval(
    values: np.ndarray, groups: np.ndarray, seed: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the ends of a bootstrap interval of the mean of values, over groups.

    Whole groups are drawn with replacement, and the mean is over the images of those
    drawn; the ends are percentiles. For an accuracy the values are 1 where an image is
    classified correctly and 0 where not; for a paired difference of two accuracies,
    the difference of these.

    Args:
        values: One number per image, (n,).
        groups: The group of patients and copies of each image, (n,).
        seed: Seed of the draws.
        confidence: Coverage, between 0 and 1.

    Raises:
        DetlError: There are fewer than two groups.

    Reference:
        B. Efron, R. Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13;
        for whole clusters: C. A. Field, A. H. Welsh, "Bootstrapping clustered data",
        J. R. Stat. Soc. B 69 (2007), 369-390.
    """
    of_group = pd.Series(np.asarray(values, "float64")).groupby(np.asarray(groups))
    sums, sizes = of_group.sum().to_numpy(), of_group.size().to_numpy("float64")
    if len(sums) < 2:
        raise DetlError(
            f"An interval was asked for images of {len(sums)} groups of patients and "
            "needs at least 2: add patients."
        )

    def mean(sums: np.ndarray, sizes: np.ndarray, axis: int = -1) -> np.ndarray:
        return sums.sum(axis=axis) / sizes.sum(axis=axis)

    interval = bootstrap(
        (sums, sizes),
        mean,
        paired=True,
        vectorized=True,
        n_resamples=RESAMPLES,
        # Resamples of the full NIH set would not fit into memory at once.
        batch=100,
        confidence_level=confidence,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return float(interval.low), float(interval.high)
