import numpy as np
import pytest

from detl.statistics.bootstrap import draw_statistic, draw_weights, measure_draws
from detl.statistics.ratios import measure_ratio

GROUPS = np.arange(200)


def _sums(*counts):
    """Return the sums over images of which each seed has so many."""
    hits = np.column_stack([np.arange(200) < count for count in counts])
    return draw_statistic(lambda w: w @ hits, draw_weights(GROUPS, 0))


def test_the_ratio_is_that_of_the_means_over_seeds():
    found = measure_ratio(_sums(40, 60), _sums(100, 140, 120), GROUPS)

    assert found.value == pytest.approx(50 / 120)


def test_one_seed_each_has_the_percentiles_over_patients():
    above, below = _sums(40), _sums(120)

    found = measure_ratio(above, below, GROUPS)

    assert found == measure_draws((above / below)[:, 0], GROUPS)
    assert not found.holds_training


def test_the_spread_of_both_sides_moves_the_ratio():
    """20 % of one side and 10 % of the other, by the formula of small errors."""
    found = measure_ratio(_sums(40, 50, 60), _sums(90, 100, 110), GROUPS)

    assert found.seed_sd == pytest.approx(0.5 * np.hypot(0.2, 0.1))
    assert found.holds_training


def test_trainings_that_differ_make_a_ratio_less_certain():
    wide = measure_ratio(_sums(20, 50, 80), _sums(100, 100, 100), GROUPS)
    narrow = measure_ratio(_sums(50), _sums(100), GROUPS)

    assert wide.value == pytest.approx(narrow.value)
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


def test_a_network_reaches_all_of_what_it_reaches():
    same = _sums(90, 100, 110)

    found = measure_ratio(same, same, GROUPS, are_paired=True)

    assert (found.value, found.low, found.high) == (1, 1, 1)


def test_draws_without_a_denominator_are_left_out():
    above, below = _sums(40), _sums(120)
    below[7] = -1

    found = measure_ratio(above, below, GROUPS)

    assert 0 < found.low < 1 / 3 < found.high
