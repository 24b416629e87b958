"""Nodes that score the folds' heat maps by deletion, and by random weights."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from detl.schemas.classes import class_indices
from detl.schemas.keras_model import KerasModel
from detl.schemas.parameters import AuditParameters

if TYPE_CHECKING:
    from detl.explanation.sanity import Explained

Curves = dict[str, Any]
"""By method, ``detl.explanation.deletion.Curves`` of images."""


def choose_explained(
    data_b: pd.DataFrame,
    tested: pd.DataFrame,
    parameters: AuditParameters,
    seed: int,
) -> pd.DataFrame:
    """Return some test images of each fold, as many of each class, at random.

    Args:
        tested: Predictions of the folds' test parts.
        parameters: How many images of each fold.
        seed: Of the draw.

    Returns:
        ``fold``, ``image_id``, ``predicted``, ``group``, ``row`` of the pixels, and
        ``position`` in ``data_b``.
    """
    positioned = data_b.assign(position=np.arange(len(data_b)))
    positioned = positioned.merge(
        tested[["fold", "image_id", "predicted"]], on="image_id"
    )
    columns = ["fold", "image_id", "predicted", "group", "row", "position"]
    tables = []
    for fold in tested["fold"].unique():
        shuffled = positioned[positioned["fold"] == fold].sample(
            frac=1, random_state=seed
        )
        turn = shuffled.groupby("label").cumcount()
        chosen = shuffled.assign(turn=turn).sort_values(["turn", "label"])
        tables.append(chosen[columns].head(parameters.explained_images))
    return pd.concat(tables, ignore_index=True)


def trace_folds(
    trunk: KerasModel,
    pixels: np.ndarray,
    features: np.ndarray,
    explained: pd.DataFrame,
    map_shift: float,
    seed: int,
    **models: KerasModel,
) -> Curves:
    """Return the deletion and insertion curves of the images of all folds.

    Args:
        trunk: The architecture's frozen part.
        pixels: All images, uint8 (n, size, size).
        features: The trunk's output, one row per row of ``data_b``.
        explained: What ``choose_explained`` returns.
        map_shift: How far the maps lie from what they are of, in pixels.
        seed: Of the random order of pixels that the maps are compared with.
        **models: By fold, its trained tail.
    """
    from detl.explanation.class_activation import EvidenceMapper
    from detl.explanation.deletion import join_curves, trace_curves
    from detl.explanation.grad_cam import upsample
    from detl.networks.names import EXPLAINED_LAYER

    size = pixels.shape[1]
    curves = []
    for fold, model in models.items():
        images = _gather(pixels, features, explained[explained["fold"] == fold])
        mapper = EvidenceMapper(model, EXPLAINED_LAYER)
        small = mapper.map_by_each_method(images.features, images.class_indices)
        maps = {method: upsample(one, size, map_shift) for method, one in small.items()}
        curves.append(
            trace_curves(trunk, model, images.pixels, images.class_indices, maps, seed)
        )
    return join_curves(curves)


def score_folds(
    curves: Curves, explained: pd.DataFrame, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the areas below the curves of all folds, and the mean curves."""
    from detl.explanation.deletion import score_curves, tabulate_curves

    scores = score_curves(curves, explained["group"].to_numpy(), seed)
    return scores, tabulate_curves(curves)


def randomise_network(
    trunk: KerasModel,
    model: KerasModel,
    pixels: np.ndarray,
    features: np.ndarray,
    explained: pd.DataFrame,
    seed: int,
) -> pd.DataFrame:
    """Return how alike the maps stay while the network of the first fold forgets.

    Args:
        trunk: The architecture's frozen part.
        model: The trained tails of the first fold, of which the first one is taken.
        pixels: All images, uint8 (n, size, size).
        features: The trunk's output, one row per row of ``data_b``.
        explained: What ``choose_explained`` returns.
        seed: Of the new weights and of the bootstrap.
    """
    from detl.explanation.sanity import follow_randomisation
    from detl.networks.ensemble import members_of

    tail = members_of(model)[0]
    first = explained[explained["fold"] == explained["fold"].iloc[0]]
    return follow_randomisation(trunk, tail, _gather(pixels, features, first), seed)


def _gather(
    pixels: np.ndarray, features: np.ndarray, explained: pd.DataFrame
) -> "Explained":
    from detl.explanation.sanity import Explained

    return Explained(
        np.asarray(pixels[explained["row"].to_numpy("int64")]),
        np.asarray(features[explained["position"].to_numpy("int64")]),
        class_indices(explained["predicted"]),
        explained["group"].to_numpy(),
    )
