"""Intervals that know that a patient's images are not independent of each other."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from detl.statistics.interval_ends import (
    difference_ends,
    jeffreys_ends,
    logit_ends,
    widen_for_groups,
    wilson_ends,
)

DRAWS = 2_000
"""Resamples behind an interval."""

FEWEST_GROUPS = 10
"""With fewer independent groups of patients no number and no interval is given."""

BATCH = 2**18
"""Weights that are worked on at once: 2 MiB, which stays in the cache."""

NO_SPREAD = "no interval: it is the same in every resample"
"""The note of a number whose resamples do not say how certain it is."""

ROUNDING = 1e-12
"""Numbers that differ by no more are equal."""

Kind = Literal["share", "score", "number"]
"""What a statistic is: a share of images, such as an accuracy; another score from 0 to
1, such as an area under a curve or a mean of shares; or any other number. Its interval
depends on it (``measure_draws``)."""


@dataclass(frozen=True)
class Measurement:
    """A number with its 95 % interval, or why there is none.

    Attributes:
        value: The number on all images; NaN where there is none.
        low: Lower end of its interval; NaN where there is none.
        high: Upper end.
        groups: Independent groups of patients that it rests on.
        note: Empty, or why there is no number, ``not enough data (n = 7)``, or no
            interval of it, or what is unusual in it.
    """

    value: float
    low: float
    high: float
    groups: int
    note: str = ""

    @classmethod
    def missing(cls, groups: int, note: str) -> "Measurement":
        """Return what stands where there is no number."""
        return cls(np.nan, np.nan, np.nan, groups, note)

    @property
    def is_missing(self) -> bool:
        """Whether there is no number."""
        return bool(np.isnan(self.value))

    @property
    def has_interval(self) -> bool:
        """Whether there is an interval; a number may be without."""
        return bool(np.isfinite(self.low))

    def as_columns(self, name: str) -> dict[str, float]:
        """Return the number and its ends by column: ``name_columns`` of its name."""
        ends = (self.value, self.low, self.high)
        return dict(zip(name_columns(name), ends, strict=True))


def name_columns(name: str) -> list[str]:
    """Return the columns of a number and the ends of its interval in a table."""
    return [name, f"{name}_low", f"{name}_high"]


def draw_weights(groups: np.ndarray, seed: int, draws: int = DRAWS) -> np.ndarray:
    """Return how often each image is drawn, where whole groups are with replacement.

    Args:
        groups: The group of patients and copies of each image, (n,).
        seed: Seed of the draws.
        draws: Number of resamples.

    Returns:
        (draws, n), int16; each row is one resample of all groups.
    """
    names, codes = np.unique(np.asarray(groups, dtype=object), return_inverse=True)
    rng = np.random.default_rng(seed)
    if not len(names):
        return np.zeros((draws, 0), "int16")
    step = max(1, BATCH // len(names))
    parts = [
        _count_draws(rng, len(names), min(step, draws - start))
        for start in range(0, draws, step)
    ]
    return np.concatenate(parts)[:, codes]


def _count_draws(rng: np.random.Generator, number: int, draws: int) -> np.ndarray:
    # A multinomial distribution, which NumPy draws seven times more slowly.
    drawn = rng.integers(number, size=(draws, number))
    cells = drawn + number * np.arange(draws)[:, None]
    counts = np.bincount(cells.ravel(), minlength=draws * number)
    return counts.reshape(draws, number).astype("int16")


def draw_statistic(
    statistic: Callable[[np.ndarray], np.ndarray], weights: np.ndarray
) -> np.ndarray:
    """Return a statistic of all images, and then of each resample.

    Args:
        statistic: From weights of the images, (r, n), float64, to its value under
            each, (r,) or (r, k); NaN where it is undefined.
        weights: Result of ``draw_weights``, (draws, n).

    Returns:
        (1 + draws,) or (1 + draws, k): first the value where each image counts once.
    """
    draws, images = weights.shape
    step = max(1, BATCH // max(images, 1))
    parts = [statistic(np.ones((1, images)))]
    for start in range(0, draws, step):
        parts.append(statistic(weights[start : start + step].astype("float64")))
    return np.concatenate(parts)


def measure(
    statistic: Callable[[np.ndarray], np.ndarray],
    weights: np.ndarray,
    groups: np.ndarray,
    confidence: float = 0.95,
    kind: Kind = "number",
) -> Measurement:
    """Return a statistic of all images, with the interval that its resamples give.

    Args:
        statistic: From weights of the images, (r, n), float64, to its value under
            each, (r,); NaN where it is undefined. Undefined resamples are left out.
        weights: Result of ``draw_weights``.
        groups: As for ``measure_draws``.
        confidence: Coverage, between 0 and 1.
        kind: What the statistic is.
    """
    values = draw_statistic(statistic, weights)
    return measure_draws(values, groups, confidence, kind)


def measure_draws(
    values: np.ndarray,
    groups: np.ndarray,
    confidence: float = 0.95,
    kind: Kind = "number",
) -> Measurement:
    """Return the first of these values, with the interval that the others give.

    The ends are percentiles, taken further out for few groups
    (``widen_for_groups``), unless the statistic is a share or a score: for those near 0
    or 1 percentiles miss the truth too often (``benchmarks/interval_coverage.py``). Of
    these the resamples give the variance alone. A share then has Wilson's interval for
    as many independent images as would have this variance, at most as many as there
    are, and a score Student's interval on the scale of the logit. Where either is 0 or
    1, no resample says otherwise, and Wilson's interval for as many independent images
    as there are groups is taken.
    Another score or number that is the same in every resample, such as the area under
    the curve of constant probabilities, has no interval: one without width would say
    that it is certain. A number that is always 0 or 1 (two equal networks differ by 0,
    and one reaches the whole of what it reaches) is so by definition, and keeps it.

    Args:
        values: Result of ``draw_statistic``, (1 + draws,).
        groups: The groups of those images that the statistic rests on, such as the
            images of a class for its sensitivity; the scarcer kind where there are two.
        confidence: Coverage, between 0 and 1.
        kind: What the statistic is.

    Returns:
        The measurement; without a number where there are fewer than ``FEWEST_GROUPS``
        groups, or where the statistic is undefined; with the note ``NO_SPREAD`` where
        it has a number but no interval.

    Reference:
        Whole clusters: C. A. Field, A. H. Welsh, "Bootstrapping clustered data", J. R.
        Stat. Soc. B 69 (2007), 369-390. The ends: as ``wilson_ends``, ``logit_ends``
        and ``widen_for_groups``.
    """
    count = len(set(groups))
    if count < FEWEST_GROUPS:
        return Measurement.missing(count, f"not enough data (n = {count})")
    value, drawn = float(values[0]), values[1:][np.isfinite(values[1:])]
    if not np.isfinite(value) or len(drawn) < 2:
        return Measurement.missing(count, "undefined")
    if kind == "share" or (kind == "score" and value in (0, 1)):
        low, high = wilson_ends(value, drawn.var(ddof=1), groups, confidence)
    elif value not in (0, 1) and np.ptp(drawn) <= ROUNDING:
        return Measurement(value, np.nan, np.nan, count, NO_SPREAD)
    elif kind == "score":
        low, high = logit_ends(value, drawn.std(ddof=1), groups, confidence)
    else:
        tail = (1 - widen_for_groups(confidence, count)) / 2
        low, high = np.quantile(drawn, [tail, 1 - tail])
    return Measurement(value, float(low), float(high), count)


def measure_difference(
    first: np.ndarray,
    second: np.ndarray,
    first_groups: np.ndarray,
    second_groups: np.ndarray,
    confidence: float = 0.95,
) -> Measurement:
    """Return how much greater a share of images is than another, with its interval.

    The interval is made from Jeffreys' intervals of the shares, for as many independent
    images as ``measure_draws`` counts, and from their correlation over the resamples.
    It holds near 0 and 1, where that of percentiles does not.

    Args:
        first: A share: result of ``draw_statistic``, (1 + draws,).
        second: Another, under the same weights.
        first_groups: The groups of those images that the first rests on.
        second_groups: The same for the second.
        confidence: Coverage, between 0 and 1.

    Returns:
        The measurement, with the groups of the share that has fewer; without a number
        where either share has none.

    Reference:
        As ``jeffreys_ends`` and ``difference_ends``.
    """
    both = ((first, first_groups), (second, second_groups))
    shares = [measure_draws(values, groups, confidence) for values, groups in both]
    scarcer = min(shares, key=lambda share: share.groups)
    for share in (scarcer, *shares):
        if share.is_missing:
            return share
    ends = []
    for values, groups in both:
        value, variance = float(values[0]), float(np.nanvar(values[1:], ddof=1))
        low, high = jeffreys_ends(value, variance, groups, confidence)
        ends.append((low, value, high))
    one, other = ends
    low, high = difference_ends(one, other, _correlate(first[1:], second[1:]))
    return Measurement(float(first[0] - second[0]), low, high, scarcer.groups)


def measure_gain(
    first: np.ndarray, second: np.ndarray, weights: np.ndarray, groups: np.ndarray
) -> Measurement:
    """Return how much more often the first of two is right on the same images.

    It is the share of images that the first alone gets right, less the share that the
    second alone does, with the interval of ``measure_difference`` of these two shares.
    So it has a width where the two differ on few images or on none, of which resamples
    show nothing.

    Args:
        first: Whether the first is right about an image, bool (n,).
        second: Whether the second is, bool (n,).
        weights: Result of ``draw_weights``, (draws, n).
        groups: The group of each image, (n,).

    Returns:
        The measurement; the difference without an interval where there are fewer than
        ``FEWEST_GROUPS`` groups.
    """

    def draw(hits: np.ndarray) -> np.ndarray:
        return draw_statistic(lambda drawn: drawn @ hits / drawn.sum(axis=1), weights)

    gained, lost = draw(first & ~second), draw(second & ~first)
    found = measure_difference(gained, lost, groups, groups)
    return replace(found, value=float(gained[0] - lost[0]))


def _correlate(first: np.ndarray, second: np.ndarray) -> float:
    both = np.isfinite(first) & np.isfinite(second)
    first, second = first[both], second[both]
    # A share that never varies is correlated with nothing.
    if min(np.ptp(first), np.ptp(second)) == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def divide(share: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return the quotients; NaN where a resample holds none of the whole."""
    return np.divide(share, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
