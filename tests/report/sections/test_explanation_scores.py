import numpy as np
import pytest

from detl.report.sections import explanation_scores
from made_audit import make_deletion, make_localisation
from made_results import tables_of, texts_of
from made_run import PICTURE, find_check, make_run

ABOVE = [((0.4, 0.3, 0.5), "pass"), ((0.1, -0.1, 0.3), "warn")]
ABOVE += [((-0.2, -0.3, -0.1), "fail")]


def check_of(title, **tables):
    return find_check(explanation_scores, title, make_run({"vgg16": tables}))


@pytest.mark.parametrize(("gain", "status"), ABOVE)
def test_the_maximum_must_lie_in_the_lesion_more_often_than_chance(gain, status):
    check = check_of("Pointing at lesions", localisation=make_localisation(*gain))

    assert (check.status, check.value) == (status, gain[0])
    assert "on 60.0 % of 50 images; a random point would on 20.0 %" in check.meaning


@pytest.mark.parametrize(
    ("gain", "status", "said"),
    [
        ((-0.1, -0.2, -0.05), "fail", "Below a random point: VGG16 on COVID-19."),
        ((0.1, -0.1, 0.3), "warn", "Not surely above it: VGG16 on COVID-19."),
        ((0.3, 0.2, 0.4), "pass", "a random point would on 20.0 %."),
    ],
)
def test_a_class_that_is_missed_is_not_hidden_by_the_others(gain, status, said):
    table = make_localisation(0.4, 0.3, 0.5, covid_19=gain, pneumonia=(0.5, 0.4, 0.6))

    check = check_of("Pointing at lesions", localisation=table)

    assert (check.status, check.value) == (status, gain[0])
    assert check.meaning.endswith(said)
    assert "of 50 images of COVID-19" in check.meaning


def test_a_finding_that_is_missed_fails_without_its_class():
    table = make_localisation(0.4, 0.3, 0.5, other_disease=(0.3, 0.2, 0.4))
    is_gain = table["quantity"] == "pointing_above_area"
    is_mass = table["finding"] == "Mass"
    table.loc[is_gain & is_mass, ["value", "low", "high"]] = (-0.1, -0.2, -0.05)

    check = check_of("Pointing at lesions", localisation=table)

    assert check.status == "fail"
    assert check.meaning.endswith("Below a random point: VGG16 on Mass.")


def test_too_few_boxes_are_no_pass():
    nothing = (np.nan, np.nan, np.nan)
    table = make_localisation(*nothing, note="not enough data (n = 7)")

    check = check_of("Pointing at lesions", localisation=table)

    assert check.status == "not computed"
    assert check.meaning == "Not enough data (n = 7)."


@pytest.mark.parametrize(("gain", "status"), ABOVE)
def test_marked_pixels_must_matter_more_than_random_ones(gain, status):
    check = check_of("Deletion", deletion=make_deletion(*gain))

    assert (check.status, check.value) == (status, gain[0])


def test_what_was_not_run_has_not_passed():
    checks = explanation_scores.checks(make_run())
    text = " ".join(texts_of(explanation_scores.section(make_run())))

    assert {check.status for check in checks} == {"not computed"}
    assert "--pipelines lesions,report" in text


def test_the_section_shows_methods_findings_and_areas():
    tables = {
        "localisation": make_localisation(0.4, 0.3, 0.5, covid_19=(0.1, 0.0, 0.2)),
        "deletion": make_deletion(0.4, 0.3, 0.5),
        "regions": PICTURE,
    }
    run = make_run({"vgg16": tables}, deletion_picture=PICTURE)

    methods, findings, areas = tables_of(explanation_scores.section(run))

    assert methods["method"].tolist() == ["Grad-CAM", "HiResCAM"]
    assert findings["class or finding"].tolist() == ["Mass", "class COVID-19"]
    assert areas["order of"].tolist() == ["Grad-CAM", "random order"]
