from dataclasses import astuple

import numpy as np
import pytest
from scipy.stats import norm, t

from detl.statistics.bootstrap import draw_statistic, draw_weights, measure_draws
from detl.statistics.two_way import SeedSpread, stretch_ends, widen_for_seeds


def _draw(right, groups):
    weights = draw_weights(groups, 0)
    return draw_statistic(lambda w: w @ right / w.sum(axis=1, keepdims=True), weights)


def _right(*counts, images=400):
    """Whether each of several seeds is right about an image: the first so many."""
    return np.column_stack([np.arange(images) < count for count in counts])


def test_the_spread_over_seeds_is_that_of_their_values():
    values = np.tile([0.5, 0.6, 0.7], (50, 1))

    spread = SeedSpread.of(values)

    assert spread.deviation == pytest.approx(0.1)
    assert spread.observed == pytest.approx(0.01 / 3)
    assert spread.added == pytest.approx(spread.observed)


def test_what_seeds_disagree_on_by_image_is_not_counted_twice():
    """Independent errors: all of the spread over seeds is of the images."""
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(40):
        spread = SeedSpread.of(_draw(rng.random((300, 8)) < 0.7, np.arange(300)))
        shares.append(spread.added / spread.observed)

    assert np.mean(shares) < 0.35


def test_of_one_seed_nothing_is_known():
    spread = SeedSpread.of(np.linspace(0, 1, 50)[:, None])

    assert (spread.added, spread.observed) == (0, 0)
    assert np.isnan(spread.deviation)


def test_resamples_in_which_a_seed_has_no_value_are_left_out():
    values = np.random.default_rng(0).normal(size=(50, 3))
    gaps = np.insert(values, 7, [np.nan, 0, 0], axis=0)

    found, expected = (astuple(SeedSpread.of(table)) for table in (gaps, values))
    assert found == pytest.approx(expected)


def test_one_seed_leaves_the_interval_over_patients():
    assert widen_for_seeds(0.01, 50, [SeedSpread(0.0, 0.0, 1)]) == (0, 1)


def test_the_degrees_of_freedom_are_those_of_satterthwaite():
    """Equal variances of 31 patients and 3 seeds: 4 / (1 / 30 + 1 / 2) = 7.5."""
    added, factor = widen_for_seeds(0.01, 31, [SeedSpread(0.01, 0.01, 3)])

    assert added == 0.01
    assert factor == pytest.approx(t(7.5).ppf(0.975) / t(30).ppf(0.975))


def test_where_seeds_decide_alone_their_number_gives_the_degrees_of_freedom():
    _, factor = widen_for_seeds(1e-9, 31, [SeedSpread(0.01, 0.01, 3)])

    assert factor == pytest.approx(t(2).ppf(0.975) / t(30).ppf(0.975), rel=1e-4)


def test_ends_move_out_by_the_variance_and_the_quantile():
    z = norm.ppf(0.975)

    low, high = stretch_ends(-3 * z, 0.0, 6 * z, 16.0, 2.0, 0.95)

    assert (low, high) == pytest.approx((-10 * z, 2 * z * np.sqrt(52)))


def test_the_mean_over_seeds_is_measured_and_its_spread_said():
    measured = measure_draws(
        _draw(_right(200, 220, 240), np.arange(400)), np.arange(400)
    )

    assert measured.value == pytest.approx(0.55)
    assert measured.seed_sd == pytest.approx(0.05)
    assert measured.holds_training


def test_one_training_has_an_interval_over_patients_and_says_so():
    groups = np.arange(400)
    values = _draw(_right(220), groups)

    measured = measure_draws(values, groups, kind="share")

    assert measured == measure_draws(values[:, 0], groups, kind="share")
    assert not measured.holds_training


@pytest.mark.parametrize("kind", ["share", "score", "number"])
def test_seeds_that_differ_make_any_statistic_less_certain(kind):
    groups = np.arange(400)

    def width(*counts):
        found = measure_draws(_draw(_right(*counts), groups), groups, kind=kind)
        assert found.low < found.value < found.high
        return found.high - found.low

    assert width(200, 220, 240) > 1.5 * width(220)


@pytest.mark.parametrize("kind", ["share", "score", "number"])
def test_the_interval_over_patients_and_seeds_is_that_of_the_components(kind):
    """Patients 0.0249**2, seeds 0.05**2 / 3, less what images have of it already."""
    groups = np.arange(400)
    values = _draw(_right(200, 220, 240), groups)

    measured = measure_draws(values, groups, kind=kind)

    spread = SeedSpread.of(values)
    variance = values.mean(axis=1)[1:].var(ddof=1)
    total = variance + spread.added
    freedom = total**2 / (variance**2 / 399 + spread.observed**2 / 2)
    half = t(freedom).ppf(0.975) * np.sqrt(total)
    assert measured.high - measured.low == pytest.approx(2 * half, rel=0.06)


def test_seeds_that_are_all_right_are_as_certain_as_one():
    groups = np.arange(40)
    values = _draw(np.ones((40, 3), bool), groups)

    three = measure_draws(values, groups, kind="share")
    one = measure_draws(values[:, :1], groups, kind="share")

    assert (three.value, three.high) == (1, 1)
    assert three.low == pytest.approx(one.low)


def test_a_statistic_that_one_seed_lacks_is_undefined():
    values = _draw(_right(20, 25, images=40), np.arange(40))
    values[0, 1] = np.nan

    assert measure_draws(values, np.arange(40)).note == "undefined"
