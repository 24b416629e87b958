"""Measures of calibration, and intervals corrected for the error of chance alone."""

from dataclasses import dataclass, replace

import numpy as np

from detl.statistics.bootstrap import Measurement, draw_statistic, measure_draws

BINS = 10
"""The most bins."""

FEWEST_IN_BIN = 20
"""There are fewer bins where a bin would have fewer images than this."""


def bin_equal_mass(values: np.ndarray, bins: int = BINS) -> np.ndarray:
    """Return the bin of each value, where bins hold about equally many images.

    Equal values share a bin, so that there are fewer bins where many are equal; and
    there are fewer where a bin would have fewer than ``FEWEST_IN_BIN`` images.

    Args:
        values: (n,), n at least 1.
        bins: The most bins to make, at least 1.

    Returns:
        Bins by rising values, from 0 and none left out, int (n,).
    """
    number = int(np.clip(len(values) // FEWEST_IN_BIN, 1, bins))
    edges = np.quantile(values, np.linspace(0, 1, number + 1)[1:-1])
    return np.unique(np.searchsorted(edges, values), return_inverse=True)[1]


def draw_means(terms: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the mean over images of each column, on all images and on each resample.

    Args:
        terms: (n, columns).
        weights: Result of ``draw_weights``, (draws, n).

    Returns:
        (1 + draws, columns).
    """

    def means(drawn: np.ndarray) -> np.ndarray:
        return drawn @ terms / drawn.sum(axis=1, keepdims=True)

    return draw_statistic(means, weights)


@dataclass(frozen=True)
class MeanLoss:
    """A loss with its mean over images.

    Attributes:
        means: Result of ``draw_means``; what is measured is the sum of its columns.
    """

    means: np.ndarray

    @property
    def values(self) -> np.ndarray:
        """What is measured, on all images and on each resample, (1 + draws,)."""
        return self.means.sum(axis=1)

    def measure(self, groups: np.ndarray) -> Measurement:
        """Return its value with the 95 % interval.

        Args:
            groups: The groups that it rests on.
        """
        return measure_draws(self.values, groups)

    def measure_change(self, after: "MeanLoss", groups: np.ndarray) -> Measurement:
        """Return another value minus this one, with the 95 % interval.

        Args:
            after: The other, of the same images and resamples.
            groups: The groups that both rest on.
        """
        return measure_draws(after.values - self.values, groups)

    def describe_chance(self) -> str:
        """Return what it would be by chance, in words; nothing where it has no bias."""
        return ""


class CalibrationError(MeanLoss):
    """The expected calibration error: bins' absolute gaps, weighted by their images.

    Attributes:
        means: Result of ``draw_means`` for probability minus outcome (1 or 0) of each
            image, in the column of its bin, and 0 in the others.
    """

    @classmethod
    def of(
        cls,
        probabilities: np.ndarray,
        outcomes: np.ndarray,
        weights: np.ndarray,
        bins: int = BINS,
    ) -> "CalibrationError":
        """Return the error of probabilities of an outcome, in bins of equal mass.

        Args:
            probabilities: 0 to 1, (n,).
            outcomes: Whether it came true, bool (n,).
            weights: Result of ``draw_weights``, (draws, n).
            bins: The most bins to make.
        """
        of_bin = bin_equal_mass(probabilities, bins)
        is_in_bin = of_bin[:, np.newaxis] == np.arange(of_bin.max() + 1)
        gaps = (probabilities - outcomes)[:, np.newaxis] * is_in_bin
        return cls(draw_means(gaps, weights))

    @property
    def values(self) -> np.ndarray:
        """The error on all images and on each resample, (1 + draws,)."""
        return np.abs(self.means).sum(axis=1)

    @property
    def by_chance(self) -> np.ndarray:
        """What calibrated probabilities would show on each resample, (draws,).

        Each bin's gap is moved so that it is 0 on all images; what then differs from
        0 in a resample is chance, and knows that a patient's images go together.
        """
        return np.abs(self.means[1:] - self.means[0]).sum(axis=1)

    def measure(self, groups: np.ndarray) -> Measurement:
        """Return the error with a 95 % interval that allows for its bias.

        An error is a sum of sizes, so it is biased upwards, and that of a resample once
        more: percentiles alone never reach the 0 of calibrated probabilities. The lower
        end here is 0 where the error is within 95 % of what chance alone gives
        (``by_chance``); else it is the percentile or, where that is lower, the upper
        percentile's mirror image about the error. The upper end is the percentile. Of
        these intervals 94 to 99 % hold the truth with 250 groups, and 88 to 97 % with
        60, where percentiles alone do in 0 to 97 % (see the benchmark of
        ``measure_change``).
        """
        found = super().measure(groups)
        if not found.has_interval:
            return found
        if found.value <= np.quantile(self.by_chance, 0.95):
            return replace(found, low=0.0)
        mirrored = 2 * found.value - found.high
        return replace(found, low=max(0.0, min(found.low, mirrored)))

    def measure_change(self, after: MeanLoss, groups: np.ndarray) -> Measurement:
        """Return another error minus this one, with an interval that allows for bias.

        The two biases differ where one error is 0 in truth and the other is not. The
        interval holds the percentiles, their mirror images about the value and, where
        an error may be 0, the difference with 0 in its place. Of these intervals 94 to
        98 % hold the truth with 250 groups, and 91 to 97 % with 60, where percentiles
        alone do in 5 to 94 % (``benchmarks/calibration_coverage.py``).
        """
        found = super().measure_change(after, groups)
        if not found.has_interval or np.array_equal(self.means, after.means):
            return found
        ends = [found.low, found.high]
        ends += [2 * found.value - end for end in ends]
        first, second = self.measure(groups), after.measure(groups)
        if second.low == 0:
            ends.append(-first.high)
        if first.low == 0:
            ends.append(second.high)
        return replace(found, low=max(-1.0, min(ends)), high=min(1.0, max(ends)))

    def describe_chance(self) -> str:
        """Return what calibrated probabilities would show, in words."""
        return f"calibrated probabilities would show {self.by_chance.mean():.3f}"
