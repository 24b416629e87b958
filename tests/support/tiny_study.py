"""A tiny training and its explanation, as a program that prints what they give."""

import json
import sys
from typing import Any

import numpy as np

from detl.explanation.class_activation import map_evidence
from detl.explanation.guided_backpropagation import guided_backpropagation
from detl.networks import build_network
from detl.networks.cut import cut_trunk, replace_head
from detl.networks.names import EXPLAINED_LAYER
from detl.schemas.parameters import (
    AugmentationParameters,
    NetworkParameters,
    TrainingParameters,
)
from detl.training.augmentation import augment_inputs
from detl.training.batches import RowBatches
from detl.training.features import extract_features
from detl.training.fit import fit_network
from detl.training.probabilities import predict_probabilities


def run_study() -> dict[str, Any]:
    """Return what a network is made of, how it learns, and what it says and shows."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (12, 16, 16), dtype=np.uint8)
    labels = np.arange(12) % 4
    network = NetworkParameters(
        network="alexnet",
        width_multiplier=0.03,
        fully_connected_units=8,
        dropout=0.0,
        stem_stride=1,
        normalisation="batch",
        precision="float32",
    )
    training = TrainingParameters(
        epochs=2,
        batch_size=6,
        optimizer="adam",
        learning_rate=0.01,
        momentum=0.9,
        schedule="cosine",
        warm_up_epochs=0,
        jit_compile="auto",
        distribution="none",
    )
    model = replace_head(build_network(network, 16, 2, seed=1), 4, seed=2)
    augmented = augment_inputs(
        model,
        AugmentationParameters(
            rotation_degrees=5, smallest_zoom=0.9, largest_zoom=1.1, mirror=True
        ),
        seed=3,
    )
    rows = np.arange(12)
    batches = RowBatches(pixels, rows, labels, 6, shuffle_seed=4)
    history = fit_network(
        augmented, batches, RowBatches(pixels, rows, labels, 6), training, "tiny"
    )
    trunk, tail = cut_trunk(model)
    features = extract_features(trunk, pixels, rows)
    of_classes = predict_probabilities(tail, RowBatches(features, rows, None, 6))
    cam = map_evidence(tail, features, labels, EXPLAINED_LAYER, "grad_cam")
    guided = guided_backpropagation(trunk, tail, pixels, labels)
    layers = model.layers
    return {
        "kernels": [list(weights.shape) for weights in model.weights],
        "formats": [x.data_format for x in layers if hasattr(x, "data_format")],
        "policies": [layer.dtype_policy.name for layer in layers],
        "history": history,
        "features": features.sum(axis=(1, 2, 3), dtype="float64").tolist(),
        "probabilities": of_classes.tolist(),
        "grad_cam": cam.sum(axis=(1, 2), dtype="float64").tolist(),
        "guided": guided.sum(axis=(1, 2), dtype="float64").tolist(),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run_study()))
