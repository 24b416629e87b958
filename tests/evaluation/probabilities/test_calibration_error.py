from functools import cache

import numpy as np
import pytest
from scipy.special import expit

from detl.evaluation.probabilities.calibration_error import (
    CalibrationError,
    MeanLoss,
    bin_equal_mass,
    draw_means,
)
from detl.statistics.bootstrap import draw_weights


def _draw_error(
    patients: int, sharpness: float, seed: int, draws: int = 300
) -> tuple[CalibrationError, np.ndarray]:
    """Return the error of probabilities of patients with two images each."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(patients), 2)
    logits = rng.normal(size=patients)[groups] + 0.3 * rng.normal(size=len(groups))
    hits = rng.random(patients)[groups] < expit(logits)
    weights = draw_weights(groups, seed, draws)
    return CalibrationError.of(expit(sharpness * logits), hits, weights, 5), groups


@cache
def _errors(sharpness: float) -> list[tuple[CalibrationError, np.ndarray]]:
    """Return the errors of 60 studies."""
    return [_draw_error(200, sharpness, seed) for seed in range(60)]


def _true_error(sharpness: float) -> float:
    """Return the error of very many images; without bins, which hardly differ."""
    logits = np.hypot(1, 0.3) * np.random.default_rng(0).normal(size=100_000)
    return float(np.abs(expit(sharpness * logits) - expit(logits)).mean())


def test_bins_hold_equally_many_images():
    bins = bin_equal_mass(np.random.default_rng(0).random(1000))

    assert list(np.bincount(bins)) == [100] * 10


def test_bins_rise_with_the_values():
    values = np.random.default_rng(0).random(200)

    assert (np.diff(bin_equal_mass(values)[values.argsort()]) >= 0).all()


def test_few_images_make_few_bins():
    assert bin_equal_mass(np.random.default_rng(0).random(59)).max() == 1
    assert bin_equal_mass(np.array([0.5])).max() == 0


def test_equal_values_share_a_bin():
    values = np.concatenate([np.full(150, 0.5), np.linspace(0.6, 1, 50)])

    assert len(set(bin_equal_mass(values)[:150])) == 1
    assert bin_equal_mass(np.full(200, 0.5)).max() == 0


def test_means_are_of_all_images_first():
    terms = np.array([[1.0, 0.0], [2.0, 3.0]])

    means = draw_means(terms, np.array([[2, 0], [0, 2]]))

    np.testing.assert_array_equal(means, [[1.5, 1.5], [1, 0], [2, 3]])


def test_one_bin_shows_the_gap_between_mean_probability_and_share():
    groups = np.arange(12)
    outcomes = groups < 3

    error = CalibrationError.of(np.full(12, 0.75), outcomes, draw_weights(groups, 0))

    assert error.measure(groups).value == pytest.approx(0.5)


def test_copies_of_images_add_no_certainty():
    rng = np.random.default_rng(0)
    probabilities, groups = rng.random(100), np.arange(100)
    outcomes = rng.random(100) < 0.5
    copies = np.repeat(groups, 3)

    alone = CalibrationError.of(probabilities, outcomes, draw_weights(groups, 0), 3)
    copied = CalibrationError.of(
        probabilities[copies], outcomes[copies], draw_weights(copies, 0), 3
    )

    one, three = alone.measure(groups), copied.measure(copies)
    assert (three.low, three.high) == pytest.approx((one.low, one.high))


def test_the_interval_of_calibrated_probabilities_reaches_0():
    reached = [error.measure(groups).low == 0 for error, groups in _errors(1)]

    assert np.mean(reached) >= 0.9


def test_the_interval_of_uncalibrated_probabilities_excludes_0():
    assert all(error.measure(groups).low > 0 for error, groups in _errors(3))


@pytest.mark.parametrize("sharpness", [1, 3])
def test_nineteen_of_twenty_intervals_hold_the_true_error(sharpness):
    truth = _true_error(sharpness)
    found = [error.measure(groups) for error, groups in _errors(sharpness)]

    assert np.mean([one.low <= truth <= one.high for one in found]) >= 0.9


def test_nineteen_of_twenty_intervals_hold_the_true_change():
    truth = _true_error(1) - _true_error(3)
    pairs = zip(_errors(3), _errors(1), strict=True)
    found = [before.measure_change(after, g) for (before, g), (after, _) in pairs]

    assert np.mean([one.low <= truth <= one.high for one in found]) >= 0.9


def test_chance_is_what_calibrated_probabilities_show_on_average():
    errors = [error for error, _ in _errors(1)]

    by_chance = np.mean([error.by_chance.mean() for error in errors])

    shown = np.mean([error.values[0] for error in errors])
    assert by_chance == pytest.approx(shown, rel=0.15)


def test_chance_falls_with_more_images():
    few, _ = _draw_error(50, 1, seed=0)
    many, _ = _draw_error(2000, 1, seed=0)

    assert many.by_chance.mean() < few.by_chance.mean() / 4


def test_an_error_changes_to_itself_by_exactly_0():
    error, groups = _draw_error(100, 2, seed=0)

    change = error.measure_change(error, groups)

    assert (change.value, change.low, change.high) == (0, 0, 0)


def test_an_error_without_a_spread_has_no_interval():
    groups = np.arange(60)
    is_never = np.zeros(60, bool)

    error = CalibrationError.of(np.full(60, 0.3), is_never, draw_weights(groups, 0))

    found = error.measure(groups)
    assert found.value == pytest.approx(0.3)
    assert np.isnan([found.low, found.high]).all()


def test_few_groups_have_no_error():
    groups = np.arange(7)

    error = CalibrationError.of(np.full(7, 0.5), groups > 3, draw_weights(groups, 0))

    for found in (error.measure(groups), error.measure_change(error, groups)):
        assert np.isnan(found.value)
        assert found.note == "not enough data (n = 7)"


def test_the_mean_of_a_loss_is_measured_as_it_is():
    groups = np.arange(40)
    losses = np.linspace(0, 2, 40)[:, np.newaxis]

    loss = MeanLoss(draw_means(losses, draw_weights(groups, 0)))

    found = loss.measure(groups)
    assert found.value == pytest.approx(1)
    assert found.low < 1 < found.high
    assert loss.measure_change(loss, groups).value == 0
    assert loss.describe_chance() == ""
