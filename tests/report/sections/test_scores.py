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

    overall, classes, more, _, _ = tables_of(scores.section(run))

    assert overall.iloc[0, -1] == "2.0"
    shares = overall[["accuracy", "balanced accuracy", "macro F1"]]
    assert (shares == "60.0 % (50.0 to 70.0 %)").all(axis=None)
    assert classes.columns.tolist()[2:] == ["sensitivity", "specificity", "PPV", "AUC"]
    assert (classes.iloc[:, 2:-1] == "60.0 % (50.0 to 70.0 %)").all(axis=None)
    assert (more["NPV"] == "60.0 % (50.0 to 70.0 %)").all()
    assert classes["class"].tolist() == [
        "normal",
        "other disease",
        "pneumonia",
        "COVID-19",
    ]


def test_every_area_under_a_curve_is_from_0_to_1():
    networks = {"vgg16": {"scores": make_scores(0.5, 0.6, 0.7)}}

    overall, classes, more = tables_of(scores.section(make_run(networks)))

    areas = (overall["macro AUC"], classes["AUC"], more.iloc[:, -1])
    assert all((area == "0.600 (0.500 to 0.700)").all() for area in areas)


def test_two_networks_are_compared_by_the_interval_and_the_p_that_are_judged():
    run = make_run(paired_tests=make_tests(0.2))

    pairs, tests = tables_of(scores.section(run))[-2:]

    assert pairs.iloc[0].tolist() == [
        "AlexNet, VGG16",
        "+10.0 (+2.0 to +18.0)",
        "+10.0",
        "0.200",
    ]
    assert tests["difference"].tolist() == ["+10.0", "+10.0 (+2.0 to +18.0)"]
    assert tests["p"].tolist() == ["0.200", ""]


def test_the_areas_that_are_tested_are_named_for_people_and_differ_by_no_points():
    area = {"test": "delong", "quantity": "auc_other_disease", "difference": 0.012}
    tests = make_tests(0.2)
    delong = tests.iloc[:1].assign(**area, low=0.001, high=0.023)
    run = make_run(paired_tests=pd.concat([tests, delong]))

    row = tables_of(scores.section(run))[-1].iloc[-1]

    assert row["test"] == "DeLong, ensembles"
    assert row["of"] == "AUC, other disease"
    assert row["difference"] == "+0.012 (+0.001 to +0.023)"
