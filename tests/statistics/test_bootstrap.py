import numpy as np
import pytest
from scipy.stats import binom, binomtest, norm

from detl.statistics import bootstrap
from detl.statistics.bootstrap import (
    FEWEST_GROUPS,
    NO_SPREAD,
    Measurement,
    draw_statistic,
    draw_weights,
    measure,
    measure_draws,
)
from detl.statistics.interval_ends import logit_ends


def _share(right):
    return lambda weights: weights @ right / weights.sum(axis=1)


def test_images_of_a_group_are_drawn_together():
    groups = np.array(["b", "a", "b", "c"])

    weights = draw_weights(groups, seed=0, draws=50)

    assert weights.shape == (50, 4)
    assert (weights[:, 0] == weights[:, 2]).all()


def test_as_many_groups_are_drawn_as_there_are():
    weights = draw_weights(np.arange(12), seed=0, draws=50)

    assert (weights.sum(axis=1) == 12).all()
    assert weights.std() > 0


def test_one_seed_gives_the_same_weights_again():
    groups = np.arange(30) // 2

    assert (draw_weights(groups, 3) == draw_weights(groups, 3)).all()
    assert (draw_weights(groups, 3) != draw_weights(groups, 4)).any()


def test_the_first_value_is_that_of_all_images_and_one_follows_per_resample():
    right = np.arange(20) < 5
    weights = draw_weights(np.arange(20), seed=0, draws=7)

    values = draw_statistic(_share(right), weights)

    np.testing.assert_allclose(values, [0.25, *(weights @ right / 20)])


def test_many_images_are_worked_on_in_parts(monkeypatch):
    right = np.arange(20) < 5
    weights = draw_weights(np.arange(20), seed=0, draws=7)
    together = draw_statistic(_share(right), weights)
    shapes = []

    def share(weights):
        shapes.append(weights.shape)
        return _share(right)(weights)

    monkeypatch.setattr(bootstrap, "BATCH", 60)
    values = draw_statistic(share, weights)

    assert shapes == [(1, 20), (3, 20), (3, 20), (1, 20)]
    np.testing.assert_allclose(values, together)


def test_a_share_of_independent_images_has_about_the_interval_of_wilson():
    right, groups = np.arange(400) < 300, np.arange(400)

    measured = measure(_share(right), draw_weights(groups, 0), groups, kind="share")

    wilson = binomtest(300, 400).proportion_ci(method="wilson")
    assert measured.value == 0.75
    assert (measured.low, measured.high) == pytest.approx(tuple(wilson), abs=0.003)
    assert (measured.groups, measured.note) == (400, "")


def test_copies_of_an_image_make_a_share_no_more_certain():
    right, groups = np.arange(40) < 30, np.arange(40)

    def ends(right, groups):
        weights = draw_weights(groups, 0)
        found = measure(_share(right), weights, groups, kind="share")
        return found.low, found.high

    assert ends(np.repeat(right, 5), np.repeat(groups, 5)) == pytest.approx(
        ends(right, groups), abs=0.005
    )


def test_what_is_no_share_has_the_percentiles_of_its_resamples():
    values = np.r_[0.3, np.linspace(-1, 1, 2001)]

    measured = measure_draws(values, np.arange(5000))

    assert (measured.value, measured.low, measured.high) == pytest.approx(
        (0.3, -0.95, 0.95), abs=0.001
    )


def test_of_few_groups_percentiles_are_taken_further_out():
    """As Student's quantile for 12 groups, 2.201, by the root of 12 / 11: 2.299."""
    values = np.r_[0.3, np.linspace(0, 1, 2001)]

    measured = measure_draws(values, np.arange(12))

    assert (measured.low, measured.high) == pytest.approx(
        (norm.cdf(-2.299), norm.cdf(2.299)), abs=1e-4
    )


def test_nineteen_of_twenty_intervals_of_a_mean_of_few_groups_hold_it():
    """Normal values of twelve patients with one to four images each."""
    rng = np.random.default_rng(0)
    hits = 0
    for seed in range(300):
        groups = np.repeat(np.arange(12), rng.integers(1, 5, 12))
        values = rng.normal(size=12)[groups] + rng.normal(size=len(groups))
        measured = measure(_share(values), draw_weights(groups, seed), groups)
        hits += measured.low <= 0 <= measured.high
    # Between the points 0.1 and 99.9 % of the binomial of 92 to 97 %.
    assert binom.ppf(0.001, 300, 0.92) <= hits <= binom.ppf(0.999, 300, 0.97)


def test_a_score_has_students_interval_on_the_scale_of_the_logit():
    values = np.r_[0.9, 0.9 + 0.02 * np.array([-1, 1] * 1000)]
    groups = np.arange(30)

    measured = measure_draws(values, groups, kind="score")

    expected = logit_ends(0.9, values[1:].std(ddof=1), groups)
    assert (measured.low, measured.high) == pytest.approx(expected)


@pytest.mark.parametrize("kind", ["share", "score"])
def test_all_right_is_not_certain(kind):
    measured = measure_draws(np.ones(2001), np.arange(30), kind=kind)

    wilson = binomtest(30, 30).proportion_ci(method="wilson")
    assert (measured.value, measured.high) == (1, 1)
    assert measured.low == pytest.approx(wilson.low)


@pytest.mark.parametrize("kind", ["score", "number"])
def test_what_is_the_same_in_every_resample_has_no_interval(kind):
    measured = measure_draws(np.full(2001, 0.25), np.arange(30), kind=kind)

    assert (measured.value, measured.note) == (0.25, NO_SPREAD)
    assert np.isnan([measured.low, measured.high]).all()
    assert not measured.is_missing


def test_a_spread_of_rounding_alone_is_none():
    values = np.r_[0.3, np.tile([0.3, 0.1 + 0.2], 1000)]

    assert not measure_draws(values, np.arange(30)).has_interval


@pytest.mark.parametrize("value", [0, 1])
def test_a_number_that_is_0_or_1_by_definition_keeps_its_ends(value):
    measured = measure_draws(np.full(2001, float(value)), np.arange(30))

    assert measured.low == measured.high == value


def test_a_share_that_is_the_same_in_every_resample_is_as_certain_as_its_images():
    measured = measure_draws(np.full(2001, 0.5), np.arange(30) // 2, kind="share")

    wilson = binomtest(15, 30).proportion_ci(method="wilson")
    assert (measured.low, measured.high) == pytest.approx(tuple(wilson))


def test_a_measurement_fills_the_columns_of_its_name():
    columns = Measurement(0.5, 0.4, 0.7, 30).as_columns("auc")

    assert columns == {"auc": 0.5, "auc_low": 0.4, "auc_high": 0.7}


def test_few_groups_give_no_number():
    groups = np.repeat(np.arange(FEWEST_GROUPS - 1), 20)

    measured = measure(_share(groups < 3), draw_weights(groups, 0), groups)

    assert np.isnan([measured.value, measured.low, measured.high]).all()
    assert measured.is_missing
    assert (measured.groups, measured.note) == (9, "not enough data (n = 9)")


def test_undefined_resamples_are_left_out():
    values = np.r_[0.3, np.linspace(0, 1, 2001), np.full(500, np.nan)]

    measured = measure_draws(values, np.arange(50))

    assert (measured.low, measured.high) == pytest.approx((0.025, 0.975), abs=0.01)


@pytest.mark.parametrize("values", [[np.nan, 0.5, 0.6], [0.5, np.nan, np.nan]])
def test_an_undefined_statistic_is_said_to_be(values):
    measured = measure_draws(np.array(values), np.arange(50))

    assert (measured.note, measured.is_missing) == ("undefined", True)
    assert np.isnan(measured.value)


def test_another_confidence_gives_another_width():
    values = np.r_[0.5, np.linspace(0, 1, 2001)]

    measured = measure_draws(values, np.arange(5000), confidence=0.5)

    assert (measured.low, measured.high) == pytest.approx((0.25, 0.75), abs=0.001)


def test_no_image_has_no_weight():
    assert draw_weights(np.array([]), seed=0, draws=5).shape == (5, 0)
