import math

import numpy as np
import pandas as pd
import pytest

from detl.statistics.corrected_t import estimate_mean, measure_overlap


def test_the_ratio_is_of_tested_images_to_those_that_are_trained_on():
    subsets = ["test"] * 2 + ["train"] * 5 + ["validation"] * 3
    folds = pd.DataFrame({"fold": "fold_1", "subset": subsets * 2})

    assert measure_overlap(folds) == pytest.approx(0.4)


def test_the_interval_and_p_are_those_of_a_hand_calculation():
    """Three folds: mean 2, variance 1, corrected error sqrt(1/3 + 2/3) = 1.

    Student's t with 2 degrees of freedom has the distribution function
    1/2 + t / (2 sqrt(2 + t**2)): p = 1 - 2 / sqrt(6), and the point 0.975 is 4.3027.
    """
    estimate = estimate_mean(np.array([1.0, 2.0, 3.0]), overlap=2 / 3)

    assert estimate.mean == 2
    assert estimate.p == pytest.approx(1 - 2 / math.sqrt(6))
    assert estimate.low == pytest.approx(2 - 4.3027, abs=1e-4)
    assert estimate.high == pytest.approx(2 + 4.3027, abs=1e-4)


def test_without_overlap_the_test_is_the_usual_t_test():
    from scipy.stats import ttest_1samp

    values = np.array([0.02, -0.01, 0.05, 0.03, 0.01])

    usual = ttest_1samp(values, 0)

    estimate = estimate_mean(values, overlap=0)
    assert estimate.p == pytest.approx(usual.pvalue)
    assert estimate.high == pytest.approx(usual.confidence_interval().high)


def test_the_corrected_test_errs_as_often_as_it_says_where_the_usual_one_does_not():
    """Folds correlated as the correction assumes: overlap = r / (1 - r)."""
    random = np.random.default_rng(0)
    folds, correlation = 5, 0.2
    overlap = correlation / (1 - correlation)
    shared = math.sqrt(correlation) * random.normal(size=(1000, 1))
    own = math.sqrt(1 - correlation) * random.normal(size=(1000, folds))

    def errors(overlap: float) -> float:
        return np.mean([estimate_mean(v, overlap).p < 0.05 for v in shared + own])

    assert errors(overlap) == pytest.approx(0.05, abs=0.02)
    assert errors(0) > 0.10


def test_a_difference_that_never_varies_has_neither_interval_nor_p():
    estimate = estimate_mean(np.array([0.25, 0.25, 0.25]), overlap=0.25)

    assert estimate.mean == 0.25
    assert np.isnan([estimate.low, estimate.high, estimate.p]).all()


def test_differences_that_vary_by_rounding_alone_have_no_interval():
    ones = np.array([0.3, 0.6, 0.7])
    others = np.array([0.1 + 0.2, 0.6, 0.1 + 0.6])
    assert (others != ones).any()

    estimate = estimate_mean(others - ones, overlap=0.25)

    assert estimate.low == estimate.high == estimate.mean
    assert estimate.p == 1
