import numpy as np
import pandas as pd
import pytest

from detl.report.sections import subgroups
from made_audit import make_subgroups
from made_results import tables_of, texts_of
from made_run import make_run


def check_of(table):
    (check,) = subgroups.checks(make_run({"vgg16": {"subgroups": table}}))
    return check


@pytest.mark.parametrize(
    ("gap", "status"),
    [
        ((0.02, -0.05, 0.08), "pass"),
        ((0.08, 0.02, 0.14), "warn"),
        ((0.2, 0.1, 0.3), "fail"),
    ],
)
def test_the_status_follows_the_largest_gap_in_under_diagnosis(gap, status):
    check = check_of(make_subgroups(*gap))

    assert (check.status, check.value, check.network) == (status, gap[0], "vgg16")
    assert "in women" in check.meaning


def test_gaps_that_may_yet_be_large_are_no_pass():
    check = check_of(make_subgroups(0.02, -0.2, 0.24))

    assert check.status == "warn"
    assert "2 may yet be of 10 points or more" in check.meaning


def test_where_no_gap_is_above_chance_the_one_that_may_be_largest_is_shown():
    """A small subgroup has the smaller gap, and an interval that is not below 10."""
    small = make_subgroups(0.01, -0.2, 0.22).assign(attribute="view")

    check = check_of(pd.concat([make_subgroups(0.03, -0.02, 0.08), small]))

    assert (check.status, check.value) == ("warn", 0.01)
    assert check.interval == "-20.0 to +22.0"
    assert "in F films" in check.meaning


def test_subgroups_without_a_gap_are_counted():
    table = make_subgroups(0.02, -0.05, 0.08)
    other = table.assign(subgroup=["X"] * 3 + ["Y"] * 3, gap=np.nan)

    check = check_of(pd.concat([table, other]))

    assert check.status == "pass"
    assert "2 could not be measured" in check.meaning


def test_an_attribute_without_any_gap_keeps_the_others_from_a_pass():
    table = make_subgroups(0.02, -0.05, 0.08)
    other = table.assign(attribute="age", gap=np.nan)

    check = check_of(pd.concat([table, other]))

    assert (check.status, check.missing) == ("warn", ("age",))


def test_images_of_unknown_sex_are_no_subgroup_of_patients():
    unknown = make_subgroups(0.5, 0.4, 0.6).assign(subgroup="unknown")

    check = check_of(pd.concat([make_subgroups(0.02, -0.05, 0.08), unknown]))

    assert check.status == "pass"


def test_without_a_gap_that_can_be_measured_nothing_passes():
    nothing = make_subgroups(np.nan, np.nan, np.nan)

    assert check_of(nothing).status == "not computed"


def test_each_subgroup_has_a_row_with_its_gap():
    run = make_run({"vgg16": {"subgroups": make_subgroups(0.2, 0.1, 0.3)}})

    worse, table = tables_of(subgroups.section(run))

    assert worse["gap, points"].tolist()[0] == "+20.0 (+10.0 to +30.0)"
    assert table["subgroup"].tolist() == ["women", "men"]
    assert table["gap, points"].tolist()[0] == "+20.0 (+10.0 to +30.0)"
    assert table["under-diagnosis"].tolist()[0] == "20.0 % (10.0 to 30.0 %), 50 images"


def test_where_no_gap_lies_above_0_the_section_says_so():
    run = make_run({"vgg16": {"subgroups": make_subgroups(0.02, -0.05, 0.08)}})

    assert "No gap lies above 0 with its whole interval." in texts_of(
        subgroups.section(run)
    )
