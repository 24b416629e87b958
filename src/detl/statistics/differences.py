"""Differences of two shares of images, with intervals that hold near 0 and 1."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from detl.errors import DetlError
from detl.statistics.bootstrap import Measurement, draw_statistic, measure_draws
from detl.statistics.interval_ends import difference_ends, jeffreys_ends
from detl.statistics.two_way import SeedSpread, stretch_ends, widen_for_seeds


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
    It holds near 0 and 1, where that of percentiles does not. Of several seeds, the
    same for both shares, the mean is measured, over patients and trainings.

    Args:
        first: A share: result of ``draw_statistic``, (1 + draws,), or of each seed,
            (1 + draws, seeds).
        second: Another, of the same networks, under the same weights.
        first_groups: The groups of those images that the first rests on.
        second_groups: The same for the second.
        confidence: Coverage, between 0 and 1.

    Returns:
        The measurement, with the groups of the share that has fewer; without a number
        where either share has none.

    Reference:
        As ``jeffreys_ends``, ``difference_ends`` and ``two_way``.
    """
    of_seeds = (first - second).reshape(len(first), -1)
    both = ((first, first_groups), (second, second_groups))
    return _measure(both, [SeedSpread.of(of_seeds)], confidence)


def measure_above_mean(
    share: np.ndarray, mean: np.ndarray, groups: np.ndarray, confidence: float = 0.95
) -> Measurement:
    """Return how much greater a share of images is than a mean over the same images.

    A share that is 0 has no spread over resamples, and may yet be above a small mean:
    so the interval is made from Jeffreys' of the share and that of the mean.

    Args:
        share: Result of ``draw_statistic``, (1 + draws,).
        mean: That of a number from 0 to 1 of each of these images, (1 + draws,).
        groups: The group of each image.
        confidence: Coverage, between 0 and 1.

    Returns:
        The measurement; without a number where either has none.

    Reference:
        As ``jeffreys_ends`` and ``difference_ends``.
    """
    found = measure_draws(share, groups, confidence, "share")
    expected = measure_draws(mean, groups, confidence, "score")
    for one in (found, expected):
        if one.is_missing:
            return one
    variance = float(np.nanvar(share[1:], ddof=1))
    low, high = jeffreys_ends(found.value, variance, groups, confidence)
    ends = np.nan_to_num([expected.low, expected.high], nan=expected.value)
    low, high = difference_ends(
        (low, found.value, high),
        (float(ends[0]), expected.value, float(ends[1])),
        _correlate(share[1:], mean[1:]),
    )
    return Measurement(found.value - expected.value, low, high, found.groups)


def measure_gain(
    first: np.ndarray,
    second: np.ndarray,
    weights: np.ndarray,
    groups: np.ndarray,
    are_paired: bool = False,
) -> Measurement:
    """Return how much more often the first of two is right on the same images.

    It is the share of images that the first alone gets right, less the share that the
    second alone does, with the interval of ``measure_difference`` of these two shares.
    So it has a width where the two differ on few images or on none, of which resamples
    show nothing. Of several seeds each side is the share of its networks that are right
    about an image, and the interval is over patients and trainings.

    Args:
        first: Whether the first is right about an image, bool (n,), or with a column
            per seed, (n, seeds).
        second: Whether the second is, likewise; it may have another number of seeds.
        weights: Result of ``draw_weights``, (draws, n).
        groups: The group of each image, (n,).
        are_paired: Whether a seed means something common to both, such as one
            pretrained network. Otherwise their trainings are independent, and each side
            varies by itself.

    Returns:
        The measurement; the difference without an interval where there are fewer than
        ``FEWEST_GROUPS`` groups. ``seed_sd`` is that of a difference of two trainings;
        NaN where a side has one seed.

    Raises:
        DetlError: Paired sides have other numbers of seeds.
    """
    one, other = (right.reshape(len(right), -1) for right in (first, second))
    if are_paired and one.shape != other.shape:
        raise DetlError(
            f"Two networks were to be compared seed by seed, and one has "
            f"{one.shape[1]} seeds, the other {other.shape[1]}: train both with the "
            "same number of seeds."
        )

    def draw(share: np.ndarray) -> np.ndarray:
        return draw_statistic(
            lambda drawn: drawn @ share / drawn.sum(axis=1, keepdims=True), weights
        )

    gained = one.mean(axis=1, keepdims=True) - other.mean(axis=1, keepdims=True)
    shares = [draw(np.maximum(sign * gained, 0.0)) for sign in (1, -1)]
    if are_paired:
        spreads = [SeedSpread.of(draw(one.astype("float64") - other))]
    else:
        spreads = [SeedSpread.of(draw(right)) for right in (one, other)]
    every = np.repeat(groups, max(one.shape[1], other.shape[1]))
    found = _measure([(share, every) for share in shares], spreads, 0.95)
    return replace(found, value=float(gained.mean()))


def _measure(
    both: Sequence[tuple[np.ndarray, np.ndarray]],
    spreads: Sequence[SeedSpread],
    confidence: float,
) -> Measurement:
    """Return the difference of two shares, each with its groups.

    Args:
        both: A share, (1 + draws,) or (1 + draws, seeds), and the groups that it rests
            on; twice.
        spreads: Of the difference over seeds, or of what is independent in it.
        confidence: Coverage, between 0 and 1.
    """
    shares = [measure_draws(values, groups, confidence) for values, groups in both]
    scarcer = min(shares, key=lambda share: share.groups)
    for share in (scarcer, *shares):
        if share.is_missing:
            return share
    ends, drawn = [], []
    for values, groups in both:
        of_seeds = values.reshape(len(values), -1)
        means = of_seeds.mean(axis=1)
        variance = float(np.nanvar(means[1:], ddof=1))
        every = np.repeat(groups, of_seeds.shape[1])
        low, high = jeffreys_ends(float(means[0]), variance, every, confidence)
        ends.append((low, float(means[0]), high))
        drawn.append(means[1:])
    one, other = ends
    low, high = difference_ends(one, other, _correlate(*drawn))
    value, seed_sd = one[1] - other[1], _find_deviation(spreads)
    if any(spread.seeds > 1 for spread in spreads):
        variance = float(np.nanvar(drawn[0] - drawn[1], ddof=1))
        added, factor = widen_for_seeds(variance, scarcer.groups, spreads, confidence)
        ends_of_both = stretch_ends(low, value, high, added, factor, confidence)
        low, high = np.clip(ends_of_both, -1, 1)
    return Measurement(value, float(low), float(high), scarcer.groups, "", seed_sd)


def _find_deviation(spreads: Sequence[SeedSpread]) -> float:
    """Return the SD over trainings of a difference; NaN where one has a single seed."""
    return float(np.sqrt(sum(spread.deviation**2 for spread in spreads)))


def _correlate(first: np.ndarray, second: np.ndarray) -> float:
    both = np.isfinite(first) & np.isfinite(second)
    first, second = first[both], second[both]
    # A share that never varies is correlated with nothing.
    if min(np.ptp(first), np.ptp(second)) == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])
