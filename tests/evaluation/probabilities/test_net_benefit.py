import numpy as np
import pandas as pd
import pytest

from detl.evaluation.probabilities.net_benefit import (
    measure_net_benefit,
    net_benefit_at,
)
from made_probabilities import draw_pooled, make_sorted, scale_by, tabulate

NO_VALIDATION = "not computed: protocol paper has no inner validation part"


@pytest.fixture(scope="module")
def tested() -> pd.DataFrame:
    return draw_pooled(1000, seed=1)


@pytest.fixture(scope="module")
def validated() -> pd.DataFrame:
    return draw_pooled(1000, seed=2)


def _tabulate(tested, validated, prevalences, **others) -> pd.DataFrame:
    tables = (tested, *scale_by(validated, tested, validated))
    return measure_net_benefit(*tables, prevalences, 0, **others)


def _measure(tested, validated, prevalence: float, threshold: float) -> pd.Series:
    table = _tabulate(tested, validated, [prevalence], thresholds=[threshold])
    return table.squeeze()


def test_the_net_benefit_is_that_of_a_hand_calculation():
    """At 10 % from 20 % on: 0.9 * 0.1 found, less (1 - 0.8) * 0.9 / 4 in vain."""
    assert net_benefit_at(0.1, 0.2)(0.9, 0.8) == pytest.approx(0.09 - 0.045)


def test_to_find_each_case_and_no_other_gains_the_prevalence():
    assert net_benefit_at(0.1, 0.7)(1, 1) == pytest.approx(0.1)


def test_to_treat_all_gains_nothing_where_the_threshold_is_the_prevalence(
    tested, validated
):
    row = _measure(tested, validated, 0.2, 0.2)

    assert row["treat_all"] == pytest.approx(0)
    assert row["treat_none"] == 0


def test_the_net_benefit_of_perfect_probabilities_is_the_prevalence():
    scores = [0.99] * 30 + [0.01] * 70
    perfect = make_sorted(scores, [1] * 30 + [0] * 70)

    row = _measure(perfect, perfect, 0.05, 0.3)

    assert row["net_benefit"] == pytest.approx(0.05)
    assert row["difference"] == pytest.approx(0.05)
    assert row["low"] < 0.05 <= row["high"]


def test_at_the_prevalence_of_the_study_probabilities_are_compared_as_they_are():
    """Both parts hold 1 in 4 of each class; T is about 1."""
    validated, tested = draw_pooled(4000, seed=2), draw_pooled(4000, seed=1)
    share = (validated["label"] == "covid_19").mean()

    row = _measure(tested, validated, share, 0.4)

    is_covid = (tested["label"] == "covid_19").to_numpy()
    called = (tested["p_covid_19"] >= 0.4).to_numpy()
    expected = net_benefit_at(share, 0.4)(
        called[is_covid].mean(), (~called[~is_covid]).mean()
    )
    assert row["net_benefit"] == pytest.approx(expected, abs=0.003)


def test_a_probability_is_rebased_to_the_prevalence_by_bayes_rule():
    """0.5 where half are sick has odds 1, at 10 % odds 1/9, so 0.1; 0.8 then 0.31.

    One in five of the low ones is sick and four in five of the high ones, so that no
    temperature but 1 fits better.
    """
    labels = [1, 0, 0, 0, 0] * 20 + [1, 1, 1, 1, 0] * 20
    half = make_sorted([0.2] * 100 + [0.8] * 100, labels)
    # Two classes alone, so that the temperature of calibrated probabilities is 1.
    other = 1 - half["p_covid_19"]
    half = half.assign(p_normal=other, p_other_disease=0.0, p_pneumonia=0.0)
    rebased = (0.8 * 0.1 / 0.5) / (0.8 * 0.1 / 0.5 + 0.2 * 0.9 / 0.5)
    assert rebased == pytest.approx(4 / 13)

    below = _measure(half, half, 0.1, rebased - 0.01)
    above = _measure(half, half, 0.1, rebased + 0.01)

    expected = net_benefit_at(0.1, rebased - 0.01)(0.8, 0.8)
    assert below["net_benefit"] == pytest.approx(expected)
    assert above["net_benefit"] == 0


def test_the_difference_is_to_the_better_of_treating_all_or_none(tested, validated):
    table = _tabulate(tested, validated, [0.01, 0.2])

    better = table[["treat_all", "treat_none"]].max(axis=1)
    np.testing.assert_allclose(table["difference"], table["net_benefit"] - better)
    assert table["difference"].between(table["low"], table["high"]).all()


def test_calibrated_probabilities_do_no_harm_at_any_threshold(tested, validated):
    table = _tabulate(tested, validated, [0.05, 0.25])

    assert (table["high"] >= 0).all()
    best = table.loc[table["difference"].idxmax()]
    assert best["low"] > 0


def test_who_treats_all_gains_what_treating_all_does(tested, validated):
    row = _measure(tested, validated, 0.5, 0.0001)

    assert row["net_benefit"] == pytest.approx(row["treat_all"])
    assert row["difference"] == pytest.approx(0)
    assert row["low"] < 0 < row["high"]


def test_another_class_may_be_asked_for(tested, validated):
    table = _tabulate(tested, validated, [0.1], label="normal", thresholds=[0.1])

    assert list(table["class"]) == ["normal"]


def test_without_inner_validation_parts_there_is_no_net_benefit(tested):
    row = _measure(tested, tested.iloc[:0], 0.1, 0.2)

    assert row[["net_benefit", "difference", "low", "high"]].isna().all()
    assert row["note"] == NO_VALIDATION
    assert row["treat_all"] == pytest.approx(0.1 - 0.9 / 4)


def test_a_class_missing_in_an_inner_validation_part_is_named(tested, validated):
    gone = (validated["fold"] == "fold_2") & (validated["label"] == "covid_19")

    row = _measure(tested, validated[~gone], 0.1, 0.2)

    assert np.isnan(row["net_benefit"])
    assert row["note"] == (
        "not computed: 0% of the inner validation images of fold_2 are of covid_19, so "
        "that probabilities cannot be re-based"
    )


def test_too_few_positives_have_no_net_benefit(tested, validated):
    is_covid = (tested["label"] == "covid_19").to_numpy()

    row = _measure(tested[~is_covid | (is_covid.cumsum() <= 7)], validated, 0.1, 0.2)

    assert np.isnan(row["net_benefit"])
    assert (row["groups"], row["note"]) == (7, "not enough data (n = 7)")


def test_constant_probabilities_are_named():
    constant = tabulate(np.full((80, 4), 0.25), np.arange(80) % 4)

    row = _measure(constant, constant, 0.1, 0.2)

    assert row["net_benefit"] == 0
    assert row["note"].startswith("constant probabilities of the inner validation")
