import numpy as np
import pandas as pd
import pytest

from detl.report.sections import sources
from made_audit import (
    make_identifiable,
    make_probe,
    make_same_source,
    make_sources_out,
)
from made_results import tables_of, texts_of
from made_run import find_check, make_run

ABOVE = [
    ((0.7, 0.6, 0.8), "pass"),
    ((0.6, 0.45, 0.7), "warn"),
    ((0.3, 0.2, 0.4), "fail"),
]
SAME, PROBE = "COVID-19 in its own source", "Source in the features"
LEFT_OUT = "Leave one source out"


def check_of(title, identifiable=None, **tables):
    run = make_run({"vgg16": tables}, identifiable=identifiable)
    return find_check(sources, title, run)


@pytest.mark.parametrize(("auc", "status"), ABOVE)
def test_covid_19_must_be_told_within_its_own_source(auc, status):
    check = check_of(SAME, same_source=make_same_source(*auc))

    assert (check.status, check.value) == (status, auc[0])
    assert "Of the 20 images of cohen without COVID-19, VGG16" in check.meaning
    assert "takes 25.0 % for COVID-19" in check.meaning


def test_more_false_alarms_in_its_own_source_are_no_pass():
    table = make_same_source(0.7, 0.6, 0.8, excess=(0.22, 0.1, 0.35))

    check = check_of(SAME, same_source=table)

    assert check.status == "warn"
    assert "the 60 test images of other sources 3.0 %" in check.meaning
    assert "a difference of +22.0 points (+10.0 to" in check.meaning


def test_too_few_images_of_the_source_are_no_pass():
    table = make_same_source(np.nan, np.nan, np.nan)
    table["note"] = "auc: not enough data (n = 7)"

    check = check_of(SAME, same_source=table)

    assert check.status == "not computed"
    assert "not enough data (n = 7)" in check.meaning


@pytest.mark.parametrize(
    ("auc", "status"),
    [
        ((0.55, 0.5, 0.6), "pass"),
        ((0.7, 0.55, 0.8), "warn"),
        ((0.9, 0.8, 0.95), "fail"),
    ],
)
def test_features_that_tell_the_source_fail(auc, status):
    check = check_of(PROBE, source_probe=make_probe(*auc))

    assert (check.status, check.value) == (status, auc[0])
    assert "class normal" in check.meaning


def test_a_class_that_cannot_be_probed_keeps_the_others_from_a_pass():
    check = check_of(PROBE, source_probe=make_probe(0.5, 0.45, 0.55, probed=["normal"]))

    assert check.status == "warn"
    assert check.missing[0] == "VGG16 on other disease"


def test_a_class_of_one_source_is_not_identifiable_and_no_number():
    check = check_of(
        LEFT_OUT,
        make_identifiable("pneumonia", "covid_19"),
        sources_out=make_sources_out(0.9, 0.8, 0.95),
    )

    assert (check.status, check.value) == ("fail", None)
    assert check.number == "not identifiable: 2 of 4 classes"
    assert "COVID-19" in check.meaning


@pytest.mark.parametrize(("auc", "status"), ABOVE)
def test_identifiable_classes_are_judged_by_their_auc(auc, status):
    check = check_of(LEFT_OUT, make_identifiable(), sources_out=make_sources_out(*auc))

    assert (check.status, check.value) == (status, auc[0])


def test_a_class_that_no_source_measures_keeps_the_others_from_a_pass():
    table = make_sources_out(0.9, 0.8, 0.95)
    table.loc[table["class"] == "pneumonia", "auc"] = np.nan

    check = check_of(LEFT_OUT, make_identifiable(), sources_out=table)

    assert (check.status, check.missing) == ("warn", ("VGG16 on pneumonia",))


def test_a_class_that_only_another_network_measures_is_missing():
    half = make_sources_out(0.9, 0.8, 0.95)
    half.loc[half["class"] == "pneumonia", "auc"] = np.nan
    whole = make_sources_out(0.9, 0.8, 0.95)
    run = make_run(
        {"vgg16": {"sources_out": half}, "alexnet": {"sources_out": whole}},
        identifiable=make_identifiable(),
    )

    check = find_check(sources, LEFT_OUT, run)

    assert check.missing == ("VGG16 on pneumonia",)


def test_one_source_is_enough_to_judge_a_class():
    table = make_sources_out(0.9, 0.8, 0.95)
    lacking = table.assign(source="nih", auc=np.nan)
    both = pd.concat([lacking, table], ignore_index=True)

    check = check_of(LEFT_OUT, make_identifiable(), sources_out=both)

    assert check.status == "pass"


def test_what_was_not_run_has_not_passed():
    checks = sources.checks(make_run())

    assert {check.status for check in checks} == {"not computed"}


def test_the_section_shows_source_probe_and_sources_left_out():
    tables = {
        "source_probe": make_probe(0.9, 0.8, 0.95),
        "same_source": make_same_source(0.7, 0.6, 0.8),
        "sources_out": make_sources_out(0.9, 0.8, 0.95),
    }
    run = make_run({"vgg16": tables}, identifiable=make_identifiable("covid_19"))

    section = sources.section(run)

    same_source, probe, left_out = tables_of(section)
    assert same_source["AUC"].tolist() == ["0.70 (0.60 to 0.80)"] * 2
    assert probe["AUC of the source"].tolist()[0] == "0.90 (0.80 to 0.95)"
    assert len(left_out) == 4
    assert "COVID-19 (nih 30): all 30 images" in " ".join(texts_of(section))
