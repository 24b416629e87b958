"""The claim of the project in small: a pretrained network beats the same untrained."""

import numpy as np
import pytest

from detl.design import FOLDS
from detl.networks.cut import cut_trunk
from detl.pipelines.crossval.nodes import predict_fold, train_fold
from detl.pipelines.ingest.nodes import decode_images, read_sources
from detl.pipelines.pretrain.nodes import pretrain_network
from detl.pipelines.transfer.nodes import (
    extract_features_of_data_b,
    replace_last_layer,
)
from detl.schemas.parameters import (
    IngestParameters,
    NetworkParameters,
    PretrainParameters,
    SplitParameters,
    TrainingParameters,
)
from detl.splitting.data_a import select_data_a
from detl.splitting.data_b import select_data_b
from detl.splitting.folds import assign_folds
from project_copy import PROJECT, read_parameters

SEED = 0
"""Of what is drawn from the sample."""

TRAININGS = (0, 1)
"""Seeds of the trainings: one alone gains 6 to 18 points, by chance and by rounding."""


@pytest.fixture(scope="module")
def parameters():
    """Return the parameters of ``conf/base``."""
    return read_parameters()


@pytest.fixture(scope="module")
def sample(parameters):
    """Return pixels, Data-A, Data-B and its folds, of the embedded sample."""
    raw = PROJECT / "data" / "01_raw" / "phantoms"
    ingest = IngestParameters(**parameters["ingest"])
    split = SplitParameters(**parameters["split"])
    images, pixels, *_ = decode_images(raw, *read_sources(raw, ingest), ingest)
    data_b, _ = select_data_b(images, split, SEED)
    data_a, _ = select_data_a(images, data_b, split, SEED)
    folds = assign_folds(data_b, split, SEED, folds=FOLDS)
    return pixels, data_a, data_b, folds


def _transferred_accuracy(model, sample, parameters, seed) -> float:
    """Return the accuracy on all images of Data-B, each in the fold that tests it."""
    pixels, _, data_b, folds = sample
    trunk, tail = cut_trunk(replace_last_layer(model, seed))
    features = extract_features_of_data_b(trunk, pixels, data_b)
    transfer = TrainingParameters(**parameters["transfer"])
    right = []
    for _, fold in folds.groupby("fold"):
        trained, _ = train_fold(tail, features, data_b, fold, transfer, seed)
        predictions, _ = predict_fold(trained, features, data_b, fold)
        right += list(predictions["label"] == predictions["predicted"])
    return float(np.mean(right))


def test_pretrained_networks_learn_and_beat_the_same_networks_untrained(
    sample, parameters
):
    from detl.networks import build_network

    pixels, data_a, *_ = sample
    alexnet = parameters["architectures"]["alexnet"]
    network = NetworkParameters(**alexnet["network"])
    pretrain = PretrainParameters(**alexnet["pretrain"])

    gains = []
    for seed in TRAININGS:
        pretrained, history = pretrain_network(pixels, data_a, network, pretrain, seed)
        untrained = build_network(network, pixels.shape[1], 2, seed)
        assert max(history["val_accuracy"]) > 0.65
        with_pretraining = _transferred_accuracy(pretrained, sample, alexnet, seed)
        gains.append(
            with_pretraining - _transferred_accuracy(untrained, sample, alexnet, seed)
        )

    assert np.mean(gains) > 0
