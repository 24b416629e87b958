import numpy as np
import pandas as pd
import pytest

from detl.explanation.sanity import COLUMNS, GUIDED, OTHER_IMAGE
from detl.explanation.sanity_verdict import VERDICT_COLUMNS, judge_randomisation


def make_table(**methods):
    """By method: similarity of other images' maps, and after the logits forgot."""
    rows = []
    for method, (reference, value) in methods.items():
        for layer, similarity in (
            (OTHER_IMAGE, reference),
            ("logits", value),
            ("fc7", -1.0),
        ):
            for name in ("ssim", "rank_correlation"):
                row = (method, layer, name, similarity, 0.0, 1.0, 40, 40, "")
                rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def verdicts_of(table):
    return judge_randomisation(table).set_index("method")


@pytest.mark.parametrize(
    ("reference", "value", "verdict"),
    [
        (0.2, 0.2, "pass"),
        (0.2, -0.5, "pass"),
        (0.2, 0.39, "pass"),
        (0.2, 0.5, "warn"),
        (0.2, 0.61, "fail"),
        (0.6, 0.7, "pass"),
        (0.6, 0.81, "fail"),
    ],
)
def test_what_counts_is_how_much_stays_beyond_another_images_map(
    reference, value, verdict
):
    table = make_table(grad_cam=(reference, value), **{GUIDED: (0.4, 0.98)})
    row = verdicts_of(table).loc["grad_cam"]
    assert row["verdict"] == verdict
    assert row["retained"] == pytest.approx((value - reference) / (1 - reference))
    assert row["layer"] == "logits"


def test_of_both_similarities_the_one_that_retains_more_counts():
    table = make_table(grad_cam=(0.2, 0.2), **{GUIDED: (0.4, 0.98)})
    at = (table["layer"] == "logits") & (table["similarity"] == "rank_correlation")
    table.loc[at & (table["method"] == "grad_cam"), "value"] = 0.9
    assert verdicts_of(table).loc["grad_cam", "verdict"] == "fail"


def test_the_control_fails_and_keeps_the_others_verdicts():
    table = make_table(grad_cam=(0.2, 0.2), **{GUIDED: (0.4, 0.98)})
    verdicts = verdicts_of(table)
    assert list(judge_randomisation(table).columns) == VERDICT_COLUMNS
    assert verdicts.loc[GUIDED, "verdict"] == "fail"
    assert verdicts.loc["grad_cam", "note"] == ""


def test_where_the_control_does_not_fail_nothing_passes():
    table = make_table(grad_cam=(0.2, 0.2), **{GUIDED: (0.4, 0.5)})
    row = verdicts_of(table).loc["grad_cam"]
    assert row["verdict"] == "warn"
    assert row["note"] == "the control did not fail"


def test_what_could_not_be_compared_has_no_verdict():
    table = make_table(grad_cam=(0.2, np.nan), **{GUIDED: (0.4, 0.98)})
    row = verdicts_of(table).loc["grad_cam"]
    assert row["verdict"] == ""
    assert np.isnan(row["retained"])
    assert "cannot be compared" in row["note"]


def test_maps_that_are_alike_for_all_images_have_no_verdict():
    table = make_table(grad_cam=(1.0, 1.0), **{GUIDED: (0.4, 0.98)})
    assert verdicts_of(table).loc["grad_cam", "verdict"] == ""
