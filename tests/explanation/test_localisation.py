import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta

from detl.errors import DetlError
from detl.explanation.localisation import (
    COLUMNS,
    SHARE_OF_MAXIMUM,
    compare_with_regions,
    score_localisation,
)

SIZE = 10


def make_mask(top, bottom, left, right):
    mask = np.zeros((1, SIZE, SIZE), bool)
    mask[0, top:bottom, left:right] = True
    return mask


MASK = make_mask(2, 6, 3, 8)


def compare(values, mask=MASK, centre_share=0.8):
    maps = np.asarray(values, np.float32)[None]
    return compare_with_regions(maps, mask, centre_share).iloc[0]


def test_a_perfect_map_points_inside_and_outlines_the_region():
    scores = compare(MASK[0] * 3.0)
    assert scores["pointing"] == 1
    assert scores["iou"] == 1
    assert scores["energy_in_region"] == 1


def test_a_map_of_what_is_outside_has_nothing_in_common():
    scores = compare(~MASK[0] * 3.0)
    assert scores["pointing"] == scores["iou"] == scores["energy_in_region"] == 0


def test_a_uniform_map_gets_the_area_everywhere():
    scores = compare(np.full((SIZE, SIZE), 0.7))
    area = 20 / SIZE**2
    assert scores["area"] == area
    assert scores["pointing"] == pytest.approx(area)
    assert scores["iou"] == pytest.approx(area)
    assert scores["energy_in_region"] == pytest.approx(area)
    assert scores["energy_in_thorax"] == pytest.approx(0.8**2)


def test_the_maximum_has_no_tolerance():
    values = np.zeros((SIZE, SIZE))
    values[2, 2] = 1
    assert compare(values)["pointing"] == 0
    values[2, 3] = 1.01
    assert compare(values)["pointing"] == 1


def test_of_tied_maxima_the_part_that_is_inside_counts():
    values = np.zeros((SIZE, SIZE))
    values[2, 2:6] = 1
    assert compare(values)["pointing"] == 0.75


def test_an_empty_map_points_nowhere_and_misses():
    scores = compare(np.zeros((SIZE, SIZE)))
    assert scores["empty"] == 1
    assert scores["pointing"] == scores["iou"] == 0
    assert np.isnan(scores["energy_in_region"])
    assert np.isnan(scores["energy_in_thorax"])


def test_the_outline_is_what_is_above_a_fifth_of_the_maximum():
    values = np.where(MASK[0], 1.0, SHARE_OF_MAXIMUM - 0.01)
    assert compare(values)["iou"] == 1
    assert compare(np.where(MASK[0], 1.0, SHARE_OF_MAXIMUM + 0.01))["iou"] == 0.2


def test_the_unit_of_a_map_makes_no_difference():
    values = np.random.default_rng(0).random((SIZE, SIZE))
    pd.testing.assert_series_equal(compare(values), compare(1000 * values))


def test_the_thorax_is_the_centre_of_the_picture():
    values = np.zeros((SIZE, SIZE))
    values[0, 5] = values[5, 5] = values[1, 1] = values[8, 8] = 1
    assert compare(values)["energy_in_thorax"] == 0.75


@pytest.fixture
def sample():
    """Sixty images of 30 patients: half of the maps are right, half point elsewhere."""
    findings = pd.Series(["Mass", "Mass|Nodule"] * 30)
    labels = pd.Series(["pneumonia", "covid_19"] * 30)
    masks = np.repeat(MASK, 60, axis=0)
    maps = np.where(np.arange(60)[:, None, None] % 4 < 2, masks, ~masks)
    return {
        "maps": {"right": masks * 1.0, "half": maps * 1.0, "none": maps * 0.0},
        "masks": masks,
        "findings": findings,
        "labels": labels,
        "groups": np.arange(60) // 2,
        "centre_share": 0.8,
        "seed": 0,
    }


def value_of(table, method, quantity, finding="all", label=""):
    row = table[
        (table["method"] == method)
        & (table["quantity"] == quantity)
        & (table["finding"] == finding)
        & (table["class"] == label)
    ]
    assert len(row) == 1
    return row.iloc[0]


def test_the_table_has_a_row_per_method_part_and_quantity(sample):
    table = score_localisation(**sample)
    assert list(table.columns) == COLUMNS
    assert len(table) == 3 * 5 * 10
    parts = table[["finding", "class"]].drop_duplicates().apply(tuple, axis=1)
    classes = [("all", ""), ("all", "covid_19"), ("all", "pneumonia")]
    assert parts.tolist() == [*classes, ("Mass", ""), ("Nodule", "")]


def test_a_class_has_its_own_number_and_an_interval_for_all_classes_at_once(sample):
    labels = pd.Series(np.where(np.arange(60) % 4 < 2, "pneumonia", "covid_19"))
    table = score_localisation(**{**sample, "labels": labels})
    name = "pointing_above_area"
    hit = value_of(table, "half", name, label="pneumonia")
    missed = value_of(table, "half", name, label="covid_19")
    assert (hit["value"], missed["value"]) == pytest.approx((0.8, -0.2))
    alone = score_localisation(**{**sample, "labels": pd.Series(["covid_19"] * 60)})
    whole = value_of(table, "half", name)
    same = value_of(alone, "half", name, label="covid_19")
    assert (whole["low"], whole["high"]) == (same["low"], same["high"])
    # None of 15 patients: Jeffreys' upper end at 97.5 % and not at 95 %.
    upper = beta.ppf(1 - 0.05 / 4, 0.5, 15.5)
    assert missed["high"] == pytest.approx(upper - 0.2, abs=0.001)


def test_pointing_stands_beside_the_area_and_above_it(sample):
    table = score_localisation(**sample)
    assert value_of(table, "right", "pointing")["value"] == 1
    assert value_of(table, "right", "area")["value"] == pytest.approx(0.2)
    above = value_of(table, "right", "pointing_above_area")
    assert above["value"] == pytest.approx(0.8)


def test_the_interval_is_over_patients(sample):
    pointing = value_of(score_localisation(**sample), "half", "pointing")
    assert pointing["value"] == 0.5
    assert (pointing["images"], pointing["groups"]) == (60, 30)
    # Of 30 independent patients, and not of 60 images.
    half = 1.96 * np.sqrt(0.25 / 30)
    assert (pointing["low"], pointing["high"]) == pytest.approx(
        (0.5 - half, 0.5 + half), abs=0.04
    )


def test_images_with_two_findings_count_for_either(sample):
    table = score_localisation(**sample)
    assert value_of(table, "half", "pointing", "Mass")["images"] == 60
    assert value_of(table, "half", "pointing", "Nodule")["images"] == 30


def test_hits_are_the_share_of_images_that_reach_an_iou(sample):
    table = score_localisation(**sample)
    for least in ("0.1", "0.25", "0.5"):
        assert value_of(table, "right", f"iou_at_{least}")["value"] == 1
        assert value_of(table, "half", f"iou_at_{least}")["value"] == 0.5


def test_empty_maps_are_counted_and_have_no_share_of_energy(sample):
    table = score_localisation(**sample)
    assert value_of(table, "none", "empty")["value"] == 1
    assert value_of(table, "none", "pointing")["value"] == 0
    energy = value_of(table, "none", "energy_in_region")
    assert energy["note"] == "not enough data (n = 0)"
    assert np.isnan(energy["value"])


def test_too_few_patients_of_a_finding_give_a_note_and_no_number(sample):
    findings = pd.Series(["Mass"] * 46 + ["Hernia"] * 14)
    table = score_localisation(**{**sample, "findings": findings})
    hernia = value_of(table, "right", "pointing", "Hernia")
    assert hernia["note"] == "not enough data (n = 7)"
    assert np.isnan(hernia["value"])
    assert value_of(table, "right", "pointing", "Mass")["note"] == ""


def test_no_image_at_all_gives_notes_and_no_number(sample):
    table = score_localisation(
        {"any": np.zeros((0, SIZE, SIZE))},
        np.zeros((0, SIZE, SIZE), bool),
        pd.Series([], dtype=str),
        pd.Series([], dtype=str),
        np.array([], dtype=object),
        0.8,
        0,
    )
    assert set(table["note"]) == {"not enough data (n = 0)"}
    assert set(table["finding"]) == {"all"}


def test_maps_of_another_size_are_refused():
    with pytest.raises(DetlError, match=r"maps of shape \(1, 4, 4\).*upsample"):
        compare_with_regions(np.ones((1, 4, 4)), MASK, 0.8)


@pytest.mark.parametrize("value", [-1, np.nan, np.inf])
def test_a_map_with_a_value_that_is_no_evidence_is_refused(value):
    maps = np.full((1, SIZE, SIZE), value)
    with pytest.raises(DetlError, match="below 0 or no number"):
        compare_with_regions(maps, MASK, 0.8)


def test_an_empty_region_is_refused():
    masks = np.concatenate([MASK, ~MASK & MASK])
    with pytest.raises(DetlError, match="1 of 2 regions are empty, row 1 first"):
        compare_with_regions(np.ones(masks.shape), masks, 0.8)
