import numpy as np
import pandas as pd
import pytest

from detl.evaluation.scores import measure_scores
from detl.evaluation.shortcuts.card import (
    COLUMNS,
    CUE_INPUTS,
    WHOLE,
    WITHOUT_LUNGS,
    make_shortcut_card,
)
from detl.schemas.classes import DATA_B_CLASSES
from detl.statistics.bootstrap import NO_SPREAD

METADATA, SOURCE = CUE_INPUTS["metadata"], CUE_INPUTS["source"]


def predict_rightly(share, per_class=40, seed=0):
    """Return pooled predictions of two folds; each image is a group of its own.

    A share of each class is predicted correctly, the others are called the next class.
    The seed is of noise in the probabilities.
    """
    codes = np.repeat(np.arange(4), per_class)
    is_right = np.tile(np.arange(per_class) < round(share * per_class), 4)
    predicted = np.where(is_right, codes, (codes + 1) % 4)
    rng = np.random.default_rng(seed)
    probabilities = rng.uniform(0.05, 0.15, (len(codes), 4))
    probabilities[np.arange(len(codes)), predicted] = 0.7
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    names = np.array(DATA_B_CLASSES)
    table = {
        "fold": np.where(np.arange(len(codes)) % 2, "fold_2", "fold_1"),
        "image_id": [f"image_{k}" for k in range(len(codes))],
        "label": names[codes],
        "predicted": names[predicted],
        **{f"p_{name}": probabilities[:, k] for k, name in enumerate(names)},
    }
    return pd.DataFrame(table).assign(group=table["image_id"])


@pytest.fixture(scope="module")
def images():
    """Return the sources of the images: COVID-19 has one of its own."""
    pooled = predict_rightly(1.0)
    is_covid = pooled["label"] == "covid_19"
    return pooled[["image_id"]].assign(source=np.where(is_covid, "elsewhere", "nih"))


@pytest.fixture(scope="module")
def card(images):
    """Return the card of a network that is right about 85 %, half of it without lungs.

    Chance is 25 %; a simple model is right about 85 %, one about 25 %.
    """
    whole = predict_rightly(0.85)
    given = {
        WHOLE: whole,
        WITHOUT_LUNGS: predict_rightly(0.55),
        METADATA: predict_rightly(0.85, seed=1),
        SOURCE: predict_rightly(0.25),
    }
    return make_shortcut_card(whole, given, images, seed=0).set_index("input")


def test_the_card_has_a_row_per_input_that_is_given(card):
    assert list(card.index) == [WHOLE, WITHOUT_LUNGS, METADATA, SOURCE]
    assert ["input", *card.columns] == COLUMNS


@pytest.mark.parametrize(
    ("name", "ratio"),
    [
        ("whole image", 1),
        ("centre greyed out", 0.5),
        ("metadata alone", 1),
        ("source alone", 0),
    ],
)
def test_the_ratio_is_of_the_gains_over_chance(card, name, ratio):
    assert card.loc[name, "chance"] == 0.25
    assert card.loc[name, "shortcut_ratio"] == pytest.approx(ratio)


def test_the_interval_of_the_ratio_is_about_that_of_the_delta_method(card):
    """Images are independent; 0.3 of all are lost without the lungs, none gained."""
    gain, images = 0.6, 160
    # r = b / a with a - b = d: var(r) = var(b - r a) / a**2, of values 1 - r where both
    # are right (0.55), -r where only the whole image is (0.3), 0 else, less their mean.
    values, shares = np.array([0.5, -0.5, 0]), np.array([0.55, 0.3, 0.15])
    variance = shares @ values**2 - (shares @ values) ** 2
    half = 1.96 * np.sqrt(variance / images) / gain
    row = card.loc["centre greyed out"]
    assert row["shortcut_ratio_low"] == pytest.approx(0.5 - half, abs=0.03)
    assert row["shortcut_ratio_high"] == pytest.approx(0.5 + half, abs=0.03)


def test_the_whole_image_beside_itself_has_a_ratio_without_width(card):
    row = card.loc["whole image"]
    assert row["shortcut_ratio_low"] == row["shortcut_ratio_high"] == 1


def test_accuracy_and_areas_are_those_of_the_table_of_scores(card):
    scores = measure_scores(predict_rightly(0.55), seed=0)
    scores = scores.set_index(["fold", "score", "class"])
    row = card.loc["centre greyed out"]
    assert row["accuracy_low"] == scores.loc[("all", "accuracy", ""), "low"]
    area = scores.loc[("mean of folds", "auc", "covid_19")]
    assert row["auc_covid_19"] == area["value"]
    assert row["auc_covid_19_high"] == area["high"]


def test_a_network_that_is_not_above_chance_gives_no_ratio(images):
    poor = predict_rightly(0.3)
    found = make_shortcut_card(poor, {WITHOUT_LUNGS: poor}, images, seed=0)
    row = found.set_index("input").loc["centre greyed out"]
    assert np.isnan(row["shortcut_ratio"])
    assert row["note"].startswith(
        "shortcut ratio not defined: the network is not above"
    )


def test_one_source_is_named_in_the_row_of_the_source(images):
    one = images.assign(source="nih")
    whole = predict_rightly(0.85)
    given = {WHOLE: whole, SOURCE: predict_rightly(0.25)}
    found = make_shortcut_card(whole, given, one, seed=0)
    notes = found.set_index("input")["note"]
    assert notes["source alone"] == "one source only: all images are from nih"
    assert notes["whole image"] == ""


def test_constant_probabilities_of_a_cue_are_named_once(images):
    columns = {f"p_{label}": 0.25 for label in DATA_B_CLASSES}
    given = {SOURCE: predict_rightly(0.25).assign(**columns)}
    found = make_shortcut_card(predict_rightly(0.85), given, images, seed=0)
    row = found.set_index("input").loc["source alone"]
    assert row["auc_covid_19"] == 0.5
    assert np.isnan(row["auc_covid_19_low"])
    assert row["note"] == (
        f"AUC of {', '.join(DATA_B_CLASSES)}: constant probabilities of the test "
        f"images of fold_1, fold_2; {NO_SPREAD}"
    )


def test_too_few_patients_are_named_and_give_no_number(images):
    few = predict_rightly(1.0).groupby("label").head(2)

    found = make_shortcut_card(few, {WITHOUT_LUNGS: few}, images, seed=0)
    found = found.set_index("input")
    assert "not enough data (n = 8)" in found.loc["centre greyed out", "note"]
    assert np.isnan(found.loc["centre greyed out", "shortcut_ratio"])


def test_a_fold_without_a_class_is_named(images):
    pooled = predict_rightly(0.85)
    lacking = (pooled["label"] == "covid_19") & (pooled["fold"] == "fold_2")
    given = {WHOLE: pooled[~lacking]}
    found = make_shortcut_card(pooled[~lacking], given, images, seed=0)
    row = found.set_index("input").loc["whole image"]
    assert row["note"] == "AUC of covid_19: no image of covid_19 in fold_2"
    assert np.isfinite(row["accuracy"])


def test_every_cue_has_a_row():
    from detl.evaluation.shortcuts.cues import CUES

    assert set(CUE_INPUTS) == set(CUES)


def test_the_order_of_the_images_does_not_matter(card, images):
    shuffled = predict_rightly(0.55).sample(frac=1, random_state=1)
    given = {WITHOUT_LUNGS: shuffled}
    found = make_shortcut_card(predict_rightly(0.85), given, images, seed=0)
    pd.testing.assert_series_equal(
        found.set_index("input").loc["centre greyed out", ["shortcut_ratio_low"]],
        card.loc["centre greyed out", ["shortcut_ratio_low"]],
    )


@pytest.fixture(scope="module")
def by_seed(images):
    """Three seeds: 75, 85 and 95 % right, and without lungs 40, 55 and 70 %."""

    def join(shares):
        tables = [predict_rightly(s).assign(seed=k) for k, s in enumerate(shares)]
        return pd.concat(tables, ignore_index=True)

    whole, without = join((0.75, 0.85, 0.95)), join((0.4, 0.55, 0.7))
    given = {
        WHOLE: whole,
        WITHOUT_LUNGS: without,
        METADATA: predict_rightly(0.85, seed=1),
    }
    return make_shortcut_card(whole, given, images, seed=0).set_index("input")


def test_a_card_of_several_seeds_has_their_means(by_seed):
    row = by_seed.loc["centre greyed out"]

    assert row["accuracy"] == pytest.approx(0.55)
    assert row["accuracy_sd_seeds"] == pytest.approx(0.15)
    assert row["shortcut_ratio"] == pytest.approx(0.5)
    assert row["images"] == 160


def test_their_ratio_is_less_certain_than_that_of_one(card, by_seed):
    def width(card):
        row = card.loc["centre greyed out"]
        return row["shortcut_ratio_high"] - row["shortcut_ratio_low"]

    assert width(by_seed) > 1.5 * width(card)


def test_a_simple_model_has_no_seeds(by_seed):
    row = by_seed.loc["metadata alone"]

    assert np.isnan(row["accuracy_sd_seeds"])
    assert row["shortcut_ratio"] == pytest.approx(1)
    assert row["shortcut_ratio_low"] < 1 < row["shortcut_ratio_high"]


def test_the_whole_image_of_several_seeds_has_a_ratio_without_width(by_seed):
    row = by_seed.loc["whole image"]

    assert row["shortcut_ratio_low"] == row["shortcut_ratio_high"] == 1
