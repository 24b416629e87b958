import numpy as np
import pandas as pd
import pytest

from detl.report.external import describe_external, judge_external
from made_results import tables_of, texts_of

SOURCE = "/home/someone/wards/north"


def make_scores(drop, low, high, note="over normal, covid_19"):
    numbers = {
        "internal": 0.8,
        "external": 0.8 - drop,
        "drop": drop,
        "drop_low": low,
        "drop_high": high,
        "ensemble": 0.9 - drop,
    }
    ends = {
        f"{p}_{e}": numbers[p]
        for p in ("internal", "external", "ensemble")
        for e in ("low", "high")
    }
    row = {"score": "balanced_accuracy", "class": "", **numbers, **ends, "note": note}
    return pd.DataFrame([{**row, "internal_images": 90, "external_images": 40}])


@pytest.mark.parametrize(
    ("drop", "low", "high", "verdict"),
    [
        (0.0, -0.05, 0.05, "pass"),
        (0.10, 0.02, 0.18, "warn"),
        (0.20, 0.12, 0.28, "fail"),
    ],
)
def test_the_verdict_follows_the_drop_and_its_interval(drop, low, high, verdict):
    check = judge_external({"vgg16": make_scores(drop, low, high)}, SOURCE)

    assert check.verdict == verdict
    assert check.number == f"a drop of {100 * drop:+.1f} points"


def test_the_network_that_loses_most_is_named():
    scores = {
        "vgg16": make_scores(0.02, -0.03, 0.07),
        "alexnet": make_scores(0.2, 0.12, 0.28),
    }

    assert judge_external(scores, SOURCE).meaning.startswith("AlexNet: 80.0 %")


def test_without_external_images_the_command_is_named():
    check = judge_external({}, None)

    assert check.verdict == "not computed"
    assert "--params source=PATH" in check.meaning
    assert "--params source=PATH" in " ".join(texts_of(describe_external({}, None)))


def test_too_few_external_patients_are_no_pass():
    scores = {"vgg16": make_scores(np.nan, np.nan, np.nan, "external: not enough data")}

    check = judge_external(scores, SOURCE)

    assert (check.verdict, check.meaning) == (
        "not computed",
        "External: not enough data.",
    )


def test_the_section_shows_inside_outside_and_drop():
    section = describe_external({"vgg16": make_scores(0.1, 0.02, 0.18)}, SOURCE)

    row = tables_of(section)[0].iloc[0]
    assert row["elsewhere"] == "70.0 % (70.0 to 70.0 %)"
    assert row["drop, points"] == "+10.0 (+2.0 to +18.0)"
    assert row["elsewhere, ensemble"] == "80.0 % (80.0 to 80.0 %)"


def test_the_drop_is_said_to_be_of_single_networks_with_the_ensemble_beside():
    check = judge_external({"vgg16": make_scores(0.1, 0.02, 0.18)}, SOURCE)

    assert "70.0 % on 40 images of wards/north, mean of the folds'" in check.meaning
    assert "networks; 80.0 % by their ensemble" in check.meaning


def test_an_absolute_path_is_shown_by_its_end_and_another_one_as_it_was_typed():
    scores = {"vgg16": make_scores(0.1, 0.02, 0.18)}
    meaning = judge_external(scores, SOURCE).meaning
    section = " ".join(texts_of(describe_external(scores, SOURCE)))

    for text in (meaning, section):
        assert "of wards/north" in text
        assert "someone" not in text
    assert "of ../elsewhere.csv" in judge_external(scores, "../elsewhere.csv").meaning


def test_a_class_that_is_missing_elsewhere_is_named_and_no_pass():
    table = make_scores(0.0, -0.05, 0.05)
    of_class = table.assign(score="sensitivity", note="")
    present = of_class.assign(**{"class": "normal"})
    lacking = of_class.assign(**{"class": "covid_19", "drop": np.nan})
    scores = {"vgg16": pd.concat([table, present, lacking], ignore_index=True)}

    check = judge_external(scores, SOURCE)

    assert check.verdict == "warn"
    assert check.meaning.endswith("Without a number: VGG16 on COVID-19.")


def test_classes_are_named_as_they_are_written():
    scores = {"vgg16": make_scores(0.1, 0.02, 0.18)}

    assert "(over normal, COVID-19)" in judge_external(scores, SOURCE).meaning
    table = tables_of(describe_external(scores, SOURCE))[0]
    assert table["note"].iloc[0] == "over normal, COVID-19"
