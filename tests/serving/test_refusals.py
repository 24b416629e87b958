"""How often images would be refused."""

import numpy as np
import pandas as pd
import pytest

from detl.schemas.parameters import RefusalParameters
from detl.serving import refusals
from detl.serving.refusals import choose_held_out, measure_refusals, tabulate_decisions
from tiny_bundle import IMAGES, tiny_bundle, training_pixels

REFUSAL = RefusalParameters(warned_below=0.05, refused_below=0.01, warned_spread=0.2)


def _decide(ranks, training_images=200, groups=None):
    ranks = np.asarray(ranks, "float64")
    groups = np.arange(len(ranks)) if groups is None else groups
    table = tabulate_decisions(ranks, groups, training_images, REFUSAL, seed=0)
    return table.set_index("decision")


def test_an_image_is_refused_or_warned_of_and_never_both():
    table = _decide([0.005] * 2 + [0.01] * 3 + [0.05] * 15)

    assert table.loc["refused", "value"] == pytest.approx(2 / 20)
    assert table.loc["warned", "value"] == pytest.approx(3 / 20)
    assert table["images"].tolist() == [20, 20]


def test_the_interval_of_images_of_few_patients_is_wider():
    ranks = [0.005] * 10 + [0.5] * 90

    of_images = _decide(ranks).loc["refused"]
    of_patients = _decide(ranks, groups=np.arange(100) // 5).loc["refused"]

    assert of_images["low"] < 0.1 < of_images["high"]
    assert of_patients["groups"] == 20
    assert of_patients["high"] > of_images["high"]


def test_where_no_rank_is_small_enough_the_table_says_why_it_has_no_number():
    table = _decide([0.02] * 20, training_images=99)

    assert np.isnan(table.loc["refused", "value"])
    assert "with 99 training images no rank is below 0.01" in table["note"]["refused"]
    assert table.loc["warned", "value"] == 1


def test_without_images_there_is_no_number():
    table = _decide([])

    assert table["value"].isna().all()
    assert set(table["note"]) == {"no images to measure it on"}


def test_few_patients_give_no_number():
    assert _decide([0.5] * 9)["note"].tolist() == ["not enough data (n = 9)"] * 2


def test_held_out_are_images_of_patients_that_no_network_was_trained_on():
    data_a = pd.DataFrame(
        {
            "image_id": list("abcd"),
            "group": ["p", "q", "r", "s"],
            "subset": ["train", "validation", "validation", "validation"],
        }
    )
    data_b = pd.DataFrame({"group": ["r"]})

    of_another = choose_held_out(data_a, data_b)
    of_a_trained = choose_held_out(data_a.replace({"group": {"s": "p"}}), data_b)

    assert of_another["image_id"].tolist() == ["b", "d"]
    assert of_a_trained["image_id"].tolist() == ["b"]


def _measure(pixels, images=None):
    bundle = tiny_bundle()
    number = len(pixels) if images is None else images
    table = pd.DataFrame({"row": range(number), "group": map(str, range(number))})
    found = measure_refusals(
        bundle.trunk, bundle.familiarity, pixels, table, REFUSAL, seed=0
    )
    return found.set_index("decision")


def test_images_of_another_kind_are_refused_and_those_of_the_same_are_not():
    same, other = training_pixels(), training_pixels()[:, :, ::-1]

    assert _measure(same).loc["refused", "value"] < 0.05
    assert _measure(other).loc["refused", "value"] > 0.95


def test_of_many_images_some_are_drawn(monkeypatch):
    monkeypatch.setattr(refusals, "MOST_IMAGES", 50)

    assert _measure(training_pixels())["images"].tolist() == [50, 50]
    assert len(training_pixels()) == IMAGES


def test_no_image_needs_no_network():
    assert _measure(training_pixels(), images=0)["images"].tolist() == [0, 0]
