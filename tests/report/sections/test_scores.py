import numpy as np
import pandas as pd
import pytest

from detl.report.sections import scores
from made_audit import make_scores, make_tests
from made_results import tables_of
from made_run import find_check, make_run

# The commonest class of the source is right on three of four images.
RULE = {
    "images": pd.DataFrame(
        {"image_id": list("abcd"), "source": ["nih"] * 3 + ["cohen"], "view": "PA"}
    ),
    "data_b": pd.DataFrame(
        {
            "image_id": list("abcd"),
            "label": ["normal", "normal", "pneumonia", "covid_19"],
        }
    ),
}


def accuracy_of(**tables):
    networks = {name: {"scores": table} for name, table in tables.items()}
    return find_check(scores, "Accuracy", make_run(networks, **RULE))


@pytest.mark.parametrize(
    ("interval", "status"),
    [((0.8, 0.9, 0.95), "pass"), ((0.7, 0.9, 0.95), "warn"), ((0.5, 0.6, 0.7), "fail")],
)
def test_a_network_must_beat_the_rule_that_sees_no_pixel(interval, status):
    check = accuracy_of(vgg16=make_scores(*interval))

    assert (check.status, check.value) == (status, interval[1])
    assert "75.0 %" in check.asked


def test_the_network_that_fares_worst_is_named():
    check = accuracy_of(
        vgg16=make_scores(0.8, 0.9, 0.95), alexnet=make_scores(0.5, 0.6, 0.7)
    )

    assert (check.network, check.value) == ("alexnet", 0.6)


def test_a_network_without_a_number_keeps_the_others_from_a_pass():
    check = accuracy_of(
        vgg16=make_scores(0.8, 0.9, 0.95), alexnet=make_scores(np.nan, np.nan, np.nan)
    )

    assert (check.status, check.missing) == ("warn", ("AlexNet",))


def test_the_section_shows_every_score_with_its_interval():
    networks = {"vgg16": {"scores": make_scores(0.5, 0.6, 0.7)}}
    run = make_run(networks, paired_tests=make_tests(0.2))

    overall, classes, tests = tables_of(scores.section(run))

    assert overall.iloc[0, -1] == "2.0"
    assert (overall.iloc[:, 1:-1] == "60.0 % (50.0 to 70.0 %)").all(axis=None)
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
