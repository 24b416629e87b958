import pandas as pd
import pytest

from detl.pipelines.optimism.nodes import (
    compare_with_other_protocol,
    match_training_size,
    select_other_data_a,
    swap_protocol,
    tabulate_differences,
)
from detl.schemas.parameters import SplitParameters
from detl.splitting.data_a import select_data_a

DATA_B = pd.DataFrame({"image_id": ["nih/0", "nih/1"], "group": ["a", "b"]})
RIGHT = DATA_B[["image_id"]].assign(label="normal", predicted="normal")
WRONG = RIGHT.assign(predicted="covid_19")

TWO_FILMS_EACH = [
    (finding, f"{finding}-{patient}", "nih")
    for finding in ("No Finding", "Mass")
    for patient in range(20)
    for _ in range(2)
]


def _split(protocol: str) -> SplitParameters:
    return SplitParameters.model_construct(protocol=protocol)


@pytest.mark.parametrize(("own", "other"), [("grouped", "paper"), ("paper", "grouped")])
def test_the_other_protocol_is_the_one_that_is_not_named(own, other):
    assert swap_protocol(_split(own)).protocol == other


def test_the_other_data_a_is_as_large_and_keeps_the_patients_of_data_b(
    make_images, make_parameters
):
    images = make_images(*TWO_FILMS_EACH)
    data_b = images.iloc[[0, 2, 40, 42]]
    parameters = make_parameters()
    own, _ = select_data_a(images, data_b, parameters, seed=0)

    other = select_other_data_a(images, own, data_b, parameters, seed=0)

    columns = ["label", "subset"]
    pd.testing.assert_series_equal(
        other.groupby(columns).size(), own.groupby(columns).size()
    )
    assert {"image_1", "image_3", "image_41", "image_43"} <= set(other["image_id"])
    assert not set(other["image_id"]) & set(data_b["image_id"])


def test_the_other_validation_part_has_no_preference_for_the_patients_of_data_b(
    make_images, make_parameters
):
    """Ten of 20 patients of a class are in Data-B, and one of their two films."""
    images = make_images(*TWO_FILMS_EACH)
    data_b = images.iloc[[*range(0, 20, 2), *range(40, 60, 2)]]
    parameters = make_parameters()
    validated = []
    for seed in range(20):
        own, _ = select_data_a(images, data_b, parameters, seed)
        other = select_other_data_a(images, own, data_b, parameters, seed)
        part = other[other["subset"] == "validation"]
        assert len(part) == 20
        validated.append(part["group"].isin(data_b["group"]).mean())

    # Of 30 films of a class ten are theirs; patients of two films weigh twice.
    error = (2 * (1 / 3) * (2 / 3) / 20) ** 0.5 / 20**0.5
    assert sum(validated) / 20 == pytest.approx(1 / 3, abs=4 * error)


def _folds(train: int, test: int) -> pd.DataFrame:
    """Return two folds of so many images of each of two classes in each part."""
    subsets = (["train"] * train + ["test"] * test) * 2
    names = [f"nih/{k}" for k in range(len(subsets))]
    fold = pd.DataFrame({"image_id": names, "subset": subsets})
    return pd.concat(
        [fold.assign(fold=name) for name in ("fold_1", "fold_2")], ignore_index=True
    )[["image_id", "fold", "subset"]]


def test_the_other_folds_train_on_as_many_images_of_each_class():
    labels = ["normal"] * 6 + ["covid_19"] * 6
    data_b = pd.DataFrame(
        {"image_id": [f"nih/{k}" for k in range(12)], "label": labels}
    )
    own = _folds(train=4, test=2).query("image_id != 'nih/6'")

    matched = match_training_size(_folds(train=5, test=1), own, data_b, seed=0)

    sizes = matched.merge(data_b).groupby(["fold", "subset", "label"]).size()
    assert sizes.loc["fold_1", "train"].to_dict() == {"covid_19": 3, "normal": 4}
    assert sizes.loc["fold_2", "test"].to_dict() == {"covid_19": 1, "normal": 1}


def test_folds_that_are_smaller_than_our_own_stay_as_they_are():
    data_b = pd.DataFrame(
        {"image_id": [f"nih/{k}" for k in range(12)], "label": "normal"}
    )
    smaller = _folds(train=4, test=2)

    matched = match_training_size(smaller, _folds(train=5, test=1), data_b, seed=0)

    key = ["fold", "image_id"]
    pd.testing.assert_frame_equal(
        matched, smaller.sort_values(key, ignore_index=True), check_like=True
    )


@pytest.mark.parametrize(("own", "difference"), [("grouped", -1.0), ("paper", 1.0)])
def test_the_difference_is_the_papers_whichever_was_trained_first(own, difference):
    result = compare_with_other_protocol(DATA_B, RIGHT, WRONG, _split(own), seed=0)

    assert result["difference"] == difference


def test_an_architecture_that_was_not_compared_has_no_row():
    table = tabulate_differences(alexnet=None, vgg16={"difference": 0.1})

    assert table.to_dict("records") == [{"architecture": "vgg16", "difference": 0.1}]
