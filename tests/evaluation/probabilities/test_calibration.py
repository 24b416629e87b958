import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss

from detl.evaluation.probabilities.calibration import (
    measure_calibration,
    measure_reliability,
)
from detl.schemas.classes import DATA_B_CLASSES, class_indices
from made_probabilities import draw_pooled, scale_by, tabulate

ERROR = "expected calibration error"
NO_VALIDATION = "not computed: protocol paper has no inner validation part"


@pytest.fixture(scope="module")
def tested() -> pd.DataFrame:
    return draw_pooled(600, sharpness=3, seed=1)


@pytest.fixture(scope="module")
def validated() -> pd.DataFrame:
    return draw_pooled(400, sharpness=3, seed=2)


@pytest.fixture(scope="module")
def calibration(tested, validated) -> pd.DataFrame:
    return _measure(tested, validated)


def _measure(tested, validated, measure=measure_calibration) -> pd.DataFrame:
    return measure(tested, *scale_by(validated, tested), seed=0)


def _row(
    table: pd.DataFrame, quantity: str, probabilities: str, label: str = ""
) -> pd.Series:
    is_one = (table["quantity"] == quantity) & (table["class"] == label)
    return table[is_one & (table["probabilities"] == probabilities)].squeeze()


def _probabilities(table: pd.DataFrame) -> np.ndarray:
    return table[[f"p_{name}" for name in DATA_B_CLASSES]].to_numpy()


def _error_by_scikit_learn(hits: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean gap over bins that all hold equally many images."""
    shares, means = calibration_curve(
        hits, probabilities, n_bins=10, strategy="quantile"
    )
    return np.abs(shares - means).mean()


def test_there_is_a_row_for_each_quantity_and_state(calibration):
    states = {"as they are", "temperature scaled", "difference"}
    by_quantity = calibration.groupby(["quantity", "class"])["probabilities"].agg(set)

    assert len(by_quantity) == 7
    assert (by_quantity == states).all()
    assert (calibration["low"] <= calibration["value"]).all()
    assert (calibration["value"] <= calibration["high"]).all()


def test_the_error_of_the_top_label_is_that_of_scikit_learn(tested, calibration):
    probabilities = _probabilities(tested)
    hits = tested["label"] == tested["predicted"]

    expected = _error_by_scikit_learn(hits, probabilities.max(axis=1))

    found = _row(calibration, ERROR, "as they are")
    assert found["value"] == pytest.approx(expected)


@pytest.mark.parametrize("label", DATA_B_CLASSES)
def test_the_error_of_a_class_is_that_of_scikit_learn(tested, calibration, label):
    expected = _error_by_scikit_learn(tested["label"] == label, tested[f"p_{label}"])

    found = _row(calibration, ERROR, "as they are", label)
    assert found["value"] == pytest.approx(expected)


def test_the_brier_score_is_that_of_scikit_learn_from_0_to_2(tested, calibration):
    expected = brier_score_loss(
        class_indices(tested["label"]),
        _probabilities(tested),
        labels=range(4),
        scale_by_half=False,
    )

    found = _row(calibration, "Brier score", "as they are")
    assert found["value"] == pytest.approx(expected)


def test_the_brier_score_of_a_certain_error_is_2():
    wrong = tabulate(np.eye(4)[[0] * 20], np.ones(20, int))

    found = _row(_measure(wrong, wrong.iloc[:0]), "Brier score", "as they are")

    assert found["value"] == 2


def test_the_likelihood_is_that_of_scikit_learn(tested, calibration):
    labels = class_indices(tested["label"])

    expected = log_loss(labels, _probabilities(tested), labels=range(4))

    found = _row(calibration, "negative log-likelihood", "as they are")
    assert found["value"] == pytest.approx(expected)


def test_the_error_of_over_confident_logits_falls_by_half_or_more(calibration):
    before = _row(calibration, ERROR, "as they are")
    after = _row(calibration, ERROR, "temperature scaled")

    assert after["value"] <= before["value"] / 2
    assert after["low"] == 0
    assert _row(calibration, ERROR, "difference")["high"] < 0


def test_the_difference_is_after_minus_before(calibration):
    for quantity in (ERROR, "Brier score", "negative log-likelihood"):
        before, after, difference = (
            _row(calibration, quantity, state)["value"]
            for state in ("as they are", "temperature scaled", "difference")
        )
        assert difference == pytest.approx(after - before)


def test_the_note_says_what_chance_alone_shows(calibration):
    note = _row(calibration, ERROR, "temperature scaled")["note"]

    shown = float(note.removeprefix("calibrated probabilities would show "))
    assert 0.02 < shown < 0.08


def test_one_seed_gives_the_same_table_again(tested, validated, calibration):
    again = _measure(tested, validated)

    pd.testing.assert_frame_equal(again, calibration)


def test_the_table_survives_csv(calibration, tmp_path):
    calibration.to_csv(tmp_path / "calibration.csv", index=False)

    read = pd.read_csv(tmp_path / "calibration.csv", keep_default_na=False)

    assert read["value"].dtype == "float64"
    assert list(read["note"]) == list(calibration["note"])


def test_without_inner_validation_parts_nothing_scaled_has_a_number(tested):
    table = _measure(tested, tested.iloc[:0])

    is_scaled = table["probabilities"] != "as they are"
    assert table[["value", "low", "high"]][is_scaled].isna().all(axis=None)
    assert set(table["note"][is_scaled]) == {NO_VALIDATION}
    assert table["value"][~is_scaled].notna().all()


def test_too_few_positives_have_no_number(tested, validated):
    is_covid = (tested["label"] == "covid_19").to_numpy()
    few = tested[~is_covid | (is_covid.cumsum() <= 7)]

    table = _measure(few, validated)

    for state in ("as they are", "temperature scaled", "difference"):
        row = _row(table, ERROR, state, "covid_19")
        assert np.isnan(row["value"])
        assert row["groups"] == 7
        assert row["note"] == "not enough data (n = 7)"
    assert _row(table, ERROR, "as they are")["value"] > 0


def test_a_class_missing_in_a_fold_is_named(tested, validated):
    gone = (tested["fold"] == "fold_2") & (tested["label"] == "pneumonia")

    table = _measure(tested[~gone], validated)

    note = _row(table, ERROR, "difference", "pneumonia")["note"]
    assert note == "no test image of pneumonia in fold_2"


def test_constant_probabilities_are_named_and_divide_nothing_by_0():
    constant = tabulate(np.array([[0.4, 0.3, 0.2, 0.1]] * 80), np.arange(80) % 4)

    table = _measure(constant, constant)

    assert table["value"].notna().all()
    assert table["note"].str.contains("constant probabilities of the test").all()
    assert _row(table, ERROR, "as they are")["value"] == pytest.approx(0.15)


def test_reliability_has_a_row_per_bin(tested, validated):
    table = _measure(tested, validated, measure_reliability)

    assert list(table["bin"]) == [*range(1, 11)] * 2
    assert list(table["images"]) == [60] * 20
    between = table["confidence"].between(table["lowest"], table["highest"])
    assert between.all()
    assert table["accuracy"].between(table["low"], table["high"]).all()


def test_reliability_adds_up_to_the_error(tested, validated, calibration):
    table = _measure(tested, validated, measure_reliability)

    gaps = (table["accuracy"] - table["confidence"]).abs() * table["images"] / 600

    summed = gaps.groupby(table["probabilities"]).sum()
    for state in ("as they are", "temperature scaled"):
        assert summed[state] == pytest.approx(_row(calibration, ERROR, state)["value"])


def test_reliability_without_inner_validation_parts_says_so(tested):
    table = _measure(tested, tested.iloc[:0], measure_reliability)

    (row,) = table[table["probabilities"] == "temperature scaled"].to_dict("records")
    assert np.isnan(row["accuracy"])
    assert row["note"] == NO_VALIDATION


def test_a_bin_with_too_few_patients_has_no_accuracy(tested):
    same = tested.assign(group=[f"group_{k // 100}" for k in range(len(tested))])

    table = _measure(same, same.iloc[:0], measure_reliability).iloc[:10]

    assert table["accuracy"].isna().all()
    assert table["note"].str.startswith("not enough data (n = ").all()
