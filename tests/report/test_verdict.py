import pytest

from detl.report.blocks import Note
from detl.report.checks import Check, not_computed
from detl.report.verdict import describe_verdict, judge_audit, tabulate_checks
from made_results import make_result
from made_run import make_run, make_whole_run

OF_OTHER_PIPELINES = ["Without the lungs", "Images from elsewhere", "Deletion"]
"""Checks of the pipelines audit and external."""


def make(status):
    return Check("Leaks", "none", status, "No patient is known.")


@pytest.mark.parametrize("run", [make_run(), make_whole_run()])
def test_the_verdict_asks_first_whether_the_accuracies_can_be_believed(run):
    assert judge_audit(run)["check"].tolist()[:2] == ["Leaks", "Accuracy"]


@pytest.mark.parametrize("run", [make_run(), make_whole_run()])
def test_no_check_is_asked_twice(run):
    assert judge_audit(run)["check"].is_unique


def test_what_the_run_has_not_computed_does_not_pass():
    verdict = judge_audit(make_run()).set_index("check")["verdict"]

    assert (verdict[OF_OTHER_PIPELINES] == "not computed").all()


def test_a_run_that_has_computed_all_has_every_number():
    verdict = judge_audit(make_whole_run())

    assert (verdict["number"] != "").all()
    assert "not computed" not in set(verdict["verdict"])


def test_a_check_without_a_number_has_empty_cells():
    row = tabulate_checks([not_computed("Leaks", "none", "Run it.")]).iloc[0]

    assert row[["number", "interval", "verdict"]].tolist() == ["", "", "not computed"]


def test_what_is_missing_is_named_in_the_meaning():
    (meaning,) = tabulate_checks([make("pass").without(["VGG16"])])["meaning"]

    assert meaning == "No patient is known. Without a number: VGG16."


def test_the_section_counts_the_statuses_and_shows_a_row_per_check():
    verdict = tabulate_checks([make("pass"), make("fail"), make("fail")])

    first, table = describe_verdict(verdict, make_run()).blocks

    assert "1 pass, 0 warn, 2 fail, 0 not computed" in first.text
    assert len(table.frame) == 3


def test_what_was_not_computed_is_noted_above_the_table():
    verdict = tabulate_checks([make("not computed")])

    notes = [
        b.text
        for b in describe_verdict(verdict, make_run()).blocks
        if isinstance(b, Note)
    ]

    assert "kedro run --pipeline audit" in notes[0]


def test_a_run_of_one_seed_says_that_its_intervals_hold_no_other_training():
    verdict = tabulate_checks([make("pass")])
    once = make_run({"vgg16": {"results": make_result(seeds=1)}})

    first = describe_verdict(verdict, once).blocks[0]
    several = describe_verdict(verdict, make_run()).blocks[0]

    assert "what another training would give is in none" in first.text
    assert "trained with 3 seeds" in several.text
