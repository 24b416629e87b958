import numpy as np
import pytest

from detl.report.explanation_scores import (
    describe_explanation_scores,
    judge_deletion,
    judge_pointing,
)
from detl.report.page import Section
from made_audit import make_deletion, make_localisation
from made_results import tables_of, texts_of

ABOVE = [((0.4, 0.3, 0.5), "pass"), ((0.1, -0.1, 0.3), "warn")]
ABOVE += [((-0.2, -0.3, -0.1), "fail")]
SANITY = Section("sanity", "Networks that forget")


@pytest.mark.parametrize(("gain", "verdict"), ABOVE)
def test_the_maximum_must_lie_in_the_lesion_more_often_than_chance(gain, verdict):
    check = judge_pointing({"vgg16": make_localisation(*gain)})

    assert check.verdict == verdict
    assert "on 60.0 % of 50 images; a random point would on 20.0 %" in check.meaning


def test_too_few_boxes_are_no_pass():
    nothing = (np.nan, np.nan, np.nan)
    tables = {"vgg16": make_localisation(*nothing, note="not enough data (n = 7)")}

    assert judge_pointing(tables).verdict == "not computed"
    assert judge_pointing(tables).meaning == "Not enough data (n = 7)."


@pytest.mark.parametrize(("gain", "verdict"), ABOVE)
def test_marked_pixels_must_matter_more_than_random_ones(gain, verdict):
    assert judge_deletion({"vgg16": make_deletion(*gain)}).verdict == verdict


def test_what_was_not_run_has_not_passed():
    section = describe_explanation_scores({}, {}, {}, None, SANITY)

    assert judge_pointing({}).verdict == judge_deletion({}).verdict == "not computed"
    assert "kedro run --pipeline audit" in " ".join(texts_of(section))


def test_the_section_shows_methods_findings_and_areas():
    section = describe_explanation_scores(
        {"vgg16": make_localisation(0.4, 0.3, 0.5)},
        {"vgg16": make_deletion(0.4, 0.3, 0.5)},
        {"vgg16": np.zeros((4, 4, 3), np.uint8)},
        np.zeros((4, 4, 3), np.uint8),
        SANITY,
    )

    methods, findings, areas = tables_of(section)
    assert methods["method"].tolist() == ["Grad-CAM", "HiResCAM"]
    assert findings["finding"].tolist() == ["Mass"]
    assert areas["order of"].tolist() == ["Grad-CAM", "random order"]
