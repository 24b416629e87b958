import numpy as np
import pytest

from detl.report.sections import shortcuts
from made_audit import make_card
from made_results import tables_of, texts_of
from made_run import find_check, make_run

LUNGS, CUES = "Without the lungs", "Cues beside the lungs"


def check_of(title, **card):
    return find_check(shortcuts, title, make_run({"vgg16": make_card(**card)}))


@pytest.mark.parametrize(
    ("ratio", "status"), [(0.1, "pass"), (0.3, "warn"), (0.6, "fail")]
)
def test_the_status_follows_the_ratio_without_the_lungs(ratio, status):
    check = check_of(LUNGS, ratio=(ratio, ratio - 0.1, ratio + 0.1))

    assert (check.status, check.value, check.network) == (status, ratio, "vgg16")


def test_a_network_not_above_chance_has_no_ratio():
    nothing = (np.nan, np.nan, np.nan)
    note = "shortcut ratio not defined: the network is not above chance"

    check = check_of(LUNGS, ratio=nothing, note=note)

    assert check.status == "not computed"
    assert "the network is not above chance" in check.meaning


def test_a_network_without_a_card_keeps_the_others_from_a_pass():
    run = make_run({"vgg16": make_card(), "alexnet": {}})

    check = find_check(shortcuts, LUNGS, run)

    assert (check.status, check.missing) == ("warn", ("AlexNet",))


@pytest.mark.parametrize(
    ("auc", "status"),
    [
        ((0.55, 0.5, 0.6), "pass"),
        ((0.65, 0.55, 0.75), "warn"),
        ((0.9, 0.8, 0.95), "fail"),
    ],
)
def test_a_cue_that_tells_covid_19_fails(auc, status):
    check = check_of(CUES, auc=auc)

    assert (check.status, check.value) == (status, auc[0])


def test_one_card_is_enough_to_judge_the_cues():
    run = make_run({"vgg16": make_card(auc=(0.55, 0.5, 0.6)), "alexnet": {}})

    assert find_check(shortcuts, CUES, run).status == "pass"


def test_a_cue_without_an_interval_warns_and_says_why():
    check = check_of(CUES, auc=(0.5, np.nan, np.nan), note="one")

    assert (check.status, check.interval) == ("warn", "")
    assert "no interval (one)" in check.meaning


def test_what_was_not_run_has_not_passed():
    checks = shortcuts.checks(make_run())

    assert {check.status for check in checks} == {"not computed"}


def test_the_section_shows_the_card():
    run = make_run({"vgg16": make_card()})

    table = tables_of(shortcuts.section(run))[0]

    assert len(table) == 6
    assert table["shortcut ratio"].tolist()[1] == "0.10 (0.00 to 0.20)"


def test_without_a_card_the_section_names_the_command():
    text = " ".join(texts_of(shortcuts.section(make_run())))

    assert "kedro run --pipelines shortcuts,report" in text


def test_where_only_cues_were_tried_the_section_names_the_command_of_the_rest():
    run = make_run({"vgg16": {"cues": make_card()["cues"]}})
    section = shortcuts.section(run)

    assert len(tables_of(section)[0]) == 5
    assert "kedro run --pipeline audit" in " ".join(texts_of(section))
    assert find_check(shortcuts, CUES, run).status != "not computed"
    assert find_check(shortcuts, LUNGS, run).status == "not computed"
