"""Nodes that train a network from scratch on Data-A."""

from functools import partial

import numpy as np
import pandas as pd

from detl.networks import build_network
from detl.schemas.classes import DATA_A_CLASSES, class_indices
from detl.schemas.keras_model import KerasModel
from detl.schemas.parameters import NetworkParameters, PretrainParameters
from detl.wording import network_title

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
    augmentation = parameters.augmentation
    history = fit_network(
        model,
        RowBatches(
            pixels, *training, parameters.batch_size, seed, parameters.last_batch
        ),
        RowBatches(pixels, *validation, parameters.batch_size),
        parameters,
        title=f"pretrain {network_title(network.network)}",
        augment=partial(augment_inputs, parameters=augmentation, seed=seed)
        if augmentation
        else None,
    )
    return model, history


def score_pretraining(
    model: KerasModel,
    history: History,
    pixels: np.ndarray,
    data_a: pd.DataFrame,
    parameters: PretrainParameters,
    seed: int,
) -> dict[str, float | None]:
    """Return how well the pretrained network tells the validation part of Data-A.

    Args:
        model: The network, with the weights that were read.
        history: Its curves.
        pixels: All images, uint8 (n, size, size).
        parameters: How it was trained.
        seed: Seed of the bootstrap.

    Returns:
        ``data_a_accuracy`` with its 95 % interval over groups of patients, which allows
        for a choice among the epochs (``_low``, ``_high``; None where there are too few
        groups); ``data_a_correct`` of ``data_a_images``, of ``data_a_groups``;
        ``data_a_chance``, the share of the larger class; ``data_a_first_epoch`` and
        ``data_a_epoch``, the first and the last epoch whose weights were read, of
        ``data_a_epochs``; and ``data_a_choices``, among how many epochs the validation
        part has chosen (1 where it has not).
    """
    from detl.statistics.wilson import measure_chosen
    from detl.training.batches import RowBatches
    from detl.training.kept_weights import epochs_read
    from detl.training.probabilities import predict_probabilities

    rows, labels = _of_subset(data_a, "validation")
    groups = data_a.loc[data_a["subset"] == "validation", "group"].to_numpy()
    probabilities = predict_probabilities(model, RowBatches(pixels, rows, None, 64))
    right = probabilities.argmax(axis=1) == labels
    epochs = len(history["loss"])
    choices = epochs if parameters.read == "best" else 1
    first, last = epochs_read(history, parameters.read)
    accuracy = measure_chosen(right, groups, choices, seed)
    return {
        "data_a_accuracy": accuracy.value,
        "data_a_accuracy_low": accuracy.low if accuracy.has_interval else None,
        "data_a_accuracy_high": accuracy.high if accuracy.has_interval else None,
        "data_a_correct": int(right.sum()),
        "data_a_images": len(labels),
        "data_a_groups": accuracy.groups,
        "data_a_chance": float(np.bincount(labels).max() / len(labels)),
        "data_a_first_epoch": first,
        "data_a_epoch": last,
        "data_a_epochs": epochs,
        "data_a_choices": choices,
    }


def _of_subset(data_a: pd.DataFrame, subset: str) -> tuple[np.ndarray, np.ndarray]:
    part = data_a[data_a["subset"] == subset]
    labels = class_indices(part["label"], DATA_A_CLASSES)
    return part["row"].to_numpy("int64"), labels
