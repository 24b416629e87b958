"""Intervals that know that a patient's images are not independent of each other."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from detl.statistics.interval_ends import logit_ends, widen_for_groups, wilson_ends
from detl.statistics.two_way import SeedSpread, stretch_ends, widen_for_seeds

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
        seed_sd: SD over the seeds whose mean the number is; NaN of one seed.
    """

    value: float
    low: float
    high: float
    groups: int
    note: str = ""
    seed_sd: float = np.nan

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

    @property
    def holds_training(self) -> bool:
        """Whether the interval is over trainings too, not over patients alone."""
        return bool(np.isfinite(self.seed_sd))

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
            each, (r,), or of each seed, (r, seeds); NaN where it is undefined.
            Undefined resamples are left out.
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

    Of several seeds the mean is measured, and the interval is over patients and
    trainings (``two_way``).

    Args:
        values: Result of ``draw_statistic``, (1 + draws,), or, with a column per seed,
            (1 + draws, seeds).
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
    of_seeds = values.reshape(len(values), -1)
    means = of_seeds.mean(axis=1)
    value, drawn = float(means[0]), means[1:][np.isfinite(means[1:])]
    if not np.isfinite(value) or len(drawn) < 2:
        return Measurement.missing(count, "undefined")
    spread = SeedSpread.of(of_seeds)
    is_share = kind == "share" or (kind == "score" and value in (0, 1))
    if not is_share and value not in (0, 1) and np.ptp(drawn) <= ROUNDING:
        return Measurement(value, np.nan, np.nan, count, NO_SPREAD, spread.deviation)
    variance = float(drawn.var(ddof=1))
    added, factor = widen_for_seeds(variance, count, [spread], confidence)
    error = factor * float(np.sqrt(variance + added))
    if is_share:
        # Several networks know a little more than one of as many images.
        every = np.repeat(groups, spread.seeds)
        low, high = wilson_ends(value, error**2, every, confidence)
    elif kind == "score":
        low, high = logit_ends(value, error, groups, confidence)
    else:
        low, high = _find_percentiles(drawn, count, confidence)
        if spread.seeds > 1:
            low, high = stretch_ends(low, value, high, added, factor, confidence)
    return Measurement(value, float(low), float(high), count, "", spread.deviation)


def _find_percentiles(
    drawn: np.ndarray, groups: int, confidence: float
) -> tuple[float, float]:
    tail = (1 - widen_for_groups(confidence, groups)) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return float(low), float(high)


def divide(share: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return the quotients; NaN where a resample holds none of the whole."""
    nothing = np.full(np.broadcast_shapes(share.shape, whole.shape), np.nan)
    return np.divide(share, whole, out=nothing, where=whole > 0)
