import logging

import pandas as pd
import pytest

from detl.errors import DetlError
from detl.splitting.data_a import select_data_a


@pytest.fixture
def no_data_b():
    return pd.DataFrame({"group": pd.Series([], dtype=str)})


@pytest.fixture
def forty(make_images):
    """Return twenty normal and twenty diseased images, each its own group."""
    rows = [(f, f"{f}-{i}", "nih") for f in ("No Finding", "Mass") for i in range(20)]
    return make_images(*rows)


def sizes(data_a):
    return data_a.groupby(["label", "subset"]).size().to_dict()


def test_the_columns_are_those_of_the_contract(forty, no_data_b, make_parameters):
    data_a, counts = select_data_a(forty, no_data_b, make_parameters(), seed=0)
    assert list(data_a) == ["image_id", "row", "group", "label", "subset"]
    assert list(counts) == ["class", "subset", "ours", "paper"]


def test_validation_is_at_most_the_share_of_the_smaller_class(
    make_images, no_data_b, make_parameters
):
    rows = [("No Finding", f"n{i}", "nih") for i in range(30)]
    rows += [("Mass", f"d{i}", "nih") for i in range(20)]
    parameters = make_parameters(data_a={"largest_validation_share": 0.25})
    data_a, _ = select_data_a(make_images(*rows), no_data_b, parameters, seed=0)
    assert sizes(data_a) == {
        ("normal", "train"): 25,
        ("normal", "validation"): 5,
        ("diseased", "train"): 15,
        ("diseased", "validation"): 5,
    }


def test_validation_is_at_most_the_number_asked(forty, no_data_b, make_parameters):
    parameters = make_parameters(data_a={"validation_per_class": 3})
    data_a, _ = select_data_a(forty, no_data_b, parameters, seed=0)
    assert sizes(data_a)["normal", "validation"] == 3
    assert sizes(data_a)["diseased", "validation"] == 3


def test_a_share_that_binary_numbers_miss_is_met(
    make_images, no_data_b, make_parameters
):
    rows = [(f, f"{f}-{i}", "nih") for f in ("No Finding", "Mass") for i in range(100)]
    parameters = make_parameters(data_a={"largest_validation_share": 0.29})
    data_a, _ = select_data_a(make_images(*rows), no_data_b, parameters, seed=0)
    assert sizes(data_a)["normal", "validation"] == 29


def test_counts_stand_beside_those_of_the_paper(forty, no_data_b, make_parameters):
    _, counts = select_data_a(forty, no_data_b, make_parameters(), seed=0)
    assert counts.to_dict("list") == {
        "class": ["normal", "normal", "diseased", "diseased"],
        "subset": ["train", "validation", "train", "validation"],
        "ours": [10, 10, 10, 10],
        "paper": [47_560, 10_000, 40_819, 10_000],
    }


@pytest.mark.parametrize("seed", range(5))
def test_groups_stay_whole(make_images, no_data_b, make_parameters, seed):
    rows = [
        (finding, f"p{i}", "nih")
        for i in range(30)
        for finding in ["No Finding"] * (i % 3 + 1) + ["Mass"] * (i % 2 + 1)
    ]
    data_a, _ = select_data_a(make_images(*rows), no_data_b, make_parameters(), seed)
    assert data_a.groupby("group")["subset"].nunique().max() == 1


def test_groups_of_data_b_are_left_out_whole(forty, make_parameters):
    images = forty.assign(group=[f"p{i // 2}" for i in range(40)])
    data_b = images.iloc[[0, 21]]
    # Of 18 images of each class, in nine groups, four are in the validation part.
    parameters = make_parameters(data_a={"validation_per_class": 4})
    data_a, _ = select_data_a(images, data_b, parameters, seed=0)
    assert set(range(40)) - set(data_a["row"]) == {0, 1, 20, 21}


def test_a_class_with_other_sources_is_left_out(
    make_images, no_data_b, make_parameters
):
    rows = [(f, f"{f}-{s}-{i}", s) for f in ("No Finding", "Mass") for s in ("nih", "c")
            for i in range(4)]  # fmt: skip
    data_a, _ = select_data_a(make_images(*rows), no_data_b, make_parameters(), seed=0)
    assert len(data_a) == 8
    assert data_a["group"].str.contains("-nih-").all()


@pytest.mark.parametrize(
    ("rule", "left"), [("exclude_any", {"Mass"}), ("exclude_single", {"Mass", "both"})]
)
def test_pneumonia_is_left_out_by_the_rule(
    make_images, no_data_b, make_parameters, rule, left
):
    findings = ["Mass", "Pneumonia", "Pneumonia|Mass"]
    groups = {"Mass": "Mass", "Pneumonia": "alone", "Pneumonia|Mass": "both"}
    rows = [(f, groups[f], "nih") for f in findings for _ in range(4)]
    rows += [("No Finding", f"n{i}", "nih") for i in range(8)]
    parameters = make_parameters(data_a={"pneumonia": rule, "validation_per_class": 4})
    if rule == "exclude_any":
        rows += [("Mass", f"d{i}", "nih") for i in range(8)]
        left = left | {f"d{i}" for i in range(8)}
    data_a, _ = select_data_a(make_images(*rows), no_data_b, parameters, seed=0)
    assert set(data_a.loc[data_a["label"] == "diseased", "group"]) == left


def test_the_limit_per_class_includes_validation(forty, no_data_b, make_parameters):
    parameters = make_parameters(data_a={"most_per_class": 6})
    data_a, _ = select_data_a(forty, no_data_b, parameters, seed=0)
    assert data_a["label"].value_counts().to_dict() == {"normal": 6, "diseased": 6}


def test_one_seed_draws_the_same_again(forty, no_data_b, make_parameters):
    first, _ = select_data_a(forty, no_data_b, make_parameters(), seed=1)
    second, _ = select_data_a(forty, no_data_b, make_parameters(), seed=1)
    other, _ = select_data_a(forty, no_data_b, make_parameters(), seed=2)
    assert first.equals(second)
    assert not first.equals(other)


def test_an_imbalance_that_large_groups_force_is_warned_of(
    make_images, no_data_b, make_parameters, caplog
):
    rows = [("No Finding", f"n{i}", "nih") for i in range(20)]
    rows += [("Mass", "large", "nih")] * 13 + [("Mass", "small", "nih")] * 7
    with caplog.at_level(logging.WARNING, logger="detl.split"):
        data_a, _ = select_data_a(
            make_images(*rows), no_data_b, make_parameters(), seed=0
        )
    assert sizes(data_a)["diseased", "validation"] == 7
    assert "normal 10, diseased 7 (10 asked of each)" in caplog.text


def test_a_class_without_an_image_stops(make_images, no_data_b, make_parameters):
    images = make_images(*[("Mass", f"p{i}", "nih") for i in range(4)])
    with pytest.raises(DetlError, match="class normal has 0 images"):
        select_data_a(images, no_data_b, make_parameters(), seed=0)


def test_a_share_that_leaves_no_validation_image_stops(
    forty, no_data_b, make_parameters
):
    parameters = make_parameters(data_a={"largest_validation_share": 0.01})
    with pytest.raises(DetlError, match=r"has 20 images, of which .* leaves 0 for"):
        select_data_a(forty, no_data_b, parameters, seed=0)


def test_groups_larger_than_the_validation_part_stop(
    make_images, no_data_b, make_parameters
):
    rows = [("No Finding", f"n{i}", "nih") for i in range(20)]
    rows += [("Mass", "one", "nih")] * 20
    with pytest.raises(DetlError, match="No group with images of class diseased"):
        select_data_a(make_images(*rows), no_data_b, make_parameters(), seed=0)


def test_a_class_of_which_nothing_is_left_to_train_on_stops(
    make_images, no_data_b, make_parameters
):
    """Three of each class are asked for, and two patients have two of each."""
    rows = [(f, p, "nih") for f in ("No Finding", "Mass") for p in ("a", "a", "b", "b")]
    parameters = make_parameters(data_a={"largest_validation_share": 0.9})
    with pytest.raises(DetlError, match=r"were drawn for .* 0 images of it"):
        select_data_a(make_images(*rows), no_data_b, parameters, seed=0)


def test_an_unknown_source_is_named(forty, no_data_b, make_parameters):
    parameters = make_parameters(data_a={"sources": ["nih", "pad"]})
    with pytest.raises(DetlError, match=r"split\.data_a\.sources names the source pad"):
        select_data_a(forty, no_data_b, parameters, seed=0)


def test_under_protocol_paper_only_data_bs_images_are_left_out(
    make_images, make_parameters
):
    rows = [
        (finding, f"{finding}-{patient}", "nih")
        for finding in ("No Finding", "Mass")
        for patient in range(5)
        for _ in range(2)
    ]
    images = make_images(*rows)
    data_b = images.iloc[[0, 10]]
    grouped, _ = select_data_a(images, data_b, make_parameters(), seed=0)
    paper, _ = select_data_a(images, data_b, make_parameters(protocol="paper"), seed=0)
    assert set(images["image_id"]) - set(paper["image_id"]) == {"image_0", "image_10"}
    assert set(paper["image_id"]) - set(grouped["image_id"]) == {"image_1", "image_11"}
