import numpy as np
import pytest

from detl.report.sections import sanity
from made_audit import make_sanity
from made_results import tables_of, texts_of
from made_run import make_run


def check_of(**tables):
    networks = {name: {"sanity": table} for name, table in tables.items()}
    (check,) = sanity.checks(make_run(networks))
    return check


@pytest.mark.parametrize(
    ("alike", "status"), [(0.3, "pass"), (0.5, "warn"), (0.9, "fail")]
)
def test_a_map_that_outlives_the_last_layer_fails(alike, status):
    check = check_of(vgg16=make_sanity(alike))

    assert check.status == status
    assert check.value == pytest.approx((alike - 0.2) / 0.8)


def test_where_the_control_does_not_fail_nothing_passes():
    check = check_of(vgg16=make_sanity(0.2, control=0.3))

    assert check.status == "warn"
    assert "the control did not fail" in check.meaning


def test_a_network_whose_control_did_not_fail_is_shown_before_one_that_passes():
    """Its maps keep less; but what is judged, and warned of, is its control."""
    check = check_of(vgg16=make_sanity(0.22, control=0.3), alexnet=make_sanity(0.36))

    assert (check.status, check.network) == ("warn", "vgg16")
    assert check.value == pytest.approx(0.025)


def test_a_network_that_cannot_be_judged_keeps_the_others_from_a_pass():
    check = check_of(vgg16=make_sanity(0.3), alexnet=make_sanity(np.nan))

    assert (check.status, check.missing) == ("warn", ("AlexNet",))


def test_maps_that_cannot_be_compared_are_no_pass():
    assert check_of(vgg16=make_sanity(np.nan)).status == "not computed"


def test_what_was_not_run_names_the_command():
    (check,) = sanity.checks(make_run())

    assert "kedro run --pipeline audit" in check.meaning
    text = " ".join(texts_of(sanity.section(make_run())))
    assert "kedro run --pipeline audit" in text


def test_the_section_shows_what_each_method_keeps():
    run = make_run({"vgg16": {"sanity": make_sanity(0.36)}})

    table = tables_of(sanity.section(run))[0]

    assert table["method"].tolist() == ["Grad-CAM", "guided backpropagation"]
    assert table["kept"].tolist() == ["20.0 %", "97.5 %"]
    assert table["verdict"].tolist() == ["pass", "fail"]
