"""A small bundle of untrained networks of one architecture, and its training images."""

from functools import cache

import numpy as np

from detl.networks import build_network
from detl.networks.cut import cut_trunk, renew_head
from detl.networks.ensemble import join_members
from detl.schemas.classes import DATA_B_CLASSES
from detl.schemas.parameters import NetworkParameters
from detl.serving.bundle import About, Bundle
from detl.serving.familiarity import Familiarity
from detl.training.features import extract_features

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
        warnings=["Trained on noise."],
        versions={"detl": "0"},
    )
    familiarity = Familiarity.of(features, np.arange(IMAGES))
    return Bundle(about, trunk, tails, familiarity, "# A card\n")
