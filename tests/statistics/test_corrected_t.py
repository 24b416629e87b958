import math

import numpy as np
import pandas as pd
import pytest

from detl.statistics.corrected_t import (
    compare_arms,
    estimate_mean,
    measure_overlap,
)

FOLDS = ["fold_1", "fold_2", "fold_3"]


def _arms(**accuracies: list[float]) -> pd.DataFrame:
    return pd.DataFrame(accuracies, index=FOLDS)


def test_the_ratio_is_of_tested_images_to_those_that_are_trained_on():
    subsets = ["test"] * 2 + ["train"] * 5 + ["validation"] * 3
    folds = pd.DataFrame({"fold": "fold_1", "subset": subsets * 2})

    assert measure_overlap(folds) == 0.4


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


def test_equal_arms_differ_by_0_with_p_1():
    table = compare_arms(_arms(a=[0.5, 0.6, 0.9], b=[0.5, 0.6, 0.9]), "a", 0.25)

    row = table.loc["b"]
    assert list(row[["difference", "difference_low", "difference_high"]]) == [0, 0, 0]
    assert row["p"] == row["p_holm"] == 1


def test_a_difference_that_never_varies_has_neither_interval_nor_p():
    estimate = estimate_mean(np.array([0.25, 0.25, 0.25]), overlap=0.25)

    assert estimate.mean == 0.25
    assert np.isnan([estimate.low, estimate.high, estimate.p]).all()


def test_an_arm_that_differs_by_as_much_in_every_fold_is_not_tested():
    arms = _arms(a=[0.5, 0.6, 0.9], b=[0.55, 0.65, 0.95], c=[0.5, 0.65, 0.9])

    table = compare_arms(arms, "a", 0.25)

    assert table.loc["b", "difference"] == pytest.approx(0.05)
    ends = ["difference_low", "difference_high", "p", "p_holm"]
    assert table.loc["b", ends].isna().all()
    assert table.loc["c", "p_holm"] == table.loc["c", "p"]


def test_differences_that_vary_by_rounding_alone_have_no_interval():
    ones = np.array([0.3, 0.6, 0.7])
    others = np.array([0.1 + 0.2, 0.6, 0.1 + 0.6])
    assert (others != ones).any()

    estimate = estimate_mean(others - ones, overlap=0.25)

    assert estimate.low == estimate.high == estimate.mean
    assert estimate.p == 1


def test_arms_are_compared_fold_by_fold():
    """The arms vary much from fold to fold, but b is always just above a."""
    arms = _arms(a=[0.2, 0.5, 0.8], b=[0.25, 0.56, 0.85])

    table = compare_arms(arms, "a", 0.25)

    assert table.loc["b", "difference"] == pytest.approx(0.16 / 3)
    assert table.loc["b", "difference_low"] > 0
    assert table.loc["b", "accuracy_low"] < table.loc["a", "accuracy_mean"]


def test_the_reference_arm_is_not_compared_with_itself():
    table = compare_arms(_arms(a=[0.2, 0.5, 0.8], b=[0.3, 0.5, 0.7]), "a", 0.25)

    assert table.loc["a", "accuracy_mean"] == pytest.approx(0.5)
    assert table.loc["a", ["difference", "p", "p_holm"]].isna().all()


def test_without_the_reference_arm_nothing_is_compared():
    table = compare_arms(_arms(b=[0.3, 0.5, 0.7]), "a", 0.25)

    assert table.loc["b", "accuracy_sd"] == pytest.approx(0.2)
    assert table[["difference", "p", "p_holm"]].isna().all(axis=None)


def test_holms_correction_multiplies_the_least_p_by_the_number_of_arms():
    arms = _arms(
        a=[0.5, 0.6, 0.7], b=[0.61, 0.7, 0.8], c=[0.6, 0.6, 0.8], d=[0.5, 0.61, 0.7]
    )

    table = compare_arms(arms, "a", 0.25)

    p = table["p"].drop("a").sort_values()
    expected = np.maximum.accumulate(np.minimum(p * [3, 2, 1], 1))
    np.testing.assert_allclose(table["p_holm"][p.index], expected)


def test_intervals_stay_within_what_is_possible():
    table = compare_arms(_arms(a=[0.0, 0.1, 0.0], b=[1.0, 0.2, 1.0]), "a", 0.25)

    assert table.loc["a", "accuracy_low"] == 0
    assert table.loc["b", "accuracy_high"] == 1
    assert table.loc["b", "difference_high"] == 1
