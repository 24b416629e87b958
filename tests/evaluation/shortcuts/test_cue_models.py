import numpy as np
import pandas as pd
import pytest

from detl.evaluation.shortcuts.cue_models import build_linear_model, predict_from_cues
from detl.schemas.classes import DATA_B_CLASSES
from detl.schemas.tables import PREDICTIONS, validate

IMAGES_PER_CLASS = 30


@pytest.fixture
def make_study():
    """Build Data-B, images, pixels and two folds of 30 images per class.

    COVID-19 is from a source of its own, and nothing else tells a class.
    """

    def make(subsets=("train", "train", "validation", "test")):
        rng = np.random.default_rng(0)
        labels = np.repeat(DATA_B_CLASSES, IMAGES_PER_CLASS)
        count = len(labels)
        image_id = [f"image_{k}" for k in range(count)]
        data_b = pd.DataFrame(
            {"image_id": image_id, "row": range(count), "group": image_id}
        ).assign(label=labels)
        images = pd.DataFrame({"image_id": image_id}).assign(
            source=np.where(labels == "covid_19", "elsewhere", "nih"),
            view="PA",
            age=rng.integers(20, 80, count).astype(float),
            sex=rng.choice(["M", "F"], count),
            width=100,
            height=100,
        )
        pixels = rng.integers(0, 255, (count, 16, 16), dtype=np.uint8)
        number = np.arange(count) % len(subsets)
        folds = [
            pd.DataFrame(
                {
                    "image_id": image_id,
                    "fold": f"fold_{shift + 1}",
                    "subset": np.roll(subsets, shift)[number],
                }
            )
            for shift in range(2)
        ]
        return data_b, images, pixels, pd.concat(folds, ignore_index=True)

    return make


def test_the_predictions_of_a_fold_are_of_its_test_part_and_valid(make_study):
    study = make_study()
    folds = study[-1]

    predictions = predict_from_cues("metadata", *study, border_share=0.1)

    for name, of_fold in predictions.groupby("fold"):
        is_test = (folds["fold"] == name) & (folds["subset"] == "test")
        assert list(of_fold["image_id"]) == list(folds.loc[is_test, "image_id"])
        validate(of_fold.drop(columns="fold").reset_index(drop=True), PREDICTIONS)


def test_the_source_alone_is_always_right_about_a_class_with_its_own(make_study):
    predictions = predict_from_cues("source", *make_study(), border_share=0.1)
    is_covid = predictions["label"] == "covid_19"
    assert ((predictions["predicted"] == "covid_19") == is_covid).all()


def test_what_tells_nothing_is_right_as_often_as_chance(make_study):
    predictions = predict_from_cues("thumbnail", *make_study(), border_share=0.1)
    right = predictions["label"] == predictions["predicted"]
    assert 0.1 < right.mean() < 0.45


def test_one_source_alone_gives_every_image_the_same_probabilities(make_study):
    data_b, images, pixels, folds = make_study()
    one = images.assign(source="nih")
    predictions = predict_from_cues("source", data_b, one, pixels, folds, 0.1)
    for _, of_fold in predictions.groupby("fold"):
        assert of_fold["p_covid_19"].nunique() == 1


def test_images_outside_the_training_part_do_not_change_the_model(make_study):
    data_b, images, pixels, folds = make_study()
    first = folds[folds["fold"] == "fold_1"]
    of_subset = first["subset"].to_numpy()
    changed = pixels.copy()
    changed[of_subset == "validation"] = 255

    predictions = [
        predict_from_cues("thumbnail", data_b, images, these, first, 0.1)
        for these in (pixels, changed)
    ]

    pd.testing.assert_frame_equal(*predictions)


def test_ages_of_the_test_part_do_not_change_the_model(make_study):
    data_b, images, pixels, folds = make_study()
    first = folds[folds["fold"] == "fold_1"]
    subset, number = first["subset"].to_numpy(), np.arange(len(images))
    unknown = images.assign(age=images["age"].mask(number % 5 == 0))
    is_changed = (subset == "test") & (number % 5 != 0)
    older = unknown.assign(age=unknown["age"].mask(is_changed, 1000.0))

    before, after = (
        predict_from_cues("metadata", data_b, known, pixels, first, 0.1)
        for known in (unknown, older)
    )

    ageless = set(images["image_id"][number % 5 == 0])
    is_same = before["image_id"].isin(ageless)
    assert is_same.any()
    pd.testing.assert_frame_equal(before[is_same], after[is_same])


def test_an_unknown_age_is_the_mean_of_those_it_was_fitted_to():
    inputs = np.array([[20.0], [40.0], [60.0], [80.0]])
    model = build_linear_model(1).fit(inputs, [0, 0, 1, 1])

    unknown, mean = model.predict_proba([[np.nan], [50.0]])

    np.testing.assert_array_equal(unknown, mean)


def test_a_training_part_without_any_age_still_gives_numbers(make_study):
    data_b, images, pixels, folds = make_study()
    first = folds[folds["fold"] == "fold_1"]
    only_test = images["age"].where(first["subset"] == "test")

    study = data_b, images.assign(age=only_test), pixels, first
    predictions = predict_from_cues("metadata", *study, border_share=0.1)

    assert np.isfinite(predictions["p_normal"]).all()
