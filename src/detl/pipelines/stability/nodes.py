"""Nodes that pretrain the networks again, and go through all that follows."""

import logging

import numpy as np
import pandas as pd

from detl.evaluation.predictions import pool_predictions
from detl.networks.cut import cut_trunk
from detl.pipelines.crossval.nodes import predict_fold, train_fold
from detl.pipelines.pretrain.nodes import pretrain_network
from detl.pipelines.transfer.nodes import (
    extract_features_of_data_b,
    extract_views_of_data_b,
    replace_last_layer,
)
from detl.schemas.keras_model import KerasModel
from detl.schemas.parameters import (
    NetworkParameters,
    PretrainParameters,
    TransferParameters,
)
from detl.schemas.tables import PRETRAINING_PREDICTIONS, validate
from detl.splitting.folds import separate_folds
from detl.wording import network_title

Cut = tuple[KerasModel, np.ndarray, np.ndarray]
"""The tail of a network, and the output of its trunk: of Data-B, and of its views."""

logger = logging.getLogger(__name__)


def train_again(
    pixels: np.ndarray,
    data_a: pd.DataFrame,
    data_b: pd.DataFrame,
    folds: pd.DataFrame,
    protocol: str,
    network: NetworkParameters,
    pretrain: PretrainParameters,
    transfer: TransferParameters,
    seed: int,
    seeds: int,
    pretrainings: int,
) -> pd.DataFrame:
    """Return what the networks of all pretrainings but the first say of Data-B.

    The first one is that of the cross-validation, which has the seeds from ``seed`` on.
    The next has the ``seeds`` seeds after these, and so on, so that no two tails have
    one seed. The first seed of each is also that of its pretraining, its views and the
    new head. The split is the same for all. Once a pretraining is tested, only its
    predictions are kept.

    Args:
        pixels: All images, uint8 (n, size, size).
        folds: Table ``folds``.
        protocol: Of the split.
        network: Which network, and its size.
        pretrain: How it is trained on Data-A.
        transfer: How its tail is trained.
        seed: Of the cross-validation.
        seeds: How many tails each fold trains on each pretraining.
        pretrainings: How many there are with the first one, at least 2.

    Returns:
        Table ``pretraining_predictions``, with pretrainings numbered from 2.
    """
    tables = []
    for number in range(1, pretrainings):
        logger.info(
            "%s: pretraining %d of %d",
            network_title(network.network),
            number + 1,
            pretrainings,
        )
        first = seed + number * seeds
        cut = _pretrain_and_cut(
            pixels, data_a, data_b, network, pretrain, transfer, first
        )
        tested = _test_folds(cut, data_b, folds, protocol, transfer, first, seeds)
        del cut  # before the next one is made
        tables.append(tested.assign(pretraining=number + 1))
    every = pd.concat(tables, ignore_index=True)
    return validate(
        every[list(PRETRAINING_PREDICTIONS.columns)], PRETRAINING_PREDICTIONS
    )


def _pretrain_and_cut(
    pixels: np.ndarray,
    data_a: pd.DataFrame,
    data_b: pd.DataFrame,
    network: NetworkParameters,
    pretrain: PretrainParameters,
    transfer: TransferParameters,
    seed: int,
) -> Cut:
    pretrained, _ = pretrain_network(pixels, data_a, network, pretrain, seed)
    trunk, tail = cut_trunk(replace_last_layer(pretrained, seed))
    features = extract_features_of_data_b(trunk, pixels, data_b)
    views = extract_views_of_data_b(trunk, pixels, data_b, transfer, seed)
    return tail, features, views


def _test_folds(
    cut: Cut,
    data_b: pd.DataFrame,
    folds: pd.DataFrame,
    protocol: str,
    transfer: TransferParameters,
    seed: int,
    seeds: int,
) -> pd.DataFrame:
    """Return what each seed's networks say of the folds' test parts, pooled."""
    tail, features, views = cut
    tested = {}
    for fold in separate_folds(folds):
        model, _ = train_fold(
            tail, features, views, data_b, fold, protocol, transfer, seed, seeds
        )
        *_, by_seed = predict_fold(model, features, data_b, fold, seed)
        tested[fold["fold"].iloc[0]] = by_seed
    return pool_predictions(data_b, **tested)
