import logging

import pandas as pd
import pytest

from detl.errors import DetlError
from detl.pipelines.split.nodes import check_leaks
from detl.splitting.data_a import select_data_a
from detl.splitting.data_b import select_data_b
from detl.splitting.folds import assign_folds

FINDINGS = {
    "normal": "No Finding",
    "other_disease": "Mass",
    "pneumonia": "Pneumonia",
    "covid_19": "COVID-19",
}
NAMES = ("fold_1", "fold_2", "fold_3")


@pytest.fixture
def draw(make_images, make_parameters):
    """Return a function that draws a split of patients with two images each."""

    def make(protocol="grouped"):
        wanted = {name: {"findings": {f: 12}} for name, f in FINDINGS.items()}
        parameters = make_parameters(protocol=protocol, **wanted)
        rows = [
            (finding, f"{finding}-{patient}", "nih")
            for finding in FINDINGS.values()
            for patient in range(20)
            for _ in range(2)
        ]
        images = make_images(*rows)
        images = images.assign(patient_id=images["group"], sha256=images["image_id"])
        data_b, _ = select_data_b(images, parameters, seed=0)
        data_a, _ = select_data_a(images, data_b, parameters, seed=0)
        return {
            "images": images,
            "copies": _copies(),
            "data_b": data_b,
            "drawn_data_a": data_a,
            "drawn_folds": assign_folds(data_b, parameters, 0, NAMES),
            "parameters": parameters,
        }

    return make


def _copies(*pairs):
    return pd.DataFrame(pairs, columns=["image_id", "other_id"], dtype=str)


def _joined(leaks, boundary, link="group"):
    return leaks.set_index(["boundary", "link"]).loc[(boundary, link)]


def test_what_was_drawn_comes_back_unchanged(draw):
    split = draw()

    data_a, folds, leaks = check_leaks(**split)

    assert data_a.equals(split["drawn_data_a"])
    assert folds.equals(split["drawn_folds"])
    assert not leaks["groups"].any()


def test_a_fold_that_was_edited_stops(draw):
    split = draw()
    folds = split["drawn_folds"]
    groups = split["data_b"].set_index("image_id")["group"]
    # Of a patient with two images one goes from the training to the test part.
    training = folds[(folds["fold"] == "fold_1") & (folds["subset"] == "train")]
    twins = training[training["image_id"].map(groups).duplicated(keep=False)]
    folds.loc[twins.index[0], "subset"] = "test"

    with pytest.raises(
        DetlError, match="folds: train / test: groups 1, images 2: "
    ) as e:
        check_leaks(**split)

    assert twins["image_id"].iloc[0] in str(e.value)


def test_data_b_in_data_a_stops(draw):
    split = draw()
    both = split["data_b"].iloc[[0]].assign(label="normal", subset="train")
    both = both[split["drawn_data_a"].columns]
    split["drawn_data_a"] = pd.concat([split["drawn_data_a"], both])

    with pytest.raises(DetlError, match="Data-A / Data-B: groups 1"):
        check_leaks(**split)


def test_a_copy_that_the_groups_do_not_know_stops(draw):
    split = draw()
    in_a = split["drawn_data_a"]["image_id"].iloc[0]
    in_b = split["data_b"]["image_id"].iloc[0]
    split["copies"] = _copies((in_b, in_a))

    with pytest.raises(DetlError, match=rf"{in_a} \(Data-A\).* {in_b} \(Data-B\)"):
        check_leaks(**split)


def test_groups_that_a_fault_has_parted_stop(draw):
    split = draw()
    # As if the column were wrong: the patients in it know better.
    groups = split["images"]["image_id"]
    parted = {**split, "images": split["images"].assign(group=groups)}
    data_b, _ = select_data_b(parted["images"], split["parameters"], seed=0)
    data_a, _ = select_data_a(parted["images"], data_b, split["parameters"], seed=0)
    folds = assign_folds(data_b, split["parameters"], 0, NAMES)
    parted |= {"data_b": data_b, "drawn_data_a": data_a, "drawn_folds": folds}

    with pytest.raises(DetlError, match="Data-A / Data-B: groups"):
        check_leaks(**parted)


def test_under_protocol_paper_crossings_are_counted_and_warned_of(draw, caplog):
    split = draw(protocol="paper")
    data_a, data_b = split["drawn_data_a"], split["data_b"]
    shared = set(data_a["group"]) & set(data_b["group"])

    with caplog.at_level(logging.WARNING, "detl.split"):
        *_, leaks = check_leaks(**split)

    crossing = _joined(leaks, "Data-A / Data-B", "patient")
    assert crossing["groups"] == len(shared) > 0
    assert crossing["images"] == sum(
        table["group"].isin(shared).sum() for table in (data_a, data_b)
    )
    assert _joined(leaks, "folds: train / test")["groups"] > 0
    assert f"Data-A / Data-B: groups {len(shared)}, images" in caplog.text


def test_under_protocol_paper_folds_have_no_validation_part_to_cross(draw):
    *_, leaks = check_leaks(**draw(protocol="paper"))

    assert _joined(leaks, "Data-A: train / validation")["groups"] == 0
    of_folds = leaks["boundary"][leaks["boundary"].str.startswith("folds")]
    assert not of_folds.str.contains("validation").any()
