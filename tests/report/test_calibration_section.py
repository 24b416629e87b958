import numpy as np
import pytest

from detl.report.calibration import (
    describe_calibration,
    judge_calibration,
    judge_operating_point,
)
from made_audit import (
    make_calibration,
    make_operating_points,
    make_predictive_values,
)
from made_results import tables_of

NO_VALIDATION = "not computed: protocol paper has no inner validation part"


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        ((0.03, 0.02, 0.05), "pass"),
        ((0.04, 0.02, 0.08), "warn"),
        ((0.2, 0.15, 0.25), "fail"),
    ],
)
def test_the_verdict_follows_the_interval_of_the_error_after_scaling(error, verdict):
    assert judge_calibration({"vgg16": make_calibration(*error)}).verdict == verdict


def test_without_an_inner_validation_part_calibration_says_so():
    check = judge_calibration({"vgg16": make_calibration(np.nan, note=NO_VALIDATION)})

    assert check.verdict == "not computed"
    assert "no inner validation part" in check.meaning


@pytest.mark.parametrize(
    ("value", "low", "high", "verdict"),
    [
        (0.95, 0.92, 0.97, "pass"),
        (0.92, 0.85, 0.96, "warn"),
        (0.85, 0.8, 0.89, "fail"),
    ],
)
def test_a_frozen_threshold_must_keep_its_specificity(value, low, high, verdict):
    points = {"vgg16": make_operating_points(value, low, high)}

    check = judge_operating_point(points)

    assert check.verdict == verdict
    assert "30 validation images" in check.meaning


def test_a_threshold_that_finds_nothing_does_not_pass():
    table = make_operating_points(1.0, 0.97, 1.0)
    finds = table["quantity"] == "sensitivity"
    table.loc[finds, ["value", "low", "high"]] = [0.0, 0.0, 0.05]

    check = judge_operating_point({"vgg16": table})

    assert check.verdict == "warn"
    # What is judged is shown: the specificity, which is kept, stands beside.
    assert (check.number, check.interval) == ("0.0 % found", "0.0 to 5.0 %")
    assert "specificity for COVID-19, 100.0 % (97.0 to 100.0 %)" in check.meaning


def test_a_sensitivity_without_a_number_does_not_pass_and_says_why():
    table = make_operating_points(1.0, 0.97, 1.0)
    finds = table["quantity"] == "sensitivity"
    table.loc[finds, ["value", "low", "high"]] = np.nan
    table.loc[finds, "note"] = "not enough data (n = 7)"

    check = judge_operating_point({"vgg16": table})

    assert (check.verdict, check.number) == ("warn", "100.0 %")
    assert "has no number: not enough data (n = 7). They rest" in check.meaning


def test_the_section_has_calibration_operating_points_and_predictive_values():
    section = describe_calibration(
        {"vgg16": make_calibration(0.04)},
        {"vgg16": make_operating_points(0.95, 0.92, 0.97)},
        {"vgg16": make_predictive_values()},
        None,
        None,
    )

    calibration, points, values = tables_of(section)
    assert calibration["temperature scaled"].tolist()[0] == "4.0 % (1.0 to 12.0 %)"
    assert len(points) == 8
    assert values["prevalence"].tolist() == ["1 %", "10 %"]
