import keras
import numpy as np
import pandas as pd

from detl.networks.ensemble import join_members
from detl.networks.names import LOGITS
from detl.pipelines.shortcuts.nodes import (
    label_controls,
    predict_controls,
    probe_networks,
)
from detl.schemas.classes import DATA_B_CLASSES, class_indices
from made_study import SIZE, make_study


def make_tail():
    """Return a network from the label, one-hot, to logits; its weights are zero."""
    features = keras.Input((1, 1, 4))
    flat = keras.layers.Flatten()(features)
    logits = keras.layers.Dense(4, kernel_initializer="zeros", name=LOGITS)(flat)
    return keras.Model(features, logits, name="net")


def one_hot(data_b):
    labels = class_indices(data_b["label"])
    return np.eye(4, dtype="float32")[labels][:, np.newaxis, np.newaxis]


def test_controls_know_which_class_they_would_be_of(make_parameters):
    data_b, images, _ = make_study("cohen")
    extra = images.iloc[:1].assign(image_id="cohen/more", group="more", row=999)
    sars = extra.assign(image_id="cohen/sars", group="sars", findings="SARS")
    every = pd.concat([images, extra, sars], ignore_index=True)

    controls = label_controls(data_b, every, make_parameters())

    assert dict(zip(controls["image_id"], controls["label"], strict=True)) == {
        "cohen/more": "normal",
        "cohen/sars": "pneumonia",
    }


def test_each_fold_judges_every_control():
    _, images, pixels = make_study("cohen", per_class=1)
    inputs = keras.Input((SIZE, SIZE, 1))
    pooled = keras.layers.AveragePooling2D(SIZE)(inputs)
    trunk = keras.Model(inputs, keras.layers.Concatenate()([pooled] * 4))

    joined = join_members([make_tail(), make_tail()])
    table, features = predict_controls(
        trunk, pixels, images, seed=3, fold_1=joined, fold_2=joined
    )

    assert table.groupby(["fold", "seed"]).size().to_dict() == {
        (fold, seed): 4 for fold in ("fold_1", "fold_2") for seed in (3, 4)
    }
    assert features.shape == (4, 1, 1, 4)
    np.testing.assert_allclose(table["p_normal"], 0.25)


def test_where_there_is_no_control_no_fold_judges_one():
    _, images, pixels = make_study("cohen", per_class=1)
    inputs = keras.Input((SIZE, SIZE, 1))
    pooled = keras.layers.AveragePooling2D(SIZE)(inputs)
    trunk = keras.Model(inputs, keras.layers.Concatenate()([pooled] * 4))

    table, features = predict_controls(
        trunk, pixels, images.iloc[:0], seed=0, fold_1=make_tail(), fold_2=make_tail()
    )

    probabilities = [f"p_{label}" for label in DATA_B_CLASSES]
    assert list(table) == ["fold", "seed", "image_id", *probabilities]
    assert table.empty
    assert features.shape == (0, 1, 1, 4)


def test_features_of_tested_images_and_controls_are_probed_together():
    data_b, images, _ = make_study("nih")
    more = make_study("cohen")[1].query("label == 'normal'")
    every = pd.concat([images, more], ignore_index=True)
    known = {name: len(part) for name, part in every.groupby("source")}
    features = one_hot(data_b)
    features[:, 0, 0, 0] += 5
    fold = np.where(np.arange(len(data_b)) % 2, "fold_2", "fold_1")
    tested = data_b.assign(fold=fold)
    tables = (features, one_hot(more), more, tested, data_b, every)

    table = probe_networks(*tables, seed=0, fold_1=make_tail(), fold_2=make_tail())

    assert known["cohen"] == 24
    normal = table.set_index("class").loc["normal"]
    assert normal["auc"] == 1.0
    assert normal["sources"] == "nih 24, cohen 24"
    assert table["note"].str.startswith("not identifiable").sum() == 3
