"""What several tests share."""

import os

# Before anything imports TensorFlow: its start-up notes would bury the results.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pytest

from detl.parameters import NetworkParameters, TrainingParameters


@pytest.fixture
def tiny_network():
    """Return a function that gives the parameters of a tiny network by name."""

    def make(network: str, **changes) -> NetworkParameters:
        has_hidden_layers = network != "resnet50"
        values = {
            "network": network,
            "width_multiplier": 0.03,
            "fully_connected_units": 8 if has_hidden_layers else 0,
            "dropout": 0.5 if has_hidden_layers else 0.0,
            "stem_stride": 1,
            "normalisation": "batch",
        }
        return NetworkParameters(**{**values, **changes})

    return make


@pytest.fixture
def short_training():
    """Return a function that gives the parameters of a short training with SGD."""

    def make(**changes) -> TrainingParameters:
        values = {
            "epochs": 3,
            "batch_size": 16,
            "optimizer": "sgd",
            "learning_rate": 0.01,
            "momentum": 0.9,
            "schedule": "constant",
            "warm_up_epochs": 0,
        }
        return TrainingParameters(**{**values, **changes})

    return make
