"""Nodes that train a network from scratch on Data-A."""

from typing import Any

import numpy as np
import pandas as pd

from detl.classes import DATA_A_CLASSES
from detl.keras_model import KerasModel
from detl.parameters import NetworkParameters, PretrainParameters

History = dict[str, list[float]]


def pretrain_network(
    pixels: np.ndarray,
    data_a: pd.DataFrame,
    network: NetworkParameters,
    parameters: PretrainParameters,
    seed: int,
) -> tuple[KerasModel, History]:
    """Return a network trained to tell normal from diseased, and its curves.

    Args:
        pixels: All images, uint8 (n, size, size).
        data_a: Table ``data_a``.
        network: Which network, and its size.
        parameters: How it is trained.
        seed: Of the weights, the order of the images and the augmentation.
    """
    from detl.networks import build_network
    from detl.training.augmentation import augment_inputs
    from detl.training.batches import RowBatches
    from detl.training.fit import fit_network

    model = build_network(network, pixels.shape[1], len(DATA_A_CLASSES), seed)
    training = _of_subset(data_a, "train")
    validation = _of_subset(data_a, "validation")
    history = fit_network(
        augment_inputs(model, parameters.augmentation, seed)
        if parameters.augmentation
        else model,
        RowBatches(pixels, *training, parameters.batch_size, shuffle_seed=seed),
        RowBatches(pixels, *validation, parameters.batch_size),
        parameters,
        title=f"pretrain {network.network}",
    )
    return model, history


def score_pretraining(
    model: KerasModel, history: History, pixels: np.ndarray, data_a: pd.DataFrame
) -> dict[str, float]:
    """Return how well the pretrained network tells the validation part of Data-A.

    Returns:
        ``data_a_accuracy`` with its 95 % Wilson interval, ``data_a_correct`` of
        ``data_a_images``, ``data_a_chance``, the share of the larger class, and
        ``data_a_epoch``, the epoch whose weights were kept.
    """
    from detl.evaluation.intervals import wilson_interval
    from detl.training.batches import RowBatches
    from detl.training.fit import best_epoch
    from detl.training.predict import predict_probabilities

    rows, labels = _of_subset(data_a, "validation")
    probabilities = predict_probabilities(model, RowBatches(pixels, rows, None, 64))
    correct = int((probabilities.argmax(axis=1) == labels).sum())
    low, high = wilson_interval(correct, len(labels))
    return {
        "data_a_accuracy": correct / len(labels),
        "data_a_accuracy_low": low,
        "data_a_accuracy_high": high,
        "data_a_correct": correct,
        "data_a_images": len(labels),
        "data_a_chance": float(np.bincount(labels).max() / len(labels)),
        "data_a_epoch": best_epoch(history),
    }


def note_parameters(
    history: History, network: NetworkParameters, parameters: PretrainParameters
) -> dict[str, Any]:
    """Return the parameters of the pretraining, as plain values.

    Args:
        history: Its curves; noted after them, and anew whenever it is trained anew.
        network: Which network, and its size.
        parameters: How it was trained.
    """
    return {"network": network.model_dump(), "pretrain": parameters.model_dump()}


def _of_subset(data_a: pd.DataFrame, subset: str) -> tuple[np.ndarray, np.ndarray]:
    part = data_a[data_a["subset"] == subset]
    labels = part["label"].map(DATA_A_CLASSES.index).to_numpy("int64")
    return part["row"].to_numpy("int64"), labels
