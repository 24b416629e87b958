import numpy as np
import pandas as pd
import pytest

from detl.errors import DetlError
from detl.imaging.fingerprint import perceptual_hash
from detl.schemas.tables import LEAKS, validate
from detl.splitting.leaks import (
    choose_unseen,
    count_leaks,
    describe_leaks,
    find_seen,
    require_no_leaks,
)

NAMES = list("abcdefgh")


@pytest.fixture
def images():
    """Return eight images, each of a patient of its own."""
    return pd.DataFrame(
        {
            "image_id": NAMES,
            "patient_id": [f"patient {name}" for name in NAMES],
            "sha256": [f"sha {name}" for name in NAMES],
            "group": [f"group {name}" for name in NAMES],
            "row": range(8),
        }
    )


@pytest.fixture
def split():
    """Return Data-A (a to d), Data-B (e to h) and two folds that cross nothing."""
    data_a = pd.DataFrame(
        {
            "image_id": NAMES[:4],
            "row": range(4),
            "subset": ["train", "train", "validation", "validation"],
        }
    )
    data_b = pd.DataFrame({"image_id": NAMES[4:], "row": range(4, 8)})
    subsets = {
        "fold_1": ["train", "validation", "test", "test"],
        "fold_2": ["test", "test", "train", "validation"],
    }
    folds = pd.concat(
        pd.DataFrame({"image_id": NAMES[4:], "fold": fold, "subset": of_fold})
        for fold, of_fold in subsets.items()
    )
    return {"data_a": data_a, "data_b": data_b, "folds": folds}


def _copies(*pairs):
    return pd.DataFrame(pairs, columns=["image_id", "other_id"], dtype=str)


def _same(images, column, *names):
    """Return the images with one value in a column of those named."""
    named = images["image_id"].isin(names)
    return images.assign(**{column: images[column].mask(named, "shared")})


def _crossed(leaks):
    return leaks[leaks["groups"] > 0].set_index(["boundary", "link"])


def test_without_a_crossing_every_boundary_counts_zero(images, split):
    leaks = count_leaks(images, _copies(), **split)

    assert len(leaks) == 6 * 4
    assert not leaks[["groups", "images"]].any(axis=None)
    assert set(leaks["example"]) == {""}
    validate(leaks, LEAKS)


def test_a_validation_part_that_no_fold_has_makes_no_boundary(images, split):
    folds = split["folds"].replace({"subset": {"validation": "train"}})

    leaks = count_leaks(images, _copies(), **{**split, "folds": folds})

    of_folds = [name for name in leaks["boundary"].unique() if name.startswith("folds")]
    assert of_folds == ["folds: train / test", "folds: test / test"]


@pytest.mark.parametrize(
    ("names", "boundary", "example"),
    [
        ("ae", "Data-A / Data-B", "a (Data-A) and e (Data-B)"),
        ("bc", "Data-A: train / validation", "b (Data-A train) and c (Data-A validat"),
        ("ef", "folds: train / validation", "e (fold_1 train) and f (fold_1 validati"),
        ("eg", "folds: train / test", "e (fold_1 train) and g (fold_1 test)"),
        ("fg", "folds: validation / test", "f (fold_1 validation) and g (fold_1 tes"),
        ("fg", "folds: test / test", "g (fold_1 test) and f (fold_2 test)"),
    ],
)
def test_each_boundary_is_watched(images, split, names, boundary, example):
    leaks = count_leaks(_same(images, "patient_id", *names), _copies(), **split)

    crossed = _crossed(leaks)
    for link in ("patient", "group"):
        assert crossed.loc[(boundary, link), ["groups", "images"]].tolist() == [1, 2]
        assert crossed.loc[(boundary, link), "example"].startswith(example)


@pytest.mark.parametrize(
    ("column", "link"), [("patient_id", "patient"), ("sha256", "SHA-256")]
)
def test_what_joins_images_is_named(images, split, column, link):
    leaks = count_leaks(_same(images, column, "a", "e"), _copies(), **split)

    assert set(_crossed(leaks).index) == {
        ("Data-A / Data-B", link),
        ("Data-A / Data-B", "group"),
    }


def test_copies_join_images_by_perceptual_hash(images, split):
    leaks = count_leaks(images, _copies(("a", "e")), **split)

    assert set(_crossed(leaks)["example"]) == {"a (Data-A) and e (Data-B)"}
    assert set(_crossed(leaks).index.get_level_values("link")) == {
        "perceptual hash",
        "group",
    }


def test_the_column_group_joins_images_too(images, split):
    leaks = count_leaks(_same(images, "group", "a", "e"), _copies(), **split)

    assert list(_crossed(leaks).index) == [("Data-A / Data-B", "group")]


def test_a_chain_of_patients_and_copies_is_one_group(images, split):
    # a and b are one patient, b a copy of c, c the same file as d, d a copy of e.
    chained = _same(_same(images, "patient_id", "a", "b"), "sha256", "c", "d")

    leaks = count_leaks(chained, _copies(("b", "c"), ("e", "d")), **split)

    crossed = _crossed(leaks).loc[("Data-A / Data-B", "group")]
    assert crossed[["groups", "images"]].tolist() == [1, 5]
    assert ("Data-A / Data-B", "patient") not in _crossed(leaks).index


def test_an_image_between_that_is_in_no_part_still_joins_two(images, split):
    without_d = {**split, "data_a": split["data_a"].iloc[:3]}

    leaks = count_leaks(images, _copies(("a", "d"), ("d", "e")), **without_d)

    assert _crossed(leaks).loc[("Data-A / Data-B", "group"), "images"] == 2


def test_a_group_is_counted_once_however_many_folds_it_crosses_in(images, split):
    leaks = count_leaks(_same(images, "patient_id", *"efgh"), _copies(), **split)

    crossed = _crossed(leaks).loc[("folds: train / test", "group")]
    assert crossed[["groups", "images"]].tolist() == [1, 4]


def test_an_image_that_is_in_both_parts_itself_crosses(images, split):
    twice = pd.concat([split["data_b"], split["data_a"].iloc[:1]])

    leaks = count_leaks(images, _copies(), **{**split, "data_b": twice})

    crossed = _crossed(leaks).loc[("Data-A / Data-B", "group")]
    assert crossed["images"] == 1
    assert crossed["example"] == "a (Data-A) and a (Data-B)"


def test_an_image_that_only_the_folds_name_counts_as_one_of_data_b(images, split):
    extra = pd.DataFrame({"image_id": ["a"], "fold": "fold_1", "subset": "train"})

    leaks = count_leaks(
        images, _copies(), **{**split, "folds": pd.concat([split["folds"], extra])}
    )

    assert _crossed(leaks).loc[("Data-A / Data-B", "group"), "images"] == 1


def test_an_image_tested_in_two_folds_crosses(images, split):
    again = pd.DataFrame({"image_id": ["e"], "fold": "fold_3", "subset": "test"})

    leaks = count_leaks(
        images, _copies(), **{**split, "folds": pd.concat([split["folds"], again])}
    )

    assert list(_crossed(leaks).index.get_level_values("boundary").unique()) == [
        "folds: test / test"
    ]


@pytest.mark.parametrize("table", ["data_a", "data_b", "folds"])
def test_an_image_that_is_not_there_is_named(images, split, table):
    changed = {**split, table: split[table].replace({"image_id": NAMES}, "gone")}

    with pytest.raises(DetlError, match=f"Table {table} .* 'gone', which is not in"):
        count_leaks(images, _copies(), **changed)


@pytest.mark.parametrize("pair", [("a", "gone"), ("gone", "a")])
def test_a_copy_that_is_not_there_is_named(images, split, pair):
    with pytest.raises(DetlError, match="Table copies names the image 'gone'"):
        count_leaks(images, _copies(pair), **split)


def test_an_image_with_the_pixels_of_another_is_named(images, split):
    changed = split["data_b"].assign(row=[4, 5, 6, 0])

    with pytest.raises(DetlError, match=r"data_b names the image 'h', .* another row"):
        count_leaks(images, _copies(), **{**split, "data_b": changed})


def test_a_crossing_stops_under_protocol_grouped_and_names_the_images(images, split):
    leaks = count_leaks(images, _copies(("a", "e"), ("f", "g")), **split)

    with pytest.raises(DetlError) as error:
        require_no_leaks(leaks, "grouped")

    assert "groups 1, images 2: a (Data-A), e (Data-B)\n" in str(error.value)
    assert "images 2: f (fold_1 validation), g (fold_1 test)\n" in str(error.value)


def test_every_image_of_every_group_that_crosses_is_named(images, split):
    copies = _copies(("a", "e"), ("a", "b"), ("c", "f"), ("d", "g"))

    with pytest.raises(DetlError) as error:
        require_no_leaks(count_leaks(images, copies, **split), "grouped")

    assert (
        "Data-A / Data-B: groups 3, images 7: a (Data-A), b (Data-A), e (Data-B); "
        "c (Data-A), f (Data-B); d (Data-A), g (Data-B)\n" in str(error.value)
    )


def test_the_images_of_a_group_are_named_together_however_many_groups_there_are():
    names = [f"{part}_{k:02}" for part in ("one", "other") for k in range(15)]
    images = pd.DataFrame({"image_id": names, "row": range(30)})
    images = images.assign(patient_id=[*range(15)] * 2, sha256=names, group=names)
    data_a = images[["image_id", "row"]].iloc[:15].assign(subset="train")
    folds = pd.DataFrame(columns=["image_id", "fold", "subset"], dtype=str)

    leaks = count_leaks(images, _copies(), data_a, images.iloc[15:], folds)

    named = _crossed(leaks).loc[("Data-A / Data-B", "patient"), "named"]
    assert named.startswith(
        "one_00 (Data-A), other_00 (Data-B); one_01 (Data-A), other_01 (Data-B); "
    )
    assert named.endswith("one_09 (Data-A), other_09 (Data-B) ... and 10 more")


def test_an_image_that_is_itself_on_both_sides_is_named_with_both(images, split):
    both = split["data_a"].iloc[:1].drop(columns="subset")
    data_b = pd.concat([split["data_b"], both], ignore_index=True)

    leaks = count_leaks(images, _copies(), **{**split, "data_b": data_b})

    assert set(_crossed(leaks)["named"]) == {"a (Data-A and Data-B)"}


def test_of_many_images_twenty_are_named_and_the_others_counted(split):
    names = [f"image_{k:02}" for k in range(30)]
    images = pd.DataFrame(
        {"image_id": names, "patient_id": "one", "sha256": names, "group": names}
    ).assign(row=range(30))
    data_a = images[["image_id", "row"]].iloc[:25].assign(subset="train")
    data_b, folds = images[["image_id", "row"]].iloc[25:], split["folds"].iloc[:0]

    leaks = count_leaks(images, _copies(), data_a, data_b, folds)

    named = _crossed(leaks).loc[("Data-A / Data-B", "group"), "named"]
    assert named.count("image_") == 20
    assert named.endswith("image_19 (Data-A) ... and 10 more")


def test_crossings_are_allowed_and_counted_under_protocol_paper(images, split):
    leaks = count_leaks(images, _copies(("a", "e")), **split)

    require_no_leaks(leaks, "paper")

    assert describe_leaks(leaks) == [
        "Data-A / Data-B: groups 1, images 2, such as a (Data-A) and e (Data-B)"
    ]


def test_without_a_crossing_nothing_stops(images, split):
    require_no_leaks(count_leaks(images, _copies(), **split), "grouped")


@pytest.fixture
def pictures():
    """Return the pixels of four pictures, and the table of their images."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (4, 64, 64), dtype=np.uint8)
    table = pd.DataFrame(
        {
            "image_id": ["nih/0", "nih/1", "nih/2", "nih/3"],
            "patient_id": ["p", "q", "r", "s"],
            "sha256": ["0", "1", "2", "3"],
            "group": ["p", "q", "r", "s"],
            "perceptual_hash": [perceptual_hash(picture) for picture in pixels],
            "row": range(4),
            **{"width": 64, "height": 64},
        }
    )
    return pixels, table


def test_what_training_has_seen_is_found_and_told(pictures):
    pixels, trained = pictures
    others = np.random.default_rng(1).integers(0, 256, (5, 64, 64), dtype=np.uint8)
    others[1] = np.rint(pixels[1] * 0.9)
    external = pd.DataFrame(
        {
            "image_id": [f"external/{row}" for row in range(5)],
            "patient_id": ["p", "x", "x", "y", "z"],
            "sha256": ["5", "6", "7", "2", "9"],
            "group": ["p", "x", "x", "y", "z"],
            "perceptual_hash": [perceptual_hash(picture) for picture in others],
            "row": range(5),
            **{"width": 64, "height": 64},
        }
    )

    seen = find_seen(external, others, trained, pixels, "crop")

    assert seen.tolist() == [
        "seen in training: patient p",
        "seen in training: copy of nih/1",
        "seen in training: group of external/1",
        "seen in training: copy of nih/2",
        "",
    ]


def test_nothing_is_seen_where_nothing_was_trained_on(pictures):
    pixels, table = pictures

    assert set(find_seen(table, pixels, table.iloc[:0], pixels, "crop")) == {""}


def test_an_unseen_image_of_a_class_is_chosen_and_the_others_have_a_reason():
    images = pd.DataFrame({"image_id": list("abcd"), "findings": list("wxyz")})
    seen = pd.Series(["", "seen in training: patient p", "", "seen in training: copy"])

    kept, reasons = choose_unseen(images, seen, pd.Series(["normal", "normal", "", ""]))

    assert kept[["image_id", "label"]].values.tolist() == [["a", "normal"]]
    assert reasons.to_dict() == {
        1: "seen in training: patient p",
        2: "no class of Data-B: y",
        3: "seen in training: copy",
    }
