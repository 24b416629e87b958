"""Nodes that train the tails again: without the lungs, and without a source."""

import numpy as np
import pandas as pd

from detl.evaluation.shortcuts import card
from detl.evaluation.shortcuts.cues import black_out_centre
from detl.evaluation.shortcuts.sources_out import plan_sources, score_sources_out
from detl.pipelines.crossval.nodes import train_members
from detl.schemas.classes import class_indices
from detl.schemas.keras_model import KerasModel
from detl.schemas.parameters import (
    AuditParameters,
    SplitParameters,
    TransferParameters,
)
from detl.wording import network_title


def extract_features_without_centre(
    trunk: KerasModel,
    pixels: np.ndarray,
    data_b: pd.DataFrame,
    parameters: AuditParameters,
) -> np.ndarray:
    """Return the trunk's output for Data-B's images with their centre greyed out."""
    from detl.training.features import extract_features

    rows = data_b["row"].to_numpy("int64")
    blackened = black_out_centre(np.asarray(pixels[rows]), parameters.centre_share)
    return extract_features(trunk, blackened, np.arange(len(rows)))


def extract_views_without_centre(
    trunk: KerasModel,
    pixels: np.ndarray,
    data_b: pd.DataFrame,
    parameters: AuditParameters,
    transfer: TransferParameters,
    seed: int,
) -> np.ndarray:
    """Return the trunk's output for augmented versions of the greyed out images."""
    from detl.training.features import extract_views

    rows = data_b["row"].to_numpy("int64")
    blackened = black_out_centre(np.asarray(pixels[rows]), parameters.centre_share)
    return extract_views(trunk, blackened, transfer.views, seed)


def grade_without_lungs(
    tested_by_seed: pd.DataFrame,
    without_centre: pd.DataFrame,
    images: pd.DataFrame,
    seed: int,
) -> pd.DataFrame:
    """Return the row of the shortcut card for images without their centre.

    Args:
        tested_by_seed: What each seed's networks say of the folds' test parts.
        without_centre: The same, on images without their centre.
        images: Table ``images``, which knows the sources.
        seed: Seed of the bootstrap.
    """
    given = {card.WITHOUT_LUNGS: without_centre}
    return card.make_shortcut_card(tested_by_seed, given, images, seed)


def leave_sources_out(
    tail: KerasModel,
    features: np.ndarray,
    views: np.ndarray,
    data_b: pd.DataFrame,
    images: pd.DataFrame,
    transfer: TransferParameters,
    split: SplitParameters,
    seed: int,
    seeds: int,
) -> pd.DataFrame:
    """Return how well each class is told in sources that were not trained on.

    Args:
        tail: Last block and new head, as transfer left them.
        features: The trunk's output, one row per row of ``data_b``.
        views: The same of augmented versions.
        images: Table ``images``, which knows the sources.
        transfer: How the tail is trained.
        split: Share of the inner validation part.
        seed: Of the validation part, the first tail, and the bootstrap.
        seeds: How many tails are trained without a source.
    """
    from detl.training.probabilities import predict_members

    labels = class_indices(data_b["label"])

    def train_and_predict(
        train: np.ndarray, validation: np.ndarray | None, test: np.ndarray
    ) -> np.ndarray:
        members, _ = train_members(
            tail,
            (features, views),
            (train, labels[train]),
            None if validation is None else (validation, labels[validation]),
            transfer,
            range(seed, seed + seeds),
            title=f"{network_title(tail.name)} without a source",
        )
        said = predict_members(dict(enumerate(members)), features[test])
        return np.stack(list(said.values()), axis=1)

    share = split.folds.inner_validation_share
    plans = plan_sources(data_b, images, share, seed)
    return score_sources_out(data_b, images, plans, train_and_predict, seed)
