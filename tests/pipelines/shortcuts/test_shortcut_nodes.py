import keras
import numpy as np

from detl.pipelines.shortcuts.nodes import (
    extract_features_without_centre,
    predict_from_each_cue,
)
from detl.schemas.parameters import AuditParameters
from made_study import SIZE, make_folds, make_study

AUDIT = AuditParameters(
    centre_share=0.5, border_share=0.1, explained_images=4, prevalences=[0.1]
)


def test_every_cue_predicts_every_image_in_the_fold_that_tests_it():
    data_b, images, pixels = make_study("nih")

    table = predict_from_each_cue(data_b, images, pixels, make_folds(data_b), AUDIT)

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
