import numpy as np
import pandas as pd
import pytest

from detl.evaluation.probabilities.operating_points import (
    measure_operating_points,
    measure_predictive_values,
)
from detl.schemas.classes import DATA_B_CLASSES
from made_probabilities import draw_pooled, make_sorted, scale_by, tabulate

NO_VALIDATION = "not computed: protocol paper has no inner validation part"
PPV = "positive predictive value"
NPV = "negative predictive value"


@pytest.fixture(scope="module")
def tested() -> pd.DataFrame:
    return draw_pooled(800, seed=1)


@pytest.fixture(scope="module")
def validated() -> pd.DataFrame:
    return draw_pooled(6000, seed=2)


@pytest.fixture(scope="module")
def points(tested, validated) -> pd.DataFrame:
    return _measure(tested, validated)


def _measure(tested, validated) -> pd.DataFrame:
    tables = (tested, *scale_by(validated, tested, validated))
    return measure_operating_points(*tables, seed=0)


def _predict(tested, validated, prevalences) -> pd.DataFrame:
    tables = (tested, *scale_by(validated, tested, validated))
    return measure_predictive_values(*tables, prevalences, seed=0)


def _point(
    table: pd.DataFrame, target: str, quantity: str, label: str = "covid_19"
) -> pd.Series:
    is_one = (table["class"] == label) & (table["target"] == target)
    return table[is_one & (table["quantity"] == quantity)].squeeze()


def _value(table: pd.DataFrame, rule: str, quantity: str, prevalence: float):
    is_one = (table["class"] == "covid_19") & (table["operating_point"] == rule)
    is_one &= (table["quantity"] == quantity) & (table["prevalence"] == prevalence)
    return table[is_one].squeeze()


def _spread(sick: list[float], well: list[float]) -> pd.DataFrame:
    return make_sorted([*sick, *well], [1] * len(sick) + [0] * len(well))


def test_there_is_a_row_for_each_class_target_and_rate(points):
    assert len(points) == len(DATA_B_CLASSES) * 2 * 2
    assert points["value"].between(points["low"], points["high"]).all()
    assert (points["note"] == "").all()


@pytest.mark.parametrize("label", DATA_B_CLASSES)
@pytest.mark.parametrize("quantity", ["sensitivity", "specificity"])
def test_a_target_is_about_reached_where_the_parts_are_alike(points, label, quantity):
    row = _point(points, f"{quantity} 95 %", quantity, label)

    assert row["value"] == pytest.approx(0.95, abs=0.03)


def test_the_threshold_is_frozen_before_the_test_part_is_seen():
    """Test images that all score higher are called positive, whatever their label."""
    validated = _spread(np.linspace(0.3, 0.6, 40), np.linspace(0.1, 0.4, 40))
    tested = _spread(np.linspace(0.7, 0.9, 40), np.linspace(0.7, 0.9, 40))

    table = _measure(tested, validated)

    assert _point(table, "specificity 95 %", "sensitivity")["value"] == 1
    assert _point(table, "specificity 95 %", "specificity")["value"] == 0
    note = _point(table, "specificity 95 %", "specificity")["note"]
    assert note == "every test image is called positive"


def test_each_fold_keeps_its_own_threshold():
    """The second network says half of what the first does, in either part."""
    sick, well = np.linspace(0.5, 0.9, 40), np.linspace(0.1, 0.45, 40)
    one, other = _spread(sick, well), _spread(sick / 2, well / 2)
    pooled = pd.concat([one, other.assign(fold="fold_2")], ignore_index=True)
    pooled["group"] = [f"group_{k}" for k in range(len(pooled))]

    table = _measure(pooled, pooled)

    assert _point(table, "specificity 95 %", "sensitivity")["value"] == 1
    assert _point(table, "sensitivity 95 %", "specificity")["value"] == 1


def test_a_rate_rests_on_the_groups_of_its_own_images(tested, points):
    is_covid = tested["label"] == "covid_19"

    row = _point(points, "specificity 95 %", "sensitivity")
    assert row["groups"] == is_covid.sum()
    row = _point(points, "specificity 95 %", "specificity")
    assert row["groups"] == (~is_covid).sum()


def test_validation_images_are_those_of_the_smallest_fold(validated, points):
    is_covid = validated["label"] == "covid_19"

    positives = is_covid.groupby(validated["fold"]).sum().min()
    negatives = (~is_covid).groupby(validated["fold"]).sum().min()

    row = _point(points, "sensitivity 95 %", "sensitivity")
    assert row["validation_images"] == positives
    row = _point(points, "specificity 95 %", "sensitivity")
    assert row["validation_images"] == negatives


def test_a_threshold_on_few_images_says_what_it_cannot_tell(tested):
    validated = _spread(np.linspace(0.3, 0.9, 8), np.linspace(0.1, 0.4, 40))
    tested = tested[tested["fold"] == "fold_1"]

    table = _measure(tested, validated)

    row = _point(table, "sensitivity 95 %", "specificity")
    assert row["note"] == (
        "the threshold rests on 8 images, which cannot tell 95 % from 87.5 %"
    )
    assert row["value"] > 0
    assert _point(table, "specificity 95 %", "specificity")["note"] == ""


def test_a_class_missing_in_an_inner_validation_part_is_named(tested, validated):
    gone = (validated["fold"] == "fold_2") & (validated["label"] == "covid_19")

    table = _measure(tested, validated[~gone])

    row = _point(table, "sensitivity 95 %", "specificity")
    assert np.isnan(row["value"])
    assert row["validation_images"] == 0
    assert row["note"] == (
        "not computed: no inner validation image of covid_19 in fold_2"
    )
    assert _point(table, "specificity 95 %", "specificity")["value"] > 0.9


def test_an_inner_validation_part_of_one_class_is_named(tested, validated):
    gone = (validated["fold"] == "fold_2") & (validated["label"] != "covid_19")

    table = _measure(tested, validated[~gone])

    row = _point(table, "specificity 95 %", "sensitivity")
    assert np.isnan(row["value"])
    assert row["note"] == (
        "not computed: no inner validation image other than covid_19 in fold_2"
    )


def test_a_class_missing_in_a_test_part_is_named(tested, validated):
    gone = (tested["fold"] == "fold_2") & (tested["label"] == "covid_19")

    table = _measure(tested[~gone], validated)

    row = _point(table, "specificity 95 %", "sensitivity")
    assert row["note"] == "no test image of covid_19 in fold_2"


def test_too_few_positives_have_no_sensitivity(tested, validated):
    is_covid = (tested["label"] == "covid_19").to_numpy()
    few = tested[~is_covid | (is_covid.cumsum() <= 7)]

    table = _measure(few, validated)

    row = _point(table, "specificity 95 %", "sensitivity")
    assert np.isnan(row["value"])
    assert row["note"] == "not enough data (n = 7)"
    assert _point(table, "specificity 95 %", "specificity")["value"] > 0.9


def test_constant_probabilities_are_named():
    constant = tabulate(np.full((80, 4), 0.25), np.arange(80) % 4)

    table = _measure(constant, constant)

    row = _point(table, "specificity 95 %", "sensitivity")
    assert row["value"] == 0
    assert row["note"] == (
        "no test image is called positive; "
        "constant probabilities of the inner validation images of fold_1"
    )
    row = _point(table, "sensitivity 95 %", "specificity")
    assert row["value"] == 0
    assert "every test image is called positive" in row["note"]


def test_without_inner_validation_parts_no_target_has_a_number(tested):
    table = _measure(tested, tested.iloc[:0])

    assert table[["value", "low", "high"]].isna().all(axis=None)
    assert set(table["note"]) == {NO_VALIDATION}


def test_predictive_values_follow_by_bayes_rule(tested, validated, points):
    table = _predict(tested, validated, [0.2])

    a = _point(points, "specificity 95 %", "sensitivity")["value"]
    b = _point(points, "specificity 95 %", "specificity")["value"]
    ppv = _value(table, "specificity 95 %", PPV, 0.2)
    npv = _value(table, "specificity 95 %", NPV, 0.2)
    assert ppv["value"] == pytest.approx(0.2 * a / (0.2 * a + 0.8 * (1 - b)))
    assert npv["value"] == pytest.approx(0.8 * b / (0.8 * b + 0.2 * (1 - a)))


def test_at_the_prevalence_of_the_test_images_they_are_those_of_the_counts(tested):
    is_covid = tested["label"] == "covid_19"
    is_called = tested["predicted"] == "covid_19"

    table = _predict(tested, tested.iloc[:0], [is_covid.mean()])

    ppv = _value(table, "largest probability", PPV, is_covid.mean())
    npv = _value(table, "largest probability", NPV, is_covid.mean())
    assert ppv["value"] == pytest.approx(is_covid[is_called].mean())
    assert npv["value"] == pytest.approx((~is_covid)[~is_called].mean())


def test_the_rarer_the_disease_the_less_a_positive_result_means(tested, validated):
    table = _predict(tested, validated, [0.001, 0.01, 0.1, 0.5])

    by_rule = table[table["quantity"] == PPV].groupby(["class", "operating_point"])
    assert by_rule["value"].apply(lambda values: values.is_monotonic_increasing).all()
    assert table["value"].between(table["low"], table["high"]).all()


def test_there_are_predictive_values_of_each_class_rule_and_prevalence(
    tested, validated
):
    table = _predict(tested, validated, [0.01, 0.1])

    assert len(table) == len(DATA_B_CLASSES) * 3 * 2 * 2
    assert list(table["class"].unique()) == list(DATA_B_CLASSES)


def test_without_inner_validation_parts_only_the_argmax_has_predictive_values(tested):
    table = _predict(tested, tested.iloc[:0], [0.1])

    is_argmax = table["operating_point"] == "largest probability"
    assert table["value"][is_argmax].notna().all()
    assert table["value"][~is_argmax].isna().all()
    assert set(table["note"][~is_argmax]) == {NO_VALIDATION}


def test_the_predictive_value_of_what_is_never_called_is_undefined_and_says_so():
    never = tabulate(np.array([[0.7, 0.1, 0.1, 0.1]] * 80), np.arange(80) % 4)

    table = _predict(never, never.iloc[:0], [0.1])

    row = _value(table, "largest probability", PPV, 0.1)
    assert np.isnan(row["value"])
    assert row["note"] == "undefined; no test image is called positive"
