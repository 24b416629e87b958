import numpy as np
import pytest
from scipy.stats import binom, norm

from detl.evaluation.probabilities.operating_points import predictive_values_at
from detl.statistics.bootstrap import Measurement, draw_weights
from detl.statistics.rates import (
    Rates,
    measure_mean_share,
    measure_share,
)


def _rates(
    found: int, positives: int, spared: int, negatives: int, seed: int = 0
) -> Rates:
    """Return the rates of a rule; each image is a group of its own."""
    positive = np.arange(positives + negatives) < positives
    called = np.concatenate(
        [np.arange(positives) < found, np.arange(negatives) >= spared]
    )
    groups = np.arange(len(positive))
    return Rates.of(called, positive, draw_weights(groups, seed, 500), groups)


def test_the_rates_are_shares_of_positive_and_of_negative_images():
    rates = _rates(found=15, positives=20, spared=27, negatives=30)

    assert rates.sensitivity.value == 0.75
    assert rates.specificity.value == 0.9
    assert (rates.sensitivity.groups, rates.specificity.groups) == (20, 30)


def test_a_share_of_too_few_groups_has_no_number():
    groups = np.arange(30)

    found = measure_share(groups > 3, groups < 7, draw_weights(groups, 0), groups)

    assert np.isnan(found.value)
    assert found.note == "not enough data (n = 7)"


def test_the_share_of_one_network_is_that_of_its_images():
    hits, groups = np.arange(60) < 20, np.arange(60) // 2
    weights, every = draw_weights(groups, 0), np.full(60, True)

    one = measure_mean_share(hits.astype(float), every, weights, groups, 1)

    assert one == measure_share(hits, every, weights, groups)


def test_networks_that_err_on_other_images_are_surer_together():
    """Four that hit half of the images, by chance: as one on four times as many."""
    rng = np.random.default_rng(0)
    groups, every = np.arange(200), np.full(200, True)
    weights = draw_weights(groups, 0)
    said = (rng.random((4, 200)) < 0.5).mean(axis=0)

    four = measure_mean_share(said, every, weights, groups, 4)
    one = measure_share(np.arange(200) < 100, every, weights, groups)

    half = 1.96 * said.std() / np.sqrt(200)
    assert (four.value - four.low) == pytest.approx(half, rel=0.1)
    assert (four.high - four.low) == pytest.approx((one.high - one.low) / 2, rel=0.1)


def test_what_follows_from_one_rate_has_its_interval():
    rates = _rates(15, 20, 27, 30)

    found = rates.measure(lambda sensitivity, specificity: sensitivity)

    ends = (rates.sensitivity.low, rates.sensitivity.high)
    assert (found.low, found.high) == pytest.approx(ends)


def test_the_interval_of_a_sum_adds_the_squares_of_the_distances():
    rates = Rates(Measurement(0.5, 0.2, 0.9, 20), Measurement(0.5, 0.1, 0.8, 30))

    found = rates.measure(lambda sensitivity, specificity: sensitivity + specificity)

    assert (found.value, found.low, found.high) == pytest.approx((1, 0.5, 1.5))
    assert found.groups == 20


def test_a_rule_that_never_errs_here_may_err_elsewhere():
    ppv = predictive_values_at(0.001)["positive predictive value"]

    found = _rates(20, 20, 300, 300).measure(ppv)

    assert found.value == found.high == 1
    assert found.low < 0.1


def test_an_interval_stays_within_what_is_possible():
    npv = predictive_values_at(0.5)["negative predictive value"]

    found = _rates(6, 12, 6, 12).measure(npv)

    assert 0 <= found.low < found.value < found.high <= 1


def test_what_is_undefined_says_so():
    ppv = predictive_values_at(0.1)["positive predictive value"]

    found = _rates(0, 20, 20, 20).measure(ppv)

    assert np.isnan(found.value)
    assert found.note == "undefined"


def test_what_rests_on_a_rate_without_a_number_has_none():
    found = _rates(5, 7, 20, 20).measure(lambda a, b: a + b)

    assert np.isnan(found.value)
    assert (found.groups, found.note) == (7, "not enough data (n = 7)")


@pytest.mark.parametrize(("sensitivity", "specificity"), [(0.9, 0.97), (0.6, 0.8)])
def test_nineteen_of_twenty_intervals_hold_the_true_predictive_value(
    sensitivity, specificity
):
    ppv = predictive_values_at(0.05)["positive predictive value"]
    truth = ppv(sensitivity, specificity)
    rng = np.random.default_rng(0)
    hits = 0
    for seed in range(100):
        found = rng.binomial(40, sensitivity), rng.binomial(100, specificity)
        one = _rates(found[0], 40, found[1], 100, seed).measure(ppv)
        hits += one.low <= truth <= one.high
    assert 90 <= hits <= 100


def test_nineteen_of_twenty_intervals_of_a_mean_of_networks_hold_it():
    """Patients of two images; four networks that share half of what they see."""
    rng = np.random.default_rng(0)
    groups, every = np.arange(100) // 2, np.full(100, True)
    hits = 0
    for seed in range(150):
        patient = np.repeat(rng.normal(size=50), 2)
        own = rng.normal(size=(4, 100))
        # A probit, right in 70 % of cases.
        seen = np.sqrt(0.5) * (patient + own)
        said = (seen < norm.ppf(0.7)).mean(axis=0)
        weights = draw_weights(groups, seed)
        found = measure_mean_share(said, every, weights, groups, 4)
        hits += found.low <= 0.7 <= found.high
    # Between the points 0.1 and 99.9 % of the binomial of 92 to 97 %.
    assert binom.ppf(0.001, 150, 0.92) <= hits <= binom.ppf(0.999, 150, 0.97)


def test_the_share_of_several_seeds_is_the_mean_of_theirs():
    groups = np.arange(60)
    hits = np.column_stack([groups < k for k in (20, 30, 40)])

    found = measure_share(hits, groups < 50, draw_weights(groups, 0), groups)

    assert found.value == pytest.approx(30 / 50)
    assert found.seed_sd == pytest.approx(10 / 50)


def test_a_mean_share_of_several_seeds_is_the_mean_of_theirs():
    groups = np.arange(60)
    said = np.column_stack([np.full(60, share) for share in (0.2, 0.4)])
    every = np.full(60, True)

    found = measure_mean_share(said, every, draw_weights(groups, 0), groups, 5)

    assert found.value == pytest.approx(0.3)
    assert found.seed_sd == pytest.approx(np.sqrt(0.02))
