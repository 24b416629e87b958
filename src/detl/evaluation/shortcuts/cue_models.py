"""Simple models that know one cue of an image, on the folds of the networks."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from detl.evaluation.shortcuts.cues import CUES, choose_pictures
from detl.schemas.classes import DATA_B_CLASSES, class_indices
from detl.schemas.tables import tabulate_predictions

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

LOGIT_VARIANCE = 3.0
"""Variance that the prior of the weights gives to a logit, however many inputs."""


def predict_from_cues(
    cue: str,
    data_b: pd.DataFrame,
    images: pd.DataFrame,
    pixels: np.ndarray,
    folds: pd.DataFrame,
    border_share: float,
) -> pd.DataFrame:
    """Return what a simple model that knows one cue says of each fold's test part.

    The model is a multinomial logistic regression of standardised inputs with an L2
    penalty. In each fold it is fitted to the training part, the images to which the
    networks' weights are fitted, and so are the means that stand for what is not known;
    the inner validation part is left out. Nothing in it is random.

    Args:
        cue: A key of ``CUES``.
        pixels: Stored pixels of all images, uint8 (n, size, size).
        border_share: Width of the border as a share of each side.

    Returns:
        Table ``predictions`` after a column ``fold``, each image in the fold that tests
        it.
    """
    pictures = choose_pictures(data_b, images, pixels, border_share)
    inputs = np.asarray(CUES[cue](pictures), "float64")
    labels = class_indices(data_b["label"])
    tables = []
    for name, fold in folds.groupby("fold", sort=False):
        subsets = fold.set_index("image_id")["subset"].reindex(data_b["image_id"])
        is_train = (subsets == "train").to_numpy()
        is_test = (subsets == "test").to_numpy()
        model = build_linear_model(inputs.shape[1])
        model.fit(inputs[is_train], labels[is_train])
        # Of a class that no image has, the probability is 0.
        probabilities = np.zeros((is_test.sum(), len(DATA_B_CLASSES)))
        probabilities[:, model.classes_] = model.predict_proba(inputs[is_test])
        table = tabulate_predictions(data_b[is_test], probabilities)
        table.insert(0, "fold", str(name))
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def build_linear_model(inputs: int) -> "Pipeline":
    """Return an untrained logistic regression of standardised inputs.

    A weight has the prior variance C of scikit-learn, so that a logit, the sum of so
    many weighted inputs, has the same prior variance whatever their number. An input
    that is NaN becomes the mean of those it is fitted to, or 0 where all of these are.

    Args:
        inputs: Number of inputs.
    """
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    strength = LOGIT_VARIANCE / inputs
    return make_pipeline(
        # Else a training part in which nothing is known would have fewer inputs.
        SimpleImputer(keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(C=strength, max_iter=10_000),
    )
