import numpy as np
import pytest
from scipy.stats import norm

from detl.errors import DetlError
from detl.evaluation.bootstrap import mean_interval


def test_with_one_image_per_group_the_interval_is_that_of_a_proportion():
    values = np.repeat([1, 0], [300, 100])

    low, high = mean_interval(values, np.arange(400), seed=0)

    half = norm.ppf(0.975) * np.sqrt(0.75 * 0.25 / 400)
    assert (low, high) == pytest.approx((0.75 - half, 0.75 + half), abs=0.005)


def test_copies_of_an_image_add_no_certainty():
    values, groups = np.repeat([1, 0], [30, 10]), np.arange(40)

    alone = mean_interval(values, groups, seed=0)
    copied = mean_interval(np.repeat(values, 5), np.repeat(groups, 5), seed=0)

    assert copied == pytest.approx(alone)


def test_the_interval_of_equal_values_is_that_value():
    assert mean_interval(np.full(6, 0.5), np.arange(6), seed=0) == (0.5, 0.5)


def test_one_seed_gives_the_same_interval_again():
    values, groups = np.arange(20) % 3 == 0, np.arange(20) // 2

    assert mean_interval(values, groups, seed=3) == mean_interval(
        values, groups, seed=3
    )


def test_nineteen_of_twenty_intervals_hold_the_truth():
    """Clusters of one to five images that share their outcome; the truth is 0.7."""
    rng = np.random.default_rng(0)
    hits = 0
    for seed in range(200):
        sizes = rng.integers(1, 6, 80)
        values = np.repeat(rng.random(80) < 0.7, sizes)
        low, high = mean_interval(values, np.repeat(np.arange(80), sizes), seed)
        hits += low <= 0.7 <= high
    assert 180 <= hits <= 198


def test_one_group_has_no_interval():
    with pytest.raises(DetlError, match=r"1 groups of patients and needs at least 2"):
        mean_interval(np.ones(5), np.zeros(5), seed=0)
