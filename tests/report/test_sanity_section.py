import numpy as np
import pandas as pd
import pytest

from detl.report.sanity import describe_sanity, judge_sanity
from made_audit import number
from made_results import tables_of, texts_of


def make_sanity(alike, control=0.98):
    """Table ``sanity``: maps of different images have the likeness 0.2."""
    steps = {
        "grad_cam": {"another image": 0.2, "logits": alike, "conv1": 0.1},
        "guided_backpropagation": {"another image": 0.2, "logits": control},
    }
    return pd.DataFrame(
        [
            {
                **{"method": method, "layer": layer, "similarity": similarity},
                **number(value, value - 0.05, value + 0.05),
            }
            for method, layers in steps.items()
            for layer, value in layers.items()
            for similarity in ("ssim", "rank_correlation")
        ]
    )


@pytest.mark.parametrize(
    ("alike", "verdict"), [(0.3, "pass"), (0.5, "warn"), (0.9, "fail")]
)
def test_a_map_that_outlives_the_last_layer_fails(alike, verdict):
    assert judge_sanity({"vgg16": make_sanity(alike)}).verdict == verdict


def test_where_the_control_does_not_fail_nothing_passes():
    check = judge_sanity({"vgg16": make_sanity(0.2, control=0.3)})

    assert check.verdict == "warn"
    assert check.meaning == (
        "VGG16's maps follow what the network has learned, but the control did not "
        "fail."
    )


def test_a_network_whose_control_did_not_fail_is_shown_before_one_that_passes():
    """Its maps keep less; but what is judged, and warned of, is its control."""
    sanity = {"vgg16": make_sanity(0.22, control=0.3), "alexnet": make_sanity(0.36)}

    check = judge_sanity(sanity)

    assert (check.verdict, check.number) == ("warn", "2.5 % kept")
    assert check.meaning.startswith("VGG16")


def test_a_network_that_cannot_be_judged_keeps_the_others_from_a_pass():
    check = judge_sanity({"vgg16": make_sanity(0.3), "alexnet": make_sanity(np.nan)})

    assert check.verdict == "warn"
    assert check.meaning.endswith("Without a number: AlexNet.")


def test_maps_that_cannot_be_compared_are_no_pass():
    assert judge_sanity({"vgg16": make_sanity(np.nan)}).verdict == "not computed"


def test_what_was_not_run_names_the_command():
    assert "kedro run --pipeline audit" in judge_sanity({}).meaning
    assert "kedro run --pipeline audit" in " ".join(texts_of(describe_sanity({}, None)))


def test_the_section_shows_what_each_method_keeps():
    table = tables_of(describe_sanity({"vgg16": make_sanity(0.36)}, None))[0]

    assert table["method"].tolist() == ["Grad-CAM", "guided backpropagation"]
    assert table["kept"].tolist() == ["20.0 %", "97.5 %"]
    assert table["verdict"].tolist() == ["pass", "fail"]
