"""Nodes that train a network from scratch on Data-A."""

import numpy as np
import pandas as pd

from detl.networks import build_network
from detl.schemas.classes import DATA_A_CLASSES, class_indices
from detl.schemas.keras_model import KerasModel
from detl.schemas.parameters import NetworkParameters, PretrainParameters

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
        network: Which network, and its size.
        parameters: How it is trained.
        seed: Of the weights, the order of the images and the augmentation.
    """
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
    model: KerasModel,
    history: History,
    pixels: np.ndarray,
    data_a: pd.DataFrame,
    seed: int,
) -> dict[str, float | None]:
    """Return how well the pretrained network tells the validation part of Data-A.

    Args:
        model: The network, with the weights that were kept.
        history: Its curves.
        pixels: All images, uint8 (n, size, size).
        seed: Seed of the bootstrap.

    Returns:
        ``data_a_accuracy`` with its 95 % interval over groups of patients, which allows
        for the choice among the epochs (``_low``, ``_high``; None where there are too
        few groups); ``data_a_correct`` of ``data_a_images``, of ``data_a_groups``;
        ``data_a_chance``, the share of the larger class; and ``data_a_epoch``, the
        epoch whose weights were kept, of ``data_a_epochs``.
    """
    from detl.statistics.wilson import measure_chosen
    from detl.training.batches import RowBatches
    from detl.training.fit import best_epoch
    from detl.training.predict import predict_probabilities

    rows, labels = _of_subset(data_a, "validation")
    groups = data_a.loc[data_a["subset"] == "validation", "group"].to_numpy()
    probabilities = predict_probabilities(model, RowBatches(pixels, rows, None, 64))
    right = probabilities.argmax(axis=1) == labels
    epochs = len(history["val_accuracy"])
    accuracy = measure_chosen(right, groups, epochs, seed)
    return {
        "data_a_accuracy": accuracy.value,
        "data_a_accuracy_low": accuracy.low if accuracy.has_interval else None,
        "data_a_accuracy_high": accuracy.high if accuracy.has_interval else None,
        "data_a_correct": int(right.sum()),
        "data_a_images": len(labels),
        "data_a_groups": accuracy.groups,
        "data_a_chance": float(np.bincount(labels).max() / len(labels)),
        "data_a_epoch": best_epoch(history),
        "data_a_epochs": epochs,
    }


def _of_subset(data_a: pd.DataFrame, subset: str) -> tuple[np.ndarray, np.ndarray]:
    part = data_a[data_a["subset"] == subset]
    labels = class_indices(part["label"], DATA_A_CLASSES)
    return part["row"].to_numpy("int64"), labels
