"""What other trainings would have given, beside other patients.

A network trained with S seeds gives S answers about each image. Their mean is a mean
over patients and over trainings, and each of the two varies: other patients would have
been other images, other seeds other weights. Its interval here is one for the expected
value of the whole procedure, the mean over trainings, on new patients. How far a single
other training lies from that says the SD over seeds.

The variance has two components. That over patients is of the mean over seeds, by
resamples of groups. That over seeds is s**2 / S for the sample variance s**2 of the
seeds' values on all images; but s**2 also holds what the seeds disagree on about single
images, which the variance over patients holds already, so that is taken out of it once.
The quantile is Student's, with Satterthwaite's degrees of freedom, as so few seeds
do not know their variance. In simulations such intervals hold the truth in 92 to 97 %
(``benchmarks/training_coverage.py``), where resamples of patients and seeds do in 82 to
99 %. With one seed nothing is known of another training: the interval is over patients.

Reference:
    Components and degrees of freedom: F. E. Satterthwaite, "An approximate distribution
    of estimates of variance components", Biometrics Bull. 2 (1946), 110-114. Crossed
    factors: A. B. Owen, "The pigeonhole bootstrap", Ann. Appl. Stat. 1 (2007), 386-411.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np


@dataclass(frozen=True)
class SeedSpread:
    """How far a statistic varies over seeds, as variances of its mean over them.

    Attributes:
        observed: s**2 / S; 0 of one seed, of which nothing is known.
        added: What of it the variance over patients does not hold already, at least 0.
        seeds: Number of seeds, S.
    """

    observed: float
    added: float
    seeds: int

    @classmethod
    def of(cls, values: np.ndarray) -> Self:
        """Return the spread of a statistic.

        Args:
            values: The statistic of each seed, (1 + draws, seeds): first on all images,
                then on each resample of patients, the same for all seeds. Rows with a
                NaN are left out.
        """
        seeds = values.shape[1]
        if seeds == 1:
            return cls(0.0, 0.0, 1)
        drawn = values[1:][np.isfinite(values[1:]).all(axis=1)]
        apart = drawn - drawn.mean(axis=1, keepdims=True)
        held = float(apart.var(axis=0, ddof=1).sum()) / ((seeds - 1) * seeds)
        observed = float(values[0].var(ddof=1)) / seeds
        return cls(observed, max(observed - held, 0.0), seeds)

    @property
    def deviation(self) -> float:
        """The SD over seeds of the statistic, s; NaN of one seed."""
        return float(np.sqrt(self.seeds * self.observed)) if self.seeds > 1 else np.nan


def widen_for_seeds(
    variance: float,
    groups: int,
    spreads: Sequence[SeedSpread],
    confidence: float = 0.95,
) -> tuple[float, float]:
    """Return what seeds add to a variance over patients, and to Student's quantile.

    Args:
        variance: Of the mean over seeds, over resamples of patients.
        groups: Independent groups of patients, at least 2.
        spreads: That of the statistic; or, of a difference between two networks whose
            seeds have nothing in common, those of both.
        confidence: Coverage, between 0 and 1.

    Returns:
        The variance to add, at least 0; and how many times further out the quantile
        stands than that for patients alone, 1 where there is one seed.
    """
    from scipy.special import stdtrit

    several = [spread for spread in spreads if spread.seeds > 1]
    added = sum(spread.added for spread in several)
    squares = sum(s.observed**2 / (s.seeds - 1) for s in several)
    if squares == 0:
        return added, 1.0
    freedom = (variance + added) ** 2 / (squares + variance**2 / (groups - 1))
    far, usual = stdtrit([max(freedom, 1.0), groups - 1], (1 + confidence) / 2)
    return added, float(far / usual)


def stretch_ends(
    low: float,
    value: float,
    high: float,
    added: float,
    factor: float,
    confidence: float,
) -> tuple[float, float]:
    """Return the ends of an interval over patients, moved out for the trainings.

    Args:
        low: Lower end over patients.
        value: The number.
        high: Upper end over patients.
        added: First result of ``widen_for_seeds``.
        factor: Second result of it.
        confidence: Coverage of the interval over patients, between 0 and 1.
    """
    from scipy.special import ndtri

    of_seeds = ndtri((1 + confidence) / 2) * np.sqrt(added)
    below, above = (
        factor * float(np.hypot(max(half, 0.0), of_seeds))
        for half in (value - low, high - value)
    )
    return value - below, value + above
