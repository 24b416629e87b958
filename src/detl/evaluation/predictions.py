"""Tables of predictions: those of all folds as one, and their columns as arrays."""

import numpy as np
import pandas as pd

from detl.errors import DetlError
from detl.schemas.classes import PROBABILITIES


def pool_predictions(data_b: pd.DataFrame, **predictions: pd.DataFrame) -> pd.DataFrame:
    """Return what all folds say of their images, one row per image and fold.

    Args:
        data_b: Table ``data_b``, which knows the groups.
        **predictions: By fold, table ``predictions``.

    Returns:
        The columns of ``predictions`` between ``fold`` and ``group``.

    Raises:
        DetlError: An image with a prediction is not in Data-B.
    """
    pooled = pd.concat(predictions, names=["fold", None])
    return add_groups(pooled.reset_index(level="fold").reset_index(drop=True), data_b)


def add_groups(predictions: pd.DataFrame, images: pd.DataFrame) -> pd.DataFrame:
    """Return predictions with the group of each image, as column ``group``.

    Args:
        predictions: Any predictions, with ``image_id``.
        images: Any table with ``image_id`` and ``group``.

    Raises:
        DetlError: The second table lacks an image of the first.
    """
    groups = predictions["image_id"].map(images.set_index("image_id")["group"])
    if groups.isna().any():
        image = predictions["image_id"][groups.isna()].iloc[0]
        raise DetlError(
            f"The predictions name the image {image!r}, which is not among the "
            "images that were drawn: they are of an earlier split, so run the "
            "pipelines transfer and crossval again."
        )
    return predictions.assign(group=groups)


def read_probabilities(table: pd.DataFrame) -> np.ndarray:
    """Return the class probabilities of a table ``predictions``, float64 (n, classes).

    Raises:
        DetlError: A probability is no number between 0 and 1.
    """
    probabilities = table[PROBABILITIES].to_numpy("float64")
    unusable = ~((probabilities >= 0) & (probabilities <= 1)).all(axis=1)
    if unusable.any():
        raise DetlError(
            f"The probabilities of {unusable.sum()} of {len(table)} images, "
            f"{table['image_id'].to_numpy()[unusable][0]} first, are not numbers from "
            "0 to 1, so training diverged or a file was changed: lower the learning "
            "rate, or run this fold again."
        )
    return probabilities
