"""Nodes that ask whether the networks need the pixels that their heat maps mark."""

from typing import Any

import numpy as np
import pandas as pd

from detl.pipelines.explanation_scores.nodes import gather_explained
from detl.schemas.keras_model import KerasModel

Curves = dict[str, Any]
"""By method, ``detl.explanation.deletion.Curves`` of images."""


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
    from detl.explanation.class_activation import METHODS, EvidenceMapper
    from detl.explanation.deletion import join_curves, trace_curves
    from detl.explanation.grad_cam import upsample
    from detl.networks.names import EXPLAINED_LAYER

    size = pixels.shape[1]
    curves = []
    for fold, model in models.items():
        images = gather_explained(
            pixels, features, explained[explained["fold"] == fold]
        )
        mapper = EvidenceMapper(model, EXPLAINED_LAYER)
        small = {
            method: mapper.map(images.features, images.class_indices, method)
            for method in METHODS
        }
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
