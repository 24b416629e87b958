import numpy as np
import pandas as pd
import pytest

from detl.evaluation.arms import COLUMNS, compare_arms, tabulate_arm_folds
from detl.statistics.corrected_t import estimate_mean
from made_pooled import make_by_seed

IMAGES, FOLDS = 60, 3
STARTS = {"a": "detl", "b": "scratch", "c": "detl", "d": "scratch"}


def _tested(*of_seeds):
    """Return predictions: by seed, how many of 20 images of each fold are right."""
    tables = []
    for seed, rights in enumerate(of_seeds):
        table = make_by_seed(seeds=1, images=IMAGES, folds=FOLDS).assign(seed=seed)
        table = table.sort_values("fold", kind="stable", ignore_index=True)
        place = table.groupby("fold").cumcount()
        is_right = place < table["fold"].map(dict(zip(FOLD_NAMES, rights, strict=True)))
        wrong = np.where(table["label"] == "normal", "pneumonia", "normal")
        tables.append(table.assign(predicted=table["label"].where(is_right, wrong)))
    return pd.concat(tables, ignore_index=True)


FOLD_NAMES = [f"fold_{k + 1}" for k in range(FOLDS)]


def _compare(**arms):
    tested = {name: _tested(*of_seeds) for name, of_seeds in arms.items()}
    return compare_arms(tested, STARTS, "a", 0.25, seed=0)


def test_an_arm_has_its_accuracies_and_its_difference_from_the_reference():
    table = _compare(a=[(10, 12, 14), (12, 14, 16)], b=[(8, 10, 12), (9, 11, 13)])

    row = table.loc["b"]
    assert list(table.columns) == COLUMNS
    assert row["accuracy"] == pytest.approx(10.5 / 20)
    assert row["accuracy_sd_seeds"] == pytest.approx(0.05 / np.sqrt(2))
    assert row["accuracy_sd_folds"] == pytest.approx(0.1)
    assert row["difference"] == pytest.approx(-2.5 / 20)
    assert row["difference_low"] < row["difference"] < row["difference_high"]


def test_the_test_is_over_the_folds_of_the_means_over_seeds():
    table = _compare(a=[(10, 12, 14), (12, 14, 16)], b=[(8, 10, 15), (9, 11, 13)])

    gained = np.array([8.5, 10.5, 14]) - [11, 13, 15]
    assert table.loc["b", "p"] == pytest.approx(estimate_mean(gained / 20, 0.25).p)


def test_trainings_that_differ_make_a_difference_less_certain():
    apart = _compare(a=[(10, 12, 14)] * 3, b=[(2, 4, 6), (8, 10, 12), (14, 16, 18)])
    alike = _compare(a=[(10, 12, 14)] * 3, b=[(8, 10, 12)] * 3)

    def width(table):
        return table.loc["b", "difference_high"] - table.loc["b", "difference_low"]

    assert width(apart) > 1.5 * width(alike)


def test_arms_from_the_same_weights_are_compared_seed_by_seed():
    """Each arm varies over seeds, the difference of c from a does not."""
    of_seeds = [(6, 8, 10), (12, 14, 16)]
    less = [(5, 7, 9), (11, 13, 15)]

    table = _compare(a=of_seeds, b=less, c=less)

    paired, crossed = (table.loc[arm] for arm in ("c", "b"))
    assert paired["difference"] == pytest.approx(crossed["difference"])
    assert paired["difference_low"] > crossed["difference_low"]


def test_equal_arms_differ_by_0_with_p_1():
    row = _compare(a=[(10, 12, 18)], b=[(10, 12, 18)]).loc["b"]

    assert row["difference"] == 0
    assert row["difference_low"] < 0 < row["difference_high"]
    assert row["p"] == row["p_holm"] == 1


def test_an_arm_that_differs_by_as_much_in_every_fold_is_not_tested():
    table = _compare(a=[(10, 12, 18)], b=[(11, 13, 19)], d=[(10, 13, 18)])

    assert table.loc["b", "difference"] == pytest.approx(0.05)
    assert table.loc["b", ["p", "p_holm"]].isna().all()
    assert table.loc["d", "p_holm"] == table.loc["d", "p"]


def test_the_reference_arm_is_not_compared_with_itself():
    table = _compare(a=[(4, 10, 16)], b=[(6, 10, 14)])

    assert table.loc["a", "accuracy"] == pytest.approx(0.5)
    assert table.loc["a", ["difference", "p", "p_holm"]].isna().all()


def test_without_the_reference_arm_nothing_is_compared():
    table = _compare(b=[(6, 10, 14)])

    assert table.loc["b", "accuracy_sd_folds"] == pytest.approx(0.2)
    assert table[["difference", "p", "p_holm"]].isna().all(axis=None)


def test_holms_correction_multiplies_the_least_p_by_the_number_of_arms():
    table = _compare(
        a=[(10, 12, 14)], b=[(12, 14, 17)], c=[(12, 12, 16)], d=[(10, 13, 14)]
    )

    p = table["p"].drop("a").sort_values()
    expected = np.maximum.accumulate(np.minimum(p * [3, 2, 1], 1))
    np.testing.assert_allclose(table["p_holm"][p.index], expected)


def test_no_arm_at_all_is_an_empty_table():
    table = compare_arms({}, STARTS, "a", 0.25, seed=0)

    assert list(table.columns) == COLUMNS
    assert table.empty


def test_the_folds_of_an_arm_have_the_means_over_seeds():
    tested = {"a": _tested((10, 12, 14), (12, 14, 16)), "b": _tested((8, 10, 12))}

    table = tabulate_arm_folds(tested)

    assert table["arm"].tolist() == ["a"] * 3 + ["b"] * 3
    assert table["fold"].tolist() == FOLD_NAMES * 2
    accuracies = [0.55, 0.65, 0.75, 0.4, 0.5, 0.6]
    assert table["accuracy"].tolist() == pytest.approx(accuracies)
