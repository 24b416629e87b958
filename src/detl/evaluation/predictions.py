"""Tables of predictions: those of all folds as one, and their columns as arrays."""

import numpy as np
import pandas as pd

from detl.errors import DetlError
from detl.schemas.classes import DATA_B_CLASSES, PROBABILITIES


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


def split_seeds(predictions: pd.DataFrame) -> list[pd.DataFrame]:
    """Return what the networks of each seed say, in the order of the seeds.

    Args:
        predictions: Predictions with the column ``seed``, the same images for each; or
            without it, which are of one training.

    Returns:
        A table per seed without this column, all with their rows in the order of the
        first one.

    Raises:
        DetlError: The seeds have other images, or folds of them.
    """
    if "seed" not in predictions:
        return [predictions]
    key = [name for name in ("image_id", "fold") if name in predictions]
    by_seed = predictions.groupby("seed")
    seeds = predictions.groupby(key, sort=False)["seed"].agg(["size", "nunique"])
    wrong = seeds.index[(seeds != by_seed.ngroups).any(axis=1)]
    if len(wrong):
        image = wrong.get_level_values("image_id")[0]
        raise DetlError(
            f"Image {image} is not predicted once by the networks of each of the "
            f"{by_seed.ngroups} seeds, and it must be: run the folds again."
        )
    columns = predictions.columns.drop("seed")
    tables = [of_seed.set_index(key) for _, of_seed in by_seed]
    return [table.loc[tables[0].index].reset_index()[columns] for table in tables]


def average_seeds(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return what the ensemble of the seeds says: the mean of their probabilities.

    Args:
        predictions: As for ``split_seeds``.

    Returns:
        A row per image, without column ``seed``; ``predicted`` is the class of the
        largest mean.
    """
    tables = split_seeds(predictions)
    if len(tables) == 1:
        return tables[0]
    mean = np.mean([read_probabilities(table) for table in tables], axis=0)
    named = np.array(DATA_B_CLASSES)[mean.argmax(axis=1)]
    columns = dict(zip(PROBABILITIES, mean.T, strict=True))
    return tables[0].assign(predicted=named, **columns)


def tell_right(predictions: pd.DataFrame, images: pd.Series) -> np.ndarray:
    """Return whether each seed's network is right about an image, bool (n, seeds).

    Args:
        predictions: As for ``split_seeds``, each image in one fold.
        images: The ``image_id`` of each image, in the order of the result, (n,).
    """
    in_order = [
        table.set_index("image_id").loc[images] for table in split_seeds(predictions)
    ]
    return np.column_stack([table["label"] == table["predicted"] for table in in_order])


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
