import numpy as np
import pandas as pd
import pytest

from detl.report.sources import (
    describe_sources,
    judge_probe,
    judge_same_source,
    judge_sources_out,
)
from made_audit import (
    make_identifiable,
    make_probe,
    make_same_source,
    make_sources_out,
)
from made_results import tables_of, texts_of

ABOVE = [
    ((0.7, 0.6, 0.8), "pass"),
    ((0.6, 0.45, 0.7), "warn"),
    ((0.3, 0.2, 0.4), "fail"),
]


@pytest.mark.parametrize(("auc", "verdict"), ABOVE)
def test_covid_19_must_be_told_within_its_own_source(auc, verdict):
    check = judge_same_source({"vgg16": make_same_source(*auc)})

    assert check.verdict == verdict
    assert "calls 25.0 % of the 20 images of cohen" in check.meaning


def test_too_few_images_of_the_source_are_no_pass():
    table = make_same_source(np.nan, np.nan, np.nan)
    table["note"] = "auc: not enough data (n = 7)"

    check = judge_same_source({"vgg16": table})

    assert (check.verdict, check.meaning) == (
        "not computed",
        "Auc: not enough data (n = 7).",
    )


@pytest.mark.parametrize(
    ("auc", "verdict"),
    [
        ((0.55, 0.5, 0.6), "pass"),
        ((0.7, 0.55, 0.8), "warn"),
        ((0.9, 0.8, 0.95), "fail"),
    ],
)
def test_features_that_tell_the_source_fail(auc, verdict):
    check = judge_probe({"vgg16": make_probe(*auc)})

    assert check.verdict == verdict
    assert "class normal" in check.meaning


def test_a_class_that_cannot_be_probed_keeps_the_others_from_a_pass():
    check = judge_probe({"vgg16": make_probe(0.5, 0.45, 0.55, probed=["normal"])})

    assert check.verdict == "warn"
    assert "Without a number: VGG16 on other disease" in check.meaning


def test_a_class_of_one_source_is_not_identifiable_and_no_number():
    check = judge_sources_out(
        make_identifiable("pneumonia", "covid_19"),
        {"vgg16": make_sources_out(0.9, 0.8, 0.95)},
    )

    assert check.verdict == "fail"
    assert check.number == "not identifiable: 2 of 4 classes"
    assert check.meaning == "COVID-19: all 30 images of COVID-19 are from nih."


@pytest.mark.parametrize(("auc", "verdict"), ABOVE)
def test_identifiable_classes_are_judged_by_their_auc(auc, verdict):
    check = judge_sources_out(make_identifiable(), {"vgg16": make_sources_out(*auc)})

    assert check.verdict == verdict


def test_a_class_that_no_source_measures_keeps_the_others_from_a_pass():
    table = make_sources_out(0.9, 0.8, 0.95)
    table.loc[table["class"] == "pneumonia", "auc"] = np.nan

    check = judge_sources_out(make_identifiable(), {"vgg16": table})

    assert check.verdict == "warn"
    assert check.meaning.endswith("Without a number: VGG16 on pneumonia.")


def test_one_source_is_enough_to_judge_a_class():
    table = make_sources_out(0.9, 0.8, 0.95)
    lacking = table.assign(source="nih", auc=np.nan)
    both = pd.concat([lacking, table], ignore_index=True)

    assert judge_sources_out(make_identifiable(), {"vgg16": both}).verdict == "pass"


def test_what_was_not_run_has_not_passed():
    assert judge_same_source({}).verdict == "not computed"
    assert judge_probe({}).verdict == "not computed"
    assert judge_sources_out(None, {}).verdict == "not computed"
    assert describe_sources({}, {}, None, {}) is None


def test_the_section_shows_source_probe_and_sources_left_out():
    section = describe_sources(
        {"vgg16": make_probe(0.9, 0.8, 0.95)},
        {"vgg16": make_same_source(0.7, 0.6, 0.8)},
        make_identifiable("covid_19"),
        {"vgg16": make_sources_out(0.9, 0.8, 0.95)},
    )

    same_source, probe, left_out = tables_of(section)
    assert same_source["AUC"].tolist() == ["0.70 (0.60 to 0.80)"] * 2
    assert probe["AUC of the source"].tolist()[0] == "0.90 (0.80 to 0.95)"
    assert len(left_out) == 4
    assert "COVID-19 (nih 30): all 30 images" in " ".join(texts_of(section))
