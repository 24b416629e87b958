import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from detl.errors import DetlError
from detl.evaluation.predictions import read_probabilities
from detl.evaluation.probabilities.temperature import (
    TEMPERATURES,
    fit_temperature,
    fit_temperatures,
    scale_predictions,
    scale_temperature,
)
from detl.schemas.classes import class_indices
from made_probabilities import draw_pooled, tabulate


def _fit(table: pd.DataFrame) -> tuple[float, str]:
    return fit_temperature(read_probabilities(table), class_indices(table["label"]))


def test_scaling_probabilities_is_dividing_their_logits():
    logits = np.random.default_rng(0).normal(size=(20, 4))

    scaled = scale_temperature(softmax(logits, axis=1), 2.5)

    np.testing.assert_allclose(scaled, softmax(logits / 2.5, axis=1))


def test_each_image_may_have_a_temperature_of_its_own():
    probabilities = np.array([[0.1, 0.2, 0.3, 0.4]] * 2)

    scaled = scale_temperature(probabilities, np.array([1.0, 3.0]))

    np.testing.assert_allclose(scaled[0], probabilities[0])
    np.testing.assert_allclose(scaled[1], scale_temperature(probabilities, 3.0)[1])


@pytest.mark.parametrize("temperature", [TEMPERATURES[0], 0.5, 1.0, TEMPERATURES[1]])
def test_scaling_changes_no_argmax(temperature):
    rng = np.random.default_rng(0)
    probabilities = softmax(5 * rng.normal(size=(1000, 4)), axis=1)

    scaled = scale_temperature(probabilities, temperature)

    np.testing.assert_array_equal(scaled.argmax(axis=1), probabilities.argmax(axis=1))


@pytest.mark.parametrize("temperature", [TEMPERATURES[0], 0.7, 3.0, TEMPERATURES[1]])
def test_scaling_leaves_ties_tied(temperature):
    ties = np.array([[0.4, 0.4, 0.1, 0.1], [0.25] * 4, [0, 0.5, 0.5, 0], [0, 1, 0, 0]])

    scaled = scale_temperature(ties, temperature)

    assert (scaled[0, 0], scaled[1, 2], scaled[2, 1]) == (
        scaled[0, 1],
        scaled[1, 0],
        scaled[2, 2],
    )
    np.testing.assert_array_equal(scaled.argmax(axis=1), ties.argmax(axis=1))
    np.testing.assert_allclose(scaled.sum(axis=1), 1)


def test_the_temperature_of_calibrated_probabilities_is_about_1():
    temperature, note = _fit(draw_pooled(4000))

    assert temperature == pytest.approx(1, abs=0.06)
    assert note == ""


def test_the_temperature_undoes_a_factor_on_the_logits():
    temperature, _ = _fit(draw_pooled(4000, sharpness=3))

    assert temperature == pytest.approx(3, rel=0.06)


def test_of_two_outcomes_the_temperature_is_that_of_a_hand_calculation():
    """Always 0.9 against 0.1, right 3 times of 4: log 9 / T must be log 3."""
    probabilities = np.array([[0.9, 0.1, 0, 0]] * 40)

    temperature, _ = fit_temperature(probabilities, np.repeat([0, 1], [30, 10]))

    assert temperature == pytest.approx(2, abs=1e-3)


def test_where_all_are_right_the_temperature_stays_within_bounds_and_says_so():
    temperature, note = fit_temperature(
        np.array([[0.7, 0.1, 0.1, 0.1], [0.1, 0.1, 0.1, 0.7]]), np.array([0, 3])
    )

    assert temperature == pytest.approx(TEMPERATURES[0])
    assert note == (
        "all of 2 images are classified correctly; it stopped at its lower bound; "
        "it rests on 2 images"
    )


def test_where_all_are_wrong_the_temperature_stops_at_its_upper_bound():
    temperature, note = fit_temperature(
        np.array([[0.97, 0.01, 0.01, 0.01]] * 30), np.ones(30, int)
    )

    assert temperature == pytest.approx(TEMPERATURES[1])
    assert note == "it stopped at its upper bound"


def test_probabilities_that_say_nothing_leave_the_temperature_at_1():
    temperature, note = fit_temperature(np.full((30, 4), 0.25), np.arange(30) % 4)

    assert temperature == 1
    assert "every class has the same probability" in note


def test_a_certain_error_has_a_finite_likelihood():
    temperature, _ = fit_temperature(np.eye(4)[[0] * 9], np.array([0] * 8 + [1]))

    assert np.isfinite(temperature)


def test_each_fold_has_its_own_temperature():
    one = draw_pooled(2000, sharpness=1).assign(fold="fold_1")
    other = draw_pooled(2000, sharpness=2).assign(fold="fold_2")

    table = fit_temperatures(pd.concat([one, other])).set_index("fold")

    assert table["temperature"]["fold_1"] == pytest.approx(1, abs=0.1)
    assert table["temperature"]["fold_2"] == pytest.approx(2, abs=0.2)
    assert list(table["images"]) == [2000, 2000]


def test_a_class_without_an_inner_validation_image_is_named():
    validated = draw_pooled(100)
    validated = validated[validated["label"] != "covid_19"]

    assert list(fit_temperatures(validated)["note"]) == ["no image of covid_19"] * 2


def test_constant_probabilities_are_named():
    validated = tabulate(
        np.array([[0.4, 0.3, 0.2, 0.1]] * 40), np.arange(40) % 4, folds="fold_3"
    )

    (note,) = fit_temperatures(validated)["note"]

    assert "constant probabilities of the inner validation images of fold_3" in note


def test_without_inner_validation_parts_there_is_no_temperature():
    table = fit_temperatures(draw_pooled(10).iloc[:0])

    assert table["temperature"].isna().all()
    assert list(table["note"]) == [
        "not computed: protocol paper has no inner validation part"
    ]


def test_predictions_are_scaled_by_the_temperature_of_their_fold():
    tested, validated = draw_pooled(40, seed=1), draw_pooled(400, sharpness=2)
    temperatures = fit_temperatures(validated)

    scaled = scale_predictions(tested, temperatures)

    of_fold = temperatures.set_index("fold")["temperature"]
    expected = scale_temperature(
        read_probabilities(tested), tested["fold"].map(of_fold).to_numpy()
    )
    np.testing.assert_allclose(read_probabilities(scaled), expected)
    assert list(scaled["predicted"]) == list(tested["predicted"])


def test_a_fold_that_alone_lacks_an_inner_validation_part_stops():
    validated = draw_pooled(40)
    temperatures = fit_temperatures(validated[validated["fold"] == "fold_1"])
    with pytest.raises(DetlError, match="Fold fold_2 has no inner validation images"):
        scale_predictions(draw_pooled(40), temperatures)


def test_without_a_temperature_nothing_is_scaled():
    temperatures = fit_temperatures(draw_pooled(10).iloc[:0])

    assert scale_predictions(draw_pooled(40), temperatures).empty
