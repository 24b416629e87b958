import numpy as np
import pandas as pd
import pytest

from detl.errors import DetlError
from detl.report.checks import (
    Check,
    Question,
    answer,
    judge_above,
    judge_below,
    not_computed,
)

QUESTION = Question(
    title="Small",
    asked="the number is small",
    choose=lambda table: table,
    judge=lambda row: judge_below(row, 0.6, 0.6),
    explain=lambda row, status: f"It is a {status}.",
)


def make(architecture, value, low=0.1, high=0.9, note="", **columns):
    row = {"value": value, "low": low, "high": high, "note": note, **columns}
    return pd.DataFrame([{"architecture": architecture, **row}])


def passed(**changes):
    return Check("Leaks", "none", "pass", "No patient is known.", **changes)


def test_the_answer_is_that_of_the_network_that_fares_worst():
    table = pd.concat([make("vgg16", 0.3), make("alexnet", 0.5), make("resnet50", 0.4)])

    check = answer(QUESTION, table)

    assert (check.network, check.value, check.status) == ("alexnet", 0.5, "warn")
    assert (check.number, check.interval) == ("50.0 %", "10.0 to 90.0 %")
    assert check.meaning == "It is a warn."


def test_a_worse_status_outweighs_a_worse_number():
    """One network is surely above the limit, the other perhaps further above."""
    table = pd.concat([make("vgg16", 0.7, 0.5, 0.9), make("alexnet", 0.69, 0.65, 0.73)])

    assert answer(QUESTION, table).network == "alexnet"


def test_what_was_not_run_names_the_command_that_computes_it():
    check = answer(QUESTION, None)

    assert (check.status, check.value, check.network) == ("not computed", None, "")
    assert "kedro run --pipeline audit" in check.meaning


def test_what_could_not_be_measured_says_why():
    check = answer(QUESTION, make("vgg16", np.nan, note="not enough data (n = 7)"))

    assert check.status == "not computed"
    assert check.meaning == "Not enough data (n = 7)."


@pytest.mark.parametrize("column", ["architecture", "value", "note"])
def test_rows_without_a_column_are_refused_with_the_check_and_the_column(column):
    table = make("vgg16", 0.3).drop(columns=column)

    with pytest.raises(DetlError, match=f"'Small'.* lack the column {column}, where"):
        answer(QUESTION, table)


def test_what_has_no_number_is_named_with_its_class_and_keeps_the_rest_from_a_pass():
    table = pd.concat(
        [
            make("vgg16", 0.3, high=0.5),
            make("alexnet", np.nan, **{"class": "other_disease"}),
        ]
    )

    check = answer(QUESTION, table)

    assert (check.status, check.missing) == ("warn", ("AlexNet on other disease",))


def test_a_network_without_rows_keeps_the_rest_from_a_pass():
    check = answer(QUESTION, make("vgg16", 0.3, high=0.5), ["vgg16", "alexnet"])

    assert (check.status, check.missing) == ("warn", ("AlexNet",))


def test_an_interval_that_holds_the_limit_is_a_warning():
    assert judge_above({"low": 0.6, "high": 0.9}, 0.5) == "pass"
    assert judge_above({"low": 0.4, "high": 0.9}, 0.5) == "warn"
    assert judge_above({"low": 0.2, "high": 0.4}, 0.5) == "fail"


def test_a_number_without_an_interval_is_a_warning():
    nothing = {"low": np.nan, "high": np.nan}

    assert judge_above(nothing, 0.5) == judge_below(nothing, 0.2, 0.5) == "warn"


def test_a_number_passes_where_its_whole_interval_is_small():
    assert judge_below({"low": 0.0, "high": 0.2}, 0.2, 0.5) == "pass"
    assert judge_below({"low": 0.0, "high": 0.9}, 0.2, 0.5) == "warn"
    assert judge_below({"low": 0.5, "high": 0.9}, 0.2, 0.5) == "fail"


def test_what_is_missing_is_kept_and_no_pass():
    check = passed(missing=("VGG16",)).without(["AlexNet"])

    assert (check.status, check.missing) == ("warn", ("VGG16", "AlexNet"))


def test_a_failure_stays_one_where_something_is_missing():
    failed = Check("Leaks", "none", "fail", "A patient is known.")

    assert failed.without(["VGG16"]).status == "fail"


def test_what_was_not_computed_lacks_nothing_more():
    check = not_computed("Leaks", "none", "Run it.")

    assert check.without(["VGG16"]) == check


def test_where_nothing_is_missing_a_check_stays_as_it_is():
    assert passed().without([]) == passed()
