"""Pooled predictions whose probabilities are known to be calibrated, or not."""

import numpy as np
import pandas as pd
from scipy.special import softmax

from detl.evaluation.probabilities.temperature import (
    fit_temperatures,
    scale_predictions,
)
from detl.schemas.classes import DATA_B_CLASSES


def tabulate(
    probabilities: np.ndarray,
    labels: np.ndarray,
    folds: np.ndarray | str = "fold_1",
    groups: np.ndarray | None = None,
) -> pd.DataFrame:
    """Return predictions of the folds, pooled.

    Args:
        probabilities: Of each image and class, (n, 4).
        labels: Column of the true class, (n,).
        folds: Fold of each image, or of all.
        groups: Group of each image; one of its own where none are given.
    """
    names = np.array(DATA_B_CLASSES)
    image_ids = [f"image_{k}" for k in range(len(labels))]
    return pd.DataFrame(
        {
            "fold": folds,
            "image_id": image_ids,
            "label": names[labels],
            "predicted": names[probabilities.argmax(axis=1)],
            **{f"p_{name}": probabilities[:, k] for k, name in enumerate(names)},
            "group": image_ids if groups is None else groups,
        }
    )


def draw_pooled(images: int, sharpness: float = 1.0, seed: int = 0) -> pd.DataFrame:
    """Return predictions of two folds with labels drawn from calibrated probabilities.

    Args:
        images: How many, each a group of its own.
        sharpness: Factor on the logits of the probabilities that are stated: 1 leaves
            them calibrated, above 1 makes them over-confident.
        seed: Of the logits and labels.
    """
    rng = np.random.default_rng(seed)
    logits = 1.5 * rng.normal(size=(images, len(DATA_B_CLASSES)))
    chances = softmax(logits, axis=1)
    labels = (chances.cumsum(axis=1) < rng.random((images, 1))).sum(axis=1)
    labels = labels.clip(max=len(DATA_B_CLASSES) - 1)
    folds = np.where(np.arange(images) % 2, "fold_2", "fold_1")
    return tabulate(softmax(sharpness * logits, axis=1), labels, folds)


def make_sorted(scores: list[float], labels: list[int]) -> pd.DataFrame:
    """Return predictions of one fold with these probabilities of COVID-19.

    Args:
        scores: Of each image; what is left is shared by the other classes.
        labels: 1 where an image is of COVID-19, else 0: it is then normal.
    """
    of_covid = np.array(scores, dtype=float)
    probabilities = np.repeat((1 - of_covid)[:, np.newaxis] / 3, 4, axis=1)
    probabilities[:, 3] = of_covid
    return tabulate(probabilities, 3 * np.array(labels))


def scale_by(validated: pd.DataFrame, *tables: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the tables at the temperatures that the inner validation parts give."""
    temperatures = fit_temperatures(validated)
    return [scale_predictions(table, temperatures) for table in tables]
