import numpy as np
import pandas as pd
import pytest

from detl.evaluation.probabilities.thresholds import choose_thresholds
from detl.schemas.classes import DATA_B_CLASSES
from made_probabilities import draw_pooled, make_sorted, tabulate


def _apply(validated: pd.DataFrame, target: str) -> tuple[np.ndarray, np.ndarray]:
    """Return which images are called COVID-19 by their own threshold, and which are."""
    table = choose_thresholds(validated)
    chosen = table[(table["class"] == "covid_19") & (table["target"] == target)]
    scores = validated["p_covid_19"].to_numpy()
    is_covid = (validated["label"] == "covid_19").to_numpy()
    return scores >= chosen["threshold"].item(), is_covid


def test_each_class_target_and_fold_has_a_threshold():
    table = choose_thresholds(draw_pooled(200))

    assert len(table) == len(DATA_B_CLASSES) * 2 * 2
    assert table["threshold"].notna().all()


def test_a_specificity_rests_on_negatives_and_a_sensitivity_on_positives():
    validated = draw_pooled(200)
    table = choose_thresholds(validated).query("`class` == 'normal'")

    images = table.groupby("target")["images"].sum()

    positives = (validated["label"] == "normal").sum()
    assert images["sensitivity 95 %"] == positives
    assert images["specificity 95 %"] == 200 - positives


def test_the_specificity_is_the_least_that_is_95_percent():
    """Of 50 negatives 2 may be called positive, and are; the third is not."""
    scores = [*np.linspace(0.02, 0.9, 50), 0.5, 0.7]
    called, is_covid = _apply(
        make_sorted(scores, [0] * 50 + [1] * 2), "specificity 95 %"
    )

    assert called[~is_covid].sum() == 2
    assert called[is_covid].sum() == 0


def test_the_sensitivity_is_the_least_that_is_95_percent():
    """Of 50 positives 2 may be missed, and are."""
    scores = [*np.linspace(0.1, 0.9, 50), 0.05, 0.5]
    called, is_covid = _apply(
        make_sorted(scores, [1] * 50 + [0] * 2), "sensitivity 95 %"
    )

    assert called[is_covid].sum() == 48
    assert list(called[~is_covid]) == [False, True]


@pytest.mark.parametrize(("images", "exceptions"), [(19, 0), (20, 1), (39, 1), (60, 3)])
def test_one_of_twenty_may_be_on_the_wrong_side(images, exceptions):
    scores = [*np.linspace(0.1, 0.9, images), 0.95]
    called, is_covid = _apply(
        make_sorted(scores, [0] * images + [1]), "specificity 95 %"
    )

    assert called[~is_covid].sum() == exceptions


def test_negatives_that_tie_at_the_threshold_are_not_called_positive():
    scores = [0.1] * 30 + [0.6] * 10 + [0.6] * 5 + [0.8] * 5
    called, is_covid = _apply(
        make_sorted(scores, [0] * 40 + [1] * 10), "specificity 95 %"
    )

    assert called[~is_covid].sum() == 0
    assert called[is_covid].sum() == 5


def test_positives_that_tie_at_the_threshold_are_all_called_positive():
    scores = [0.2] * 10 + [0.6] * 10 + [0.1] * 20
    called, is_covid = _apply(
        make_sorted(scores, [1] * 20 + [0] * 20), "sensitivity 95 %"
    )

    assert called[is_covid].all()
    assert not called[~is_covid].any()


def test_a_specificity_that_certain_errors_bar_calls_no_image_positive():
    certain = tabulate(np.eye(4)[[3] * 30], np.array([3] * 15 + [0] * 15))

    called, _ = _apply(certain, "specificity 95 %")

    assert not called.any()


def test_without_positives_in_a_fold_its_sensitivity_has_no_threshold():
    validated = make_sorted(list(np.linspace(0.1, 0.9, 30)), [0] * 30)

    table = choose_thresholds(validated).query("`class` == 'covid_19'")

    by_target = table.set_index("target")
    assert np.isnan(by_target["threshold"]["sensitivity 95 %"])
    assert by_target["images"]["sensitivity 95 %"] == 0
    assert by_target["threshold"].notna()["specificity 95 %"]


def test_without_inner_validation_parts_there_is_no_threshold():
    assert choose_thresholds(draw_pooled(10).iloc[:0]).empty
