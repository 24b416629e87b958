import numpy as np
import pandas as pd
import pytest

from detl.networks.cut import cut_trunk
from detl.pipelines.crossval.nodes import predict_fold, train_fold
from detl.pipelines.pretrain.nodes import pretrain_network
from detl.pipelines.stability.nodes import train_again
from detl.pipelines.transfer.nodes import (
    extract_features_of_data_b,
    extract_views_of_data_b,
    replace_last_layer,
)
from detl.schemas.classes import DATA_B_CLASSES
from detl.schemas.parameters import PretrainParameters, TransferParameters
from detl.splitting.folds import separate_folds

pytestmark = pytest.mark.long

SEEDS, PRETRAININGS, SEED = 2, 3, 5
IMAGES = 24


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(0).integers(0, 256, (2 * IMAGES, 32, 32), "uint8")


@pytest.fixture(scope="module")
def data_a():
    return pd.DataFrame(
        {
            "row": np.arange(IMAGES),
            "label": ["normal", "diseased"] * (IMAGES // 2),
            "subset": ["train"] * 16 + ["validation"] * 8,
        }
    )


@pytest.fixture(scope="module")
def data_b():
    return pd.DataFrame(
        {
            "image_id": [f"nih/{k}" for k in range(IMAGES)],
            "row": IMAGES + np.arange(IMAGES),
            "group": [f"g{k}" for k in range(IMAGES)],
            "label": [DATA_B_CLASSES[k % 4] for k in range(IMAGES)],
        }
    )


@pytest.fixture(scope="module")
def folds(data_b):
    """Return two folds, which test one half each and train on the other."""
    half = np.arange(IMAGES) < IMAGES // 2
    tables = [
        data_b[["image_id"]].assign(
            fold=fold, subset=np.where(is_tested, "test", "train")
        )
        for fold, is_tested in (("fold_1", half), ("fold_2", ~half))
    ]
    return pd.concat(tables, ignore_index=True)


@pytest.fixture
def parameters(tiny_network, short_training):
    values = short_training(epochs=1, batch_size=8, read="last").model_dump()
    return (
        tiny_network("alexnet"),
        PretrainParameters(**values, augmentation=None),
        TransferParameters(**values),
    )


def test_every_pretraining_but_the_first_tests_each_image_with_seeds_of_its_own(
    pixels, data_a, data_b, folds, parameters
):
    table = train_again(
        pixels, data_a, data_b, folds, "grouped", *parameters, SEED, SEEDS, PRETRAININGS
    )

    by_pretraining = table.groupby("pretraining")
    seeds = by_pretraining["seed"].unique().map(sorted).to_dict()
    assert seeds == {2: [7, 8], 3: [9, 10]}
    for _, of_one in table.groupby("seed"):
        assert sorted(of_one["image_id"]) == sorted(data_b["image_id"])
    probabilities = [of_one["p_normal"].to_numpy() for _, of_one in by_pretraining]
    assert not np.allclose(*probabilities)


def test_a_pretraining_is_what_the_stages_make_with_its_seed(
    pixels, data_a, data_b, folds, parameters
):
    network, pretrain, transfer = parameters
    seed = SEED + SEEDS
    pretrained, _ = pretrain_network(pixels, data_a, network, pretrain, seed)
    trunk, tail = cut_trunk(replace_last_layer(pretrained, seed))
    features = extract_features_of_data_b(trunk, pixels, data_b)
    views = extract_views_of_data_b(trunk, pixels, data_b, transfer, seed)
    fold = separate_folds(folds)[1]
    model, _ = train_fold(
        tail, features, views, data_b, fold, "grouped", transfer, seed, SEEDS
    )
    *_, expected = predict_fold(model, features, data_b, fold, seed)

    table = train_again(
        pixels, data_a, data_b, folds, "grouped", *parameters, SEED, SEEDS, 2
    )

    of_fold = table[table["fold"] == "fold_2"].reset_index(drop=True)
    columns = ["image_id", "seed", "p_normal", "p_covid_19"]
    pd.testing.assert_frame_equal(of_fold[columns], expected[columns], atol=1e-3)
