"""Nodes that cut a pretrained network and run its frozen part."""

import numpy as np
import pandas as pd

from detl.networks.cut import replace_head
from detl.schemas.classes import DATA_B_CLASSES
from detl.schemas.keras_model import KerasModel
from detl.schemas.parameters import TransferParameters


def replace_last_layer(pretrained: KerasModel, seed: int) -> KerasModel:
    """Return the pretrained network with a new last layer for Data-B's classes."""
    return replace_head(pretrained, len(DATA_B_CLASSES), seed)


def extract_features_of_data_b(
    trunk: KerasModel, pixels: np.ndarray, data_b: pd.DataFrame
) -> np.ndarray:
    """Return the trunk's output for every image of Data-B, in the table's order."""
    from detl.training.features import extract_features

    return extract_features(trunk, pixels, data_b["row"].to_numpy("int64"))


def extract_views_of_data_b(
    trunk: KerasModel,
    pixels: np.ndarray,
    data_b: pd.DataFrame,
    parameters: TransferParameters,
    seed: int,
) -> np.ndarray:
    """Return the trunk's output for augmented versions of Data-B's images.

    Args:
        trunk: The frozen part.
        pixels: All images, uint8 (n, size, size).
        data_b: Table ``data_b``.
        parameters: Which versions, and how many.
        seed: Of the versions.

    Returns:
        (versions, n, height, width, maps), float16, in the table's order.
    """
    from detl.training.features import extract_views

    images = np.asarray(pixels[data_b["row"].to_numpy("int64")])
    return extract_views(trunk, images, parameters.views, seed)
