"""Confidence intervals of proportions, and the warnings they give rise to."""

from dataclasses import replace

import numpy as np

from detl.errors import DetlError
from detl.statistics.bootstrap import Measurement, draw_weights
from detl.statistics.interval_ends import widen_for_groups
from detl.statistics.rates import measure_share


def wilson_interval(
    successes: int, trials: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the lower and upper end of the Wilson score interval of a proportion.

    Args:
        successes: Number of images classified correctly, 0 to ``trials``.
        trials: Number of images, at least 1.
        confidence: Coverage, between 0 and 1.

    Raises:
        DetlError: The numbers are no proportion.

    Reference:
        E. B. Wilson, "Probable inference, the law of succession, and statistical
        inference", J. Am. Stat. Assoc. 22 (1927), 209-212.
    """
    if trials < 1 or not 0 <= successes <= trials:
        raise DetlError(
            f"An interval was asked for {successes} of {trials} images, expected are "
            "at least 1 image and 0 up to all of them correct: check the predictions."
        )
    from scipy.stats import binomtest

    interval = binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def measure_chosen(
    right: np.ndarray, groups: np.ndarray, epochs: int, seed: int
) -> Measurement:
    """Return the accuracy at the best of several epochs, with its 95 % interval.

    The images have chosen the epoch, so that an interval for one that was chosen
    beforehand would lie too high: the best of 20 coins lies above one half. This one is
    so wide that 95 % or more of trainings have the truth of every epoch inside its own,
    whichever is then kept (Bonferroni), and it is over groups of patients.

    Args:
        right: Whether an image is classified correctly by the weights that were kept,
            bool (n,).
        groups: The group of patients and copies of each image, (n,).
        epochs: How many there were to choose from, at least 1.
        seed: Seed of the draws of patients.

    Returns:
        The measurement; without an interval, but with the accuracy, where there are
        fewer than ``FEWEST_GROUPS`` groups.

    Raises:
        DetlError: There is no image.

    Reference:
        O. J. Dunn, "Multiple comparisons among means", J. Am. Stat. Assoc. 56 (1961),
        52-64. Few groups: as ``widen_for_groups``.
    """
    if not len(right):
        raise DetlError(
            "Data-A has 0 validation images and an accuracy needs at least 1: raise "
            "split.data_a.validation_per_class, or add images."
        )
    every = np.full(len(right), True)
    weights = draw_weights(groups, seed)
    confidence = widen_for_groups(1 - 0.05 / epochs, max(2, len(set(groups))))
    found = measure_share(right, every, weights, groups, confidence)
    return replace(found, value=float(right.mean()))
