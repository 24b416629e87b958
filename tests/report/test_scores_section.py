import numpy as np
import pandas as pd
import pytest

from detl.report.scores import describe_scores, judge_accuracy
from made_audit import make_scores, make_tests
from made_results import tables_of

IMAGES = pd.DataFrame(
    {"image_id": list("abcd"), "source": ["nih"] * 3 + ["cohen"], "view": "PA"}
)
DATA_B = pd.DataFrame(
    {"image_id": list("abcd"), "label": ["normal", "normal", "pneumonia", "covid_19"]}
)


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [((0.8, 0.9, 0.95), "pass"), ((0.7, 0.9, 0.95), "warn"), ((0.5, 0.6, 0.7), "fail")],
)
def test_a_network_must_beat_the_rule_that_sees_no_pixel(interval, verdict):
    """The commonest class of the source is right on three of four images."""
    check = judge_accuracy({"vgg16": make_scores(*interval)}, IMAGES, DATA_B)

    assert check.verdict == verdict
    assert "75.0 %" in check.asked


def test_the_network_that_fares_worst_is_named():
    scores = {
        "vgg16": make_scores(0.8, 0.9, 0.95),
        "alexnet": make_scores(0.5, 0.6, 0.7),
    }

    assert judge_accuracy(scores, IMAGES, DATA_B).meaning.startswith("AlexNet")


def test_a_network_without_a_number_keeps_the_others_from_a_pass():
    scores = {"vgg16": make_scores(0.8, 0.9, 0.95)}
    scores["alexnet"] = make_scores(np.nan, np.nan, np.nan)

    check = judge_accuracy(scores, IMAGES, DATA_B)

    assert check.verdict == "warn"
    assert check.meaning.endswith("Without a number: AlexNet.")


def test_the_section_shows_every_score_with_its_interval():
    section = describe_scores({"vgg16": make_scores(0.5, 0.6, 0.7)}, make_tests(0.2))

    overall, classes, tests = tables_of(section)
    assert (overall.drop(columns="network") == "60.0 % (50.0 to 70.0 %)").all(axis=None)
    shown = classes.drop(columns=["network", "class"])
    assert (shown == "60.0 % (50.0 to 70.0 %)").all(axis=None)
    assert classes["class"].tolist() == [
        "normal",
        "other disease",
        "pneumonia",
        "COVID-19",
    ]
    assert tests["difference, points"].tolist() == ["+10.0", "+10.0 (+2.0 to +18.0)"]
    assert tests["p (Holm)"].tolist() == ["0.200", ""]
