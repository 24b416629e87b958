import numpy as np
import pytest

from detl.report.sections import calibration
from made_audit import (
    make_calibration,
    make_operating_points,
    make_predictive_values,
)
from made_results import tables_of
from made_run import find_check, make_run

NO_VALIDATION = "not computed: protocol paper has no inner validation part"


def calibration_of(table):
    run = make_run({"vgg16": {"calibration": table}})
    return find_check(calibration, "Calibration", run)


def operating_point_of(table):
    run = make_run({"vgg16": {"operating_points": table}})
    return find_check(calibration, "Operating point", run)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ((0.03, 0.02, 0.05), "pass"),
        ((0.04, 0.02, 0.08), "warn"),
        ((0.2, 0.15, 0.25), "fail"),
    ],
)
def test_the_status_follows_the_interval_of_the_error_after_scaling(error, status):
    check = calibration_of(make_calibration(*error))

    assert (check.status, check.value) == (status, error[0])


def test_without_an_inner_validation_part_calibration_says_so():
    check = calibration_of(make_calibration(np.nan, note=NO_VALIDATION))

    assert check.status == "not computed"
    assert "no inner validation part" in check.meaning


@pytest.mark.parametrize(
    ("value", "low", "high", "status"),
    [
        (0.95, 0.92, 0.97, "pass"),
        (0.92, 0.85, 0.96, "warn"),
        (0.85, 0.8, 0.89, "fail"),
    ],
)
def test_a_frozen_threshold_must_keep_its_specificity(value, low, high, status):
    check = operating_point_of(make_operating_points(value, low, high))

    assert (check.status, check.value) == (status, value)
    assert "30 other images" in check.meaning


def test_a_threshold_that_finds_nothing_does_not_pass():
    table = make_operating_points(1.0, 0.97, 1.0)
    finds = table["quantity"] == "sensitivity"
    table.loc[finds, ["value", "low", "high"]] = [0.0, 0.0, 0.05]

    check = operating_point_of(table)

    assert check.status == "warn"
    # What was judged is shown; the specificity, which is kept, is in the meaning.
    assert (check.number, check.interval) == ("0.0 % found", "0.0 to 5.0 %")
    assert "100.0 % (97.0 to 100.0 %)" in check.meaning


def test_a_sensitivity_without_a_number_does_not_pass_and_says_why():
    table = make_operating_points(1.0, 0.97, 1.0)
    finds = table["quantity"] == "sensitivity"
    table.loc[finds, ["value", "low", "high"]] = np.nan
    table.loc[finds, "note"] = "not enough data (n = 7)"

    check = operating_point_of(table)

    assert (check.status, check.number) == ("warn", "100.0 %")
    assert "not enough data (n = 7)" in check.meaning


def test_each_network_is_judged_by_its_own_sensitivity():
    """AlexNet keeps the specificity and finds; VGG16 keeps it and finds nothing."""
    blind = make_operating_points(1.0, 0.97, 1.0)
    blind.loc[blind["quantity"] == "sensitivity", ["value", "low", "high"]] = 0.0
    networks = {
        "alexnet": {"operating_points": make_operating_points(0.95, 0.92, 0.97)},
        "vgg16": {"operating_points": blind},
    }

    check = find_check(calibration, "Operating point", make_run(networks))

    assert (check.status, check.network) == ("warn", "vgg16")


def test_the_section_has_calibration_operating_points_and_predictive_values():
    network = {
        "calibration": make_calibration(0.04),
        "operating_points": make_operating_points(0.95, 0.92, 0.97),
        "predictive_values": make_predictive_values(),
    }

    errors, _, covid, positive, points, values = tables_of(
        calibration.section(make_run({"vgg16": network}))
    )

    assert len(errors) == 1
    assert len(covid) == 2
    assert positive.columns.tolist() == ["prevalence", "VGG16"]
    assert positive["prevalence"].tolist() == ["1 %", "10 %"]
    assert errors["temperature scaled"].tolist()[0] == "4.0 % (1.0 to 12.0 %)"
    assert len(points) == 8
    assert values["prevalence"].tolist() == ["1 %", "10 %"]
