import keras
import numpy as np
import pandas as pd
import pytest

from detl.classes import DATA_B_CLASSES
from detl.networks.names import LOGITS
from detl.parameters import AuditParameters
from detl.pipelines.shortcuts.nodes import (
    extract_features_without_centre,
    leave_sources_out,
    list_controls,
    predict_controls,
    predict_from_cues,
    probe_source,
    score_same_source,
)

AUDIT = AuditParameters(
    centre_share=0.5, border_share=0.1, explained_images=4, prevalences=[0.1]
)
SIZE = 8


def make_study(*sources, per_class=24):
    """Return Data-B with every class in each source, its images and pixels."""
    rows = [
        (f"{source}/{label}-{k}", source, label)
        for source in sources
        for label in DATA_B_CLASSES
        for k in range(per_class)
    ]
    images = pd.DataFrame(rows, columns=["image_id", "source", "label"])
    images = images.assign(
        group=images["image_id"],
        row=range(len(images)),
        width=64,
        height=64,
        view="PA",
        age=50.0,
        sex="F",
        findings=images["label"].map(
            dict(
                zip(
                    DATA_B_CLASSES,
                    ("No Finding", "Mass", "Pneumonia", "COVID-19"),
                    strict=True,
                )
            )
        ),
    )
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (len(images), SIZE, SIZE), dtype=np.uint8)
    return images[["image_id", "row", "group", "label"]], images, pixels


def make_folds(data_b):
    place = np.arange(len(data_b)) % 4
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "image_id": data_b["image_id"],
                    "fold": fold,
                    "subset": np.where(place // 2 == number, "test", "train"),
                }
            )
            for number, fold in enumerate(("fold_1", "fold_2"))
        ],
        ignore_index=True,
    )


def make_tail():
    """Return a network from the label, one-hot, to logits; its weights are zero."""
    features = keras.Input((1, 1, 4))
    flat = keras.layers.Flatten()(features)
    logits = keras.layers.Dense(4, kernel_initializer="zeros", name=LOGITS)(flat)
    return keras.Model(features, logits, name="net")


def one_hot(data_b):
    labels = data_b["label"].map(DATA_B_CLASSES.index).to_numpy()
    return np.eye(4, dtype="float32")[labels][:, np.newaxis, np.newaxis]


def test_every_cue_predicts_every_image_in_the_fold_that_tests_it():
    data_b, images, pixels = make_study("nih")

    table = predict_from_cues(data_b, images, pixels, make_folds(data_b), AUDIT)

    assert set(table["cue"]) == {"source", "metadata", "border", "thumbnail"}
    for _, cue in table.groupby("cue"):
        assert sorted(cue["image_id"]) == sorted(data_b["image_id"])
        assert (cue["group"] == cue["image_id"]).all()


def test_the_trunk_does_not_see_what_lies_in_the_centre():
    data_b, _, pixels = make_study("nih", per_class=2)
    other = pixels.copy()
    other[:, 3:5, 3:5] = 0
    inputs = keras.Input((SIZE, SIZE, 1))
    trunk = keras.Model(inputs, keras.layers.AveragePooling2D(SIZE)(inputs))

    one, another = (
        extract_features_without_centre(trunk, each, data_b, AUDIT)
        for each in (pixels, other)
    )

    np.testing.assert_array_equal(one, another)


def test_controls_know_which_class_they_would_be_of(make_parameters):
    data_b, images, _ = make_study("cohen")
    extra = images.iloc[:1].assign(image_id="cohen/more", group="more", row=999)
    sars = extra.assign(image_id="cohen/sars", group="sars", findings="SARS")
    every = pd.concat([images, extra, sars], ignore_index=True)

    controls = list_controls(data_b, every, make_parameters())

    assert dict(zip(controls["image_id"], controls["label"], strict=True)) == {
        "cohen/more": "normal",
        "cohen/sars": "",
    }


def test_each_fold_judges_every_control():
    _, images, pixels = make_study("cohen", per_class=1)
    inputs = keras.Input((SIZE, SIZE, 1))
    pooled = keras.layers.AveragePooling2D(SIZE)(inputs)
    trunk = keras.Model(inputs, keras.layers.Concatenate()([pooled] * 4))

    table, features = predict_controls(
        trunk, pixels, images, fold_1=make_tail(), fold_2=make_tail()
    )

    assert table.groupby("fold").size().to_dict() == {"fold_1": 4, "fold_2": 4}
    assert features.shape == (4, 1, 1, 4)
    np.testing.assert_allclose(table["p_normal"], 0.25)


def test_without_controls_the_source_has_no_number_but_a_note():
    data_b, images, pixels = make_study("cohen")
    folds = make_folds(data_b)
    tested = predict_from_cues(data_b, images, pixels, folds, AUDIT)
    tested = tested[tested["cue"] == "border"].drop(columns="cue")
    empty = tested[["fold", "image_id", *(f"p_{c}" for c in DATA_B_CLASSES)]].iloc[:0]

    table = score_same_source(tested, empty, images, seed=0)

    # Data-B itself holds images of the source without COVID-19 here.
    assert (table["other_images"] == [72, 24]).all()


def test_features_of_tested_images_and_controls_are_probed_together():
    data_b, images, _ = make_study("nih")
    more = make_study("cohen")[1].query("label == 'normal'")
    every = pd.concat([images, more], ignore_index=True)
    known = {name: len(part) for name, part in every.groupby("source")}
    features = one_hot(data_b)
    features[:, 0, 0, 0] += 5
    predictions = data_b[["image_id"]]

    table = probe_source(
        *(make_tail(), features, one_hot(more), more, predictions, data_b, every, 0)
    )

    assert known["cohen"] == 24
    normal = table.set_index("class").loc["normal"]
    assert normal["auc"] == 1.0
    assert table["note"].str.startswith("not identifiable").sum() == 3


@pytest.mark.parametrize(
    ("sources", "has_numbers"), [(("a", "b"), True), (("a",), False)]
)
def test_a_source_is_tested_by_a_network_that_has_not_seen_it_or_not_at_all(
    sources, has_numbers, make_parameters, short_training
):
    data_b, images, _ = make_study(*sources)

    table = leave_sources_out(
        make_tail(),
        one_hot(data_b),
        data_b,
        images,
        short_training(epochs=8, learning_rate=0.5),
        make_parameters(),
        seed=0,
    )

    assert (table["auc"] > 0.9).all() == has_numbers
    assert table["auc"].isna().all() != has_numbers
