import numpy as np
import pandas as pd
import pytest

from detl.explanation.retained_likeness import RETAINED_COLUMNS, measure_retained
from detl.explanation.sanity import COLUMNS, OTHER_IMAGE


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


def grad_cam_of(table):
    return measure_retained(table).set_index("method").loc["grad_cam"]


@pytest.mark.parametrize(
    ("reference", "value"), [(0.2, 0.2), (0.2, -0.5), (0.2, 0.5), (0.6, 0.81)]
)
def test_what_counts_is_how_much_stays_beyond_another_images_map(reference, value):
    row = grad_cam_of(make_table(grad_cam=(reference, value)))
    assert row["retained"] == pytest.approx((value - reference) / (1 - reference))
    assert row["layer"] == "logits"
    assert row["note"] == ""


def test_of_both_similarities_the_one_that_retains_more_counts():
    table = make_table(grad_cam=(0.2, 0.2))
    at = (table["layer"] == "logits") & (table["similarity"] == "rank_correlation")
    table.loc[at, "value"] = 0.9
    assert grad_cam_of(table)["retained"] == pytest.approx(0.7 / 0.8)


def test_each_method_has_a_row():
    table = make_table(grad_cam=(0.2, 0.2), guided_backpropagation=(0.4, 0.98))
    measured = measure_retained(table)
    assert list(measured.columns) == RETAINED_COLUMNS
    assert list(measured["method"]) == ["grad_cam", "guided_backpropagation"]


def test_what_could_not_be_compared_has_no_number():
    row = grad_cam_of(make_table(grad_cam=(0.2, np.nan)))
    assert np.isnan(row["retained"])
    assert "cannot be compared" in row["note"]


def test_maps_that_are_alike_for_all_images_have_no_number():
    assert np.isnan(grad_cam_of(make_table(grad_cam=(1.0, 1.0)))["retained"])
