"""A small bundle of untrained networks of one architecture, and its training images."""

from functools import cache

import numpy as np

from detl.evaluation.probabilities.temperature import scale_temperature
from detl.networks import build_network
from detl.networks.cut import cut_trunk, renew_head
from detl.networks.ensemble import join_members
from detl.schemas.classes import DATA_B_CLASSES
from detl.schemas.parameters import NetworkParameters
from detl.serving.bundle import About, Bundle
from detl.serving.familiarity import Familiarity
from detl.serving.known_answers import Expectation, KnownAnswer, encode_picture
from detl.training.features import extract_features
from detl.training.probabilities import predict_inputs

SIZE = 32
IMAGES = 200


def training_pixels() -> np.ndarray:
    """Return films that are light at the left, uint8 (n, size, size)."""
    noise = np.random.default_rng(0).integers(0, 60, (IMAGES, SIZE, SIZE))
    return (noise + np.linspace(180, 0, SIZE)).astype("uint8")


@cache
def tiny_bundle() -> Bundle:
    """Return a bundle of two folds, each of two networks."""
    network = NetworkParameters(
        network="alexnet",
        width_multiplier=0.05,
        fully_connected_units=8,
        dropout=0.0,
        stem_stride=1,
        normalisation="batch",
        precision="float32",
    )
    trunk, tail = cut_trunk(build_network(network, SIZE, len(DATA_B_CLASSES), seed=1))
    tails = {
        f"fold_{number}": join_members([tail, renew_head(tail, seed=number)])
        for number in (1, 2)
    }
    features = extract_features(trunk, training_pixels(), np.arange(IMAGES))
    about = About(
        architecture="alexnet",
        classes=list(DATA_B_CLASSES),
        input_size=SIZE,
        fit="crop",
        largest_image=1_000_000,
        views=["PA", "AP"],
        temperatures={"fold_1": 2.0, "fold_2": 0.5},
        map_shift=0.0,
        warned_below=0.05,
        refused_below=0.01,
        warned_spread=0.2,
        refusals=[],
        warnings=["Trained on noise."],
        licences={"noise": ["CC0 1.0"]},
        versions={"detl": "0"},
    )
    by_fold = {
        fold: scale_temperature(predict_inputs(tail, features[:10]), temperature)
        for (fold, tail), temperature in zip(
            tails.items(), about.temperatures.values(), strict=True
        )
    }
    known_answers = []
    for number, mean in enumerate(np.mean(list(by_fold.values()), axis=0)):
        fold = f"fold_{number % 2 + 1}"
        picture, digest = encode_picture(training_pixels()[number])
        expected = Expectation(
            source="noise",
            license="CC0 1.0",
            pixels_sha256=digest,
            fold=fold,
            of_fold=by_fold[fold][number].tolist(),
            probabilities=mean.tolist(),
        )
        known_answers.append(KnownAnswer(picture, expected))
    familiarity = Familiarity.of(training_pixels(), features, np.arange(IMAGES))
    return Bundle(about, trunk, tails, familiarity, "# A card\n", known_answers)
