"""Ratios of two means, with intervals over patients and trainings."""

import numpy as np

from detl.statistics.bootstrap import Measurement, measure_draws
from detl.statistics.two_way import SeedSpread, stretch_ends, widen_for_seeds


def measure_ratio(
    above: np.ndarray,
    below: np.ndarray,
    groups: np.ndarray,
    are_paired: bool = False,
    confidence: float = 0.95,
) -> Measurement:
    """Return the ratio of two means over seeds, with its interval.

    Over patients the interval is of percentiles (``measure_draws``). The trainings move
    it by what they move the ratio by to first order, on either side of it.

    Args:
        above: Numerators under the same draws, (1 + draws,), or of each seed,
            (1 + draws, seeds).
        below: Denominators, likewise; draws in which their mean is not above 0 are left
            out.
        groups: The group of each image, (n,).
        are_paired: Whether both are of the same trainings. Otherwise their seeds have
            nothing in common.
        confidence: Coverage, between 0 and 1.
    """
    one, other = (values.reshape(len(values), -1) for values in (above, below))
    means = other.mean(axis=1)
    ratios = one.mean(axis=1) / np.where(means > 0, means, np.nan)
    found = measure_draws(ratios, groups, confidence)
    one, other = one / means[0], other * found.value / means[0]
    if are_paired:
        spreads = [SeedSpread.of(one - other)]
    else:
        spreads = [SeedSpread.of(values) for values in (one, other)]
    if not found.has_interval or all(spread.seeds == 1 for spread in spreads):
        return found
    variance = float(np.nanvar(ratios[1:], ddof=1))
    added, factor = widen_for_seeds(variance, found.groups, spreads, confidence)
    ends = found.low, found.value, found.high
    low, high = stretch_ends(*ends, added, factor, confidence)
    of_several = [spread.deviation**2 for spread in spreads if spread.seeds > 1]
    seed_sd = float(np.sqrt(sum(of_several)))
    return Measurement(found.value, low, high, found.groups, "", seed_sd)
