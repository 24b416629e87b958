"""The networks learn: in pretraining, and what is trained on its frozen features.

That the same network untrained fares worse is too small a gain to be shown in seconds:
``benchmarks/pretraining_gain.py`` measures it on the sample.
"""

import numpy as np
import pytest

from detl.networks.cut import cut_trunk
from detl.phantoms.sample import make_phantoms
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
    PhantomParameters,
    PretrainParameters,
    SplitParameters,
    TransferParameters,
)
from detl.splitting.data_a import select_data_a
from detl.splitting.data_b import select_data_b
from detl.splitting.folds import assign_folds
from project_copy import read_parameters

SEED = 0
SIZE = 48
FINDINGS = {
    "normal": "No Finding",
    "other_disease": "Mass",
    "pneumonia": "Pneumonia",
    "covid_19": "COVID-19",
}
PER_CLASS = 48


@pytest.fixture(scope="module")
def parameters():
    """Return the parameters of ``conf/base``, with a smaller network and split."""
    parameters = read_parameters()
    parameters["ingest"]["input_size"] = SIZE
    parameters["split"]["data_b"] = {
        label: {
            "findings": {finding: PER_CLASS},
            "sources": None,
            "multi_label": "never",
        }
        for label, finding in FINDINGS.items()
    }
    alexnet = parameters["architectures"]["alexnet"]
    alexnet["network"] |= {"width_multiplier": 0.125, "fully_connected_units": 32}
    alexnet["pretrain"] |= {"epochs": 10, "warm_up_epochs": 1}
    alexnet["transfer"] |= {"epochs": 10}
    return parameters


@pytest.fixture(scope="module")
def sample(parameters, tmp_path_factory):
    """Return pixels, Data-A, Data-B and its folds, of phantoms with plain lesions."""
    raw = tmp_path_factory.mktemp("plain")
    phantoms = PhantomParameters(
        seed=SEED,
        size=SIZE,
        noise=1.0,
        lesion_strength=4.0,
        dirt=False,
        films_of_a_patient="one",
        nih={"No Finding": 240, "Mass": 240, "Pneumonia": PER_CLASS},
        covid_chestxray={"COVID-19": PER_CLASS},
    )
    for name, content in make_phantoms(phantoms).items():
        (raw / name).parent.mkdir(parents=True, exist_ok=True)
        (raw / name).write_bytes(content)
    ingest = IngestParameters(**parameters["ingest"])
    split = SplitParameters(**parameters["split"])
    images, pixels, *_ = decode_images(raw, *read_sources(raw, ingest), ingest)
    data_b, _ = select_data_b(images, split, SEED)
    data_a, _ = select_data_a(images, data_b, split, SEED)
    folds = assign_folds(data_b, split, SEED, folds=("fold_1", "fold_2"))
    return pixels, data_a, data_b, folds


@pytest.fixture(scope="module")
def pretrained(sample, parameters):
    """Return the pretrained network and its curves."""
    pixels, data_a, *_ = sample
    alexnet = parameters["architectures"]["alexnet"]
    return pretrain_network(
        pixels,
        data_a,
        NetworkParameters(**alexnet["network"]),
        PretrainParameters(**alexnet["pretrain"]),
        SEED,
    )


def test_pretraining_learns_to_tell_normal_from_diseased(pretrained):
    """Three seeds gave 0.79 and more."""
    _, history = pretrained

    assert max(history["val_accuracy"]) > 0.62


def test_what_is_trained_on_the_frozen_features_learns_four_classes(
    pretrained, sample, parameters
):
    """Chance is right on a quarter of the images; three seeds were on 0.58 and more."""
    pixels, _, data_b, folds = sample
    trunk, tail = cut_trunk(replace_last_layer(pretrained[0], SEED))
    features = extract_features_of_data_b(trunk, pixels, data_b)
    views = np.empty((0, *features.shape), "float16")
    transfer = parameters["architectures"]["alexnet"]["transfer"] | {"views": None}
    right = []
    for _, fold in folds.groupby("fold"):
        trained, _ = train_fold(
            tail,
            features,
            views,
            data_b,
            fold,
            "grouped",
            TransferParameters(**transfer),
            SEED,
            seeds=1,
        )
        predictions, *_ = predict_fold(trained, features, data_b, fold, SEED)
        right += list(predictions["label"] == predictions["predicted"])

    assert len(right) == 4 * PER_CLASS
    assert np.mean(right) > 0.4
