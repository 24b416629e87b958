"""What the paper costs: weights, operations and bytes, computed from its networks.

    python benchmarks/paper_costs.py

Builds the networks of environment paper in the project's root and trains nothing.
"""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
from math import prod

import keras
from omegaconf import OmegaConf

from detl.networks import build_network
from detl.networks.names import END_OF_TRUNK
from detl.schemas.parameters import NetworkParameters

TRAINING, VALIDATION, DATA_B, EPOCHS, SIZE = 88_379, 20_000, 1_277, 100, 224
FOLD = 0.9 * 0.8 * DATA_B  # images of a fold that train; a ninth of it validates


def multiplications(model):
    """Of one image: each weight of a kernel, at each position of the output."""
    kernels = [layer for layer in model.layers if hasattr(layer, "kernel")]
    return sum(prod(k.kernel.shape) * prod(k.output.shape[1:-1]) for k in kernels)


for name, block in OmegaConf.load("conf/paper/parameters_architectures.yml")[
    "architectures"
].items():
    values = OmegaConf.to_container(block["network"])
    parameters = NetworkParameters(**values, precision="float32")
    network = build_network(parameters, SIZE, 2, seed=0)
    trunk = keras.Model(network.input, network.get_layer(END_OF_TRUNK).output)
    whole = 2 * multiplications(network)  # a multiplication and an addition
    tail = whole - 2 * multiplications(trunk)
    weights, tail_weights = (
        network.count_params(),
        network.count_params() - trunk.count_params(),
    )
    print(
        f"{name}: {weights / 1e6:.1f} million weights; "
        f"forward {whole / 1e9:.1f} GFLOP, of it the tail {tail / 1e9:.1f}; "
        # A training step: forward, and backward for the inputs and for the weights.
        f"pretraining {EPOCHS * (3 * TRAINING + VALIDATION) * whole:.1e} FLOP; "
        f"five folds {5 * EPOCHS * (3 + 1 / 9) * FOLD * tail:.1e} FLOP; "
        f"features {4 * DATA_B * prod(trunk.output_shape[1:]) / 1e9:.2f} GB; "
        # Pretrained, with the new head, cut in two; and a tail per fold.
        f"models {4 * (3 * weights + 5 * tail_weights) / 1e9:.1f} GB"
    )
print(f"pixels {112_120 * SIZE**2 / 1e9:.1f} GB")
