import numpy as np
import pandas as pd

from detl.report.page import Note
from detl.report.verdict import (
    Check,
    describe_verdict,
    explain_missing,
    find_worst,
    judge_above,
    judge_below,
    name_missing,
    tabulate_checks,
)


def every(table):
    return table


def warn(row):
    return "warn"


def make(value, note=""):
    return pd.DataFrame({"value": [value], "low": [0.1], "high": [0.9], "note": [note]})


def check(verdict):
    return Check("Leaks", "none", "0", "", verdict, "No patient is known.")


def test_the_worst_network_is_the_one_with_the_largest_key():
    tables = {"vgg16": make(0.3), "alexnet": make(0.5), "resnet50": make(np.nan)}

    name, row = find_worst(tables, every, warn, lambda row: row["value"])

    assert (name, row["value"]) == ("alexnet", 0.5)


def test_a_worse_verdict_outweighs_a_worse_number():
    """One network is surely above the limit, the other perhaps further above."""
    tables = {
        "vgg16": make(0.7).assign(low=0.5, high=0.9),
        "alexnet": make(0.69).assign(low=0.65, high=0.73),
    }

    name, _ = find_worst(
        tables, every, lambda row: judge_below(row, 0.6, 0.6), lambda row: row["value"]
    )

    assert name == "alexnet"


def test_where_no_network_has_a_number_none_is_worst():
    tables = {"vgg16": make(np.nan)}

    assert find_worst(tables, every, warn, lambda row: row["value"]) is None


def test_what_was_not_run_names_the_command_that_computes_it():
    assert "kedro run --pipeline audit" in explain_missing({}, every)


def test_what_could_not_be_measured_says_why():
    tables = {"vgg16": make(np.nan, "not enough data (n = 7)")}

    assert explain_missing(tables, every) == "Not enough data (n = 7)."


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


def test_what_has_no_number_is_named_with_its_class():
    tables = {"vgg16": make(0.3), "alexnet": make(np.nan).assign(**{"class": "normal"})}

    assert name_missing(tables, every) == ["AlexNet on normal"]


def test_beside_what_has_no_number_nothing_passes():
    passed = check("pass").beside(["VGG16"])

    assert passed.verdict == "warn"
    assert passed.meaning == "No patient is known. Without a number: VGG16."


def test_beside_what_has_no_number_a_failure_stays_one():
    assert check("fail").beside(["VGG16"]).verdict == "fail"


def test_beside_what_has_no_number_what_was_not_computed_stays_so():
    assert check("not computed").beside(["VGG16"]) == check("not computed")


def test_where_nothing_is_missing_a_check_stays_as_it_is():
    assert check("pass").beside([]) == check("pass")


def test_a_check_that_was_not_computed_has_no_number_and_no_pass():
    row = tabulate_checks([Check.not_computed("Leaks", "none", "Run it.")]).iloc[0]

    assert row[["number", "interval", "verdict"]].tolist() == ["", "", "not computed"]


def test_the_section_counts_the_verdicts_and_shows_a_row_per_check():
    verdict = tabulate_checks([check("pass"), check("fail"), check("fail")])

    first, table = describe_verdict(verdict).blocks

    assert "1 pass, 0 warn, 2 fail, 0 not computed" in first.text
    assert len(table.frame) == 3


def test_what_was_not_computed_is_noted_above_the_table():
    verdict = tabulate_checks([check("not computed")])

    notes = [b.text for b in describe_verdict(verdict).blocks if isinstance(b, Note)]

    assert notes[0].startswith("What was not computed has not passed.")
