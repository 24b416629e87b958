import numpy as np
import pytest

from detl.report.shortcuts import describe_shortcuts, judge_cues, judge_lungs
from made_audit import make_card
from made_results import tables_of, texts_of


@pytest.mark.parametrize(
    ("ratio", "verdict"), [(0.1, "pass"), (0.3, "warn"), (0.6, "fail")]
)
def test_the_verdict_follows_the_ratio_without_the_lungs(ratio, verdict):
    check = judge_lungs({"vgg16": make_card((ratio, ratio - 0.1, ratio + 0.1))})

    assert check.verdict == verdict
    assert check.number == f"{ratio:.2f}"


def test_a_network_not_above_chance_has_no_ratio():
    nothing = (np.nan, np.nan, np.nan)
    note = "shortcut ratio not defined: the network is not above chance"

    check = judge_lungs({"vgg16": make_card(nothing, note=note)})

    assert (check.verdict, check.meaning) == (
        "not computed",
        "Shortcut ratio not defined: the network is not above chance.",
    )


@pytest.mark.parametrize(
    ("auc", "verdict"),
    [
        ((0.55, 0.5, 0.6), "pass"),
        ((0.65, 0.55, 0.75), "warn"),
        ((0.9, 0.8, 0.95), "fail"),
    ],
)
def test_a_cue_that_tells_covid_19_fails(auc, verdict):
    assert judge_cues({"vgg16": make_card(auc=auc)}).verdict == verdict


def test_a_cue_without_an_interval_warns_and_says_why():
    check = judge_cues({"vgg16": make_card(auc=(0.5, np.nan, np.nan), note="one")})

    assert (check.verdict, check.interval) == ("warn", "")
    assert check.meaning == "The border alone has no interval (one)."


def test_what_was_not_run_has_not_passed():
    assert judge_lungs({}).verdict == judge_cues({}).verdict == "not computed"


def test_the_section_shows_the_card():
    section = describe_shortcuts({"vgg16": make_card()}, None, None)

    table = tables_of(section)[0]
    assert len(table) == 6
    assert table["shortcut ratio"].tolist()[1] == "0.10 (0.00 to 0.20)"


def test_without_a_card_the_section_names_the_command():
    text = " ".join(texts_of(describe_shortcuts({}, None, None)))

    assert "kedro run --pipeline audit" in text
