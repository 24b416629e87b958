import numpy as np
import pandas as pd
import pytest

from detl.report.subgroups import describe_subgroups, judge_subgroups
from made_audit import make_subgroups
from made_results import tables_of


@pytest.mark.parametrize(
    ("gap", "verdict"),
    [
        ((0.02, -0.05, 0.08), "pass"),
        ((0.08, 0.02, 0.14), "warn"),
        ((0.2, 0.1, 0.3), "fail"),
    ],
)
def test_the_verdict_follows_the_largest_gap_in_under_diagnosis(gap, verdict):
    check = judge_subgroups({"vgg16": make_subgroups(*gap)})

    assert check.verdict == verdict
    assert "sex F" in check.meaning


def test_gaps_that_may_yet_be_large_are_no_pass():
    check = judge_subgroups({"vgg16": make_subgroups(0.02, -0.2, 0.24)})

    assert check.verdict == "warn"
    assert "2 may yet be of 10 points or more" in check.meaning


def test_where_no_gap_is_above_chance_the_one_that_may_be_largest_is_shown():
    """A small subgroup has the smaller gap, and an interval that is not below 10."""
    small = make_subgroups(0.01, -0.2, 0.22).assign(attribute="view")
    table = pd.concat([make_subgroups(0.03, -0.02, 0.08), small])

    check = judge_subgroups({"vgg16": table})

    assert (check.verdict, check.number) == ("warn", "+1.0 points")
    assert check.interval == "-20.0 to +22.0"
    assert "the one whose interval reaches highest is VGG16's, view F" in check.meaning


def test_subgroups_without_a_gap_are_counted():
    table = make_subgroups(0.02, -0.05, 0.08)
    other = table.assign(subgroup=["X"] * 3 + ["Y"] * 3, gap=np.nan)

    check = judge_subgroups({"vgg16": pd.concat([table, other])})

    assert check.verdict == "pass"
    assert check.meaning.endswith("2 could not be measured, for too few images.")


def test_an_attribute_without_any_gap_keeps_the_others_from_a_pass():
    table = make_subgroups(0.02, -0.05, 0.08)
    other = table.assign(attribute="age", gap=np.nan)

    check = judge_subgroups({"vgg16": pd.concat([table, other])})

    assert check.verdict == "warn"
    assert check.meaning.endswith("Without a number: age.")


def test_images_of_unknown_sex_are_no_subgroup_of_patients():
    table = make_subgroups(0.02, -0.05, 0.08)
    unknown = make_subgroups(0.5, 0.4, 0.6).assign(subgroup="unknown")

    check = judge_subgroups({"vgg16": pd.concat([table, unknown])})

    assert check.verdict == "pass"


def test_without_a_gap_that_can_be_measured_nothing_passes():
    nothing = make_subgroups(np.nan, np.nan, np.nan)

    assert judge_subgroups({"vgg16": nothing}).verdict == "not computed"


def test_each_subgroup_has_a_row_with_its_gap():
    section = describe_subgroups({"vgg16": make_subgroups(0.2, 0.1, 0.3)})

    table = tables_of(section)[0]
    assert table["subgroup"].tolist() == ["sex F", "sex M"]
    assert table["gap, points"].tolist()[0] == "+20.0 (+10.0 to +30.0)"
    assert table["under-diagnosis"].tolist()[0] == "20.0 % (10.0 to 30.0 %), 50 images"
