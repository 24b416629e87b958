"""Sensitivity and specificity of a rule, and what follows from the two."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from detl.statistics.bootstrap import Measurement, divide, measure

Formula = Callable[[float, float], float]
"""From sensitivity and specificity to what follows from them, rising in both; NaN where
it is undefined."""


def measure_share(
    hits: np.ndarray,
    among: np.ndarray,
    weights: np.ndarray,
    groups: np.ndarray,
    confidence: float = 0.95,
) -> Measurement:
    """Return the share of some images that are hits, with its interval.

    Args:
        hits: Whether an image is one, bool (n,), or by each seed, (n, seeds), of which
            the mean is measured, over patients and trainings.
        among: The images that the share is of, bool (n,).
        weights: Result of ``draw_weights``, (draws, n).
        groups: The group of each image, (n,).
        confidence: Coverage of the interval, between 0 and 1.
    """
    of_seeds = hits.reshape(len(hits), -1) & among[:, np.newaxis]

    def share(drawn: np.ndarray) -> np.ndarray:
        return divide(drawn @ of_seeds, drawn @ among[:, np.newaxis])

    return measure(share, weights, groups[among], confidence, kind="share")


def measure_mean_share(
    said: np.ndarray,
    among: np.ndarray,
    weights: np.ndarray,
    groups: np.ndarray,
    networks: int,
) -> Measurement:
    """Return the mean over networks of a share of some images, with its 95 % interval.

    Args:
        said: The share of the networks by which an image is a hit, 0 to 1, (n,), or of
            those of each seed, (n, seeds), of which the mean is measured, over patients
            and trainings.
        among: The images that the share is of, bool (n,).
        weights: Result of ``draw_weights``, (draws, n).
        groups: The group of each image, (n,).
        networks: How many networks have judged each image, of each seed, at least 1.
    """
    of_seeds = said.reshape(len(said), -1) * among[:, np.newaxis]

    def share(drawn: np.ndarray) -> np.ndarray:
        return divide(drawn @ of_seeds, drawn @ among[:, np.newaxis])

    # Several networks know a little more than one of as many images.
    every = np.repeat(groups[among], networks)
    return measure(share, weights, every, kind="share")


@dataclass(frozen=True)
class Rates:
    """How often a rule is right about positive, and about negative images.

    Attributes:
        sensitivity: Share of the positive images that it calls positive.
        specificity: Share of the negative images that it does not.
    """

    sensitivity: Measurement
    specificity: Measurement

    @classmethod
    def of(
        cls,
        called: np.ndarray,
        positive: np.ndarray,
        weights: np.ndarray,
        groups: np.ndarray,
    ) -> "Rates":
        """Return the rates of a rule.

        Args:
            called: Whether the rule calls an image positive, bool (n,).
            positive: Whether it is, bool (n,).
            weights: Result of ``draw_weights``, (draws, n).
            groups: The group of each image, (n,).
        """
        return cls(
            measure_share(called, positive, weights, groups),
            measure_share(~called, ~positive, weights, groups),
        )

    @classmethod
    def missing(cls, positive: np.ndarray, groups: np.ndarray, note: str) -> "Rates":
        """Return what stands where there is no rule.

        Args:
            positive: Whether an image is, bool (n,).
            groups: The group of each image, (n,).
            note: Why there is none.
        """
        return cls(
            Measurement.missing(len(set(groups[positive])), note),
            Measurement.missing(len(set(groups[~positive])), note),
        )

    def measure(self, formula: Formula) -> Measurement:
        """Return what follows from both, with its 95 % interval.

        Its ends are as far from the value as those of the two rates bring it, one at a
        time, added up as squares. So it has a width where a rate is 0 or 1, of which
        resamples show nothing else, and 92 to 97 % of these intervals hold the truth
        (``benchmarks/calibration_coverage.py``). Few patients have images of both
        kinds, so the rates are taken for independent.

        Args:
            formula: What follows from them.

        Reference:
            G. Y. Zou, A. Donner, "Construction of confidence limits about effect
            measures: a general approach", Statist. Med. 27 (2008), 1693-1702.
        """
        one, other = self.sensitivity, self.specificity
        groups = min(one.groups, other.groups)
        for rate in (one, other):
            if rate.is_missing:
                return Measurement.missing(groups, rate.note)
        value = formula(one.value, other.value)
        if np.isnan(value):
            return Measurement.missing(groups, "undefined")
        below = [formula(one.low, other.value), formula(one.value, other.low)]
        above = [formula(one.high, other.value), formula(one.value, other.high)]
        low = value - math.hypot(*(value - end for end in below))
        high = value + math.hypot(*(end - value for end in above))
        low, high = np.clip([low, high], formula(0, 0), formula(1, 1))
        return Measurement(value, float(low), float(high), groups)
