import pytest

from detl.report.checks import Check, not_computed
from detl.report.verdict import (
    describe_verdict,
    judge_audit,
    summarise_verdict,
    tabulate_checks,
)
from made_results import make_result
from made_run import make_run, make_whole_run

OF_OTHER_PIPELINES = ["Without the lungs", "Images from elsewhere", "Deletion"]
"""Checks of the pipelines audit and external."""


def make(status, title="Leaks"):
    return Check(title, "none", status, "No patient is known.")


def summarise(*statuses, **changes):
    verdict = tabulate_checks([make(status) for status in statuses])
    return summarise_verdict(verdict, make_run(**changes))


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


def test_a_check_that_fails_makes_the_verdict():
    assert summarise("pass", "fail", "warn", "not computed") == (
        "Not all figures below can be believed: 1 fails (Leaks), 1 warns (Leaks) and "
        "1 was not computed."
    )


def test_warnings_and_what_was_not_computed_limit_the_verdict():
    assert summarise("pass", "warn", "warn", "not computed") == (
        "Believe the figures below with limits: 1 check passed and none failed, but 2 "
        "warn (Leaks and Leaks) and 1 was not computed."
    )


def test_the_figures_are_believed_where_every_check_passed():
    assert "all 2 checks passed" in summarise("pass", "pass")


def test_the_verdict_says_that_synthetic_images_say_nothing_about_disease():
    said = "say nothing about disease"
    assert said in summarise("pass", is_synthetic=True)
    assert said not in summarise("pass", is_synthetic=False)


def test_the_page_has_fails_first_then_warnings_then_passes_in_their_order():
    verdict = tabulate_checks(
        [
            *(make("pass", "a"), make("warn", "b"), make("fail", "c")),
            *(make("not computed", "d"), make("pass", "e"), make("fail", "f")),
        ]
    )
    shown = describe_verdict(verdict, make_run()).blocks[0].frame
    assert shown["check"].tolist() == ["c", "f", "b", "a", "e"]


def test_what_was_not_computed_is_one_line_with_the_command_and_reasons_below():
    missing = [
        not_computed("Cues", "none", "Run 'kedro run --pipeline audit' to compute it."),
        not_computed("Probe", "none", "Too few images."),
    ]
    verdict = tabulate_checks([make("pass"), *missing])
    folded = describe_verdict(verdict, make_run()).blocks[1]
    assert (
        folded.summary
        == "\N{EN DASH} 2 checks not computed: kedro run --pipeline audit"
    )
    assert folded.blocks[0].sentences == [
        "Cues: Run 'kedro run --pipeline audit' to compute it.",
        "Probe: Too few images.",
    ]


def test_a_run_of_one_seed_says_that_its_intervals_hold_no_other_training():
    verdict = tabulate_checks([make("pass")])
    once = make_run({"vgg16": {"results": make_result(seeds=1)}})

    one, several = (
        describe_verdict(verdict, run).blocks[-1].blocks[0].text
        for run in (once, make_run())
    )

    assert "what another training would give is in none" in one
    assert "trained with 3 seeds" in several


def test_the_interval_stands_beside_its_number_and_before_the_p_value():
    best = Check(
        "Best", "one", "pass", "It is.", "+2.2 points, p 0.020", "+0.1 to +4.2"
    )
    shown = describe_verdict(tabulate_checks([best]), make_run()).blocks[0].frame
    assert shown["found"].tolist() == ["+2.2 points (+0.1 to +4.2), p 0.020"]
