"""How often held-out images would be refused, from the tables of a run."""

import pandas as pd

from detl.pipelines.evaluate.nodes import measure_held_out_refusals
from detl.schemas.parameters import RefusalParameters
from detl.training.features import extract_features
from tiny_bundle import IMAGES, tiny_bundle, training_pixels


def _split_images(subset="validation"):
    groups = [f"p{number}" for number in range(IMAGES)]
    rows = pd.DataFrame({"row": range(IMAGES), "group": groups})
    return rows[100:].assign(subset=subset), rows[:100]


def _measure(data_a, data_b):
    bundle = tiny_bundle()
    pixels = training_pixels()
    features = extract_features(bundle.trunk, pixels, data_b["row"].to_numpy())
    refusal = RefusalParameters(
        warned_below=0.05, refused_below=0.01, warned_spread=0.2
    )
    return measure_held_out_refusals(
        bundle.trunk, features, pixels, data_a, data_b, refusal, seed=0
    )


def test_images_of_data_as_validation_part_are_measured():
    refusals = _measure(*_split_images())

    assert refusals["images"].tolist() == [100, 100]
    assert (refusals["value"] < 0.2).all()


def test_without_a_validation_part_nothing_is_measured():
    refusals = _measure(*_split_images(subset="train"))

    assert refusals["images"].tolist() == [0, 0]
    assert refusals["value"].isna().all()
