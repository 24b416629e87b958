import keras
import numpy as np
import pytest

from detl.networks.names import LOGITS
from detl.pipelines.retrain.nodes import (
    extract_features_without_centre,
    leave_sources_out,
)
from detl.schemas.classes import class_indices
from detl.schemas.parameters import AuditParameters
from made_study import SIZE, make_study

AUDIT = AuditParameters(
    centre_share=0.5, border_share=0.1, explained_images=4, prevalences=[0.1]
)


def make_tail():
    """Return a network from the label, one-hot, to logits; its weights are zero."""
    features = keras.Input((1, 1, 4))
    flat = keras.layers.Flatten()(features)
    logits = keras.layers.Dense(4, kernel_initializer="zeros", name=LOGITS)(flat)
    return keras.Model(features, logits, name="net")


def one_hot(data_b):
    labels = class_indices(data_b["label"])
    return np.eye(4, dtype="float32")[labels][:, np.newaxis, np.newaxis]


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


@pytest.mark.parametrize(
    ("sources", "has_numbers"), [(("a", "b"), True), (("a",), False)]
)
def test_a_source_is_tested_by_a_network_that_has_not_seen_it_or_not_at_all(
    sources, has_numbers, make_parameters, short_training
):
    data_b, images, _ = make_study(*sources)

    features = one_hot(data_b)
    table = leave_sources_out(
        make_tail(),
        features,
        np.empty((0, *features.shape), "float16"),
        data_b,
        images,
        short_training(epochs=8, learning_rate=0.5),
        make_parameters(),
        seed=0,
        seeds=2,
    )

    assert (table["auc"] > 0.9).all() == has_numbers
    assert table["auc"].isna().all() != has_numbers
