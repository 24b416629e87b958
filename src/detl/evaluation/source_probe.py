"""Whether a network's features tell where an image is from, within one class."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

from detl.classes import DATA_B_CLASSES
from detl.errors import DetlError
from detl.evaluation.bootstrap import (
    FEWEST_GROUPS,
    Measurement,
    draw_weights,
    name_columns,
)
from detl.evaluation.cue_models import build_linear_model
from detl.evaluation.ranking import measure_area, scarcer_groups

PARTS = 5
"""Parts of the probe's cross-validation."""

COLUMNS = [
    "class",
    "sources",
    "predicted_source",
    "images",
    "groups",
    *name_columns("auc"),
    "note",
]
"""What ``probe_source`` says of a class."""


def probe_source(
    features: np.ndarray,
    sources: np.ndarray,
    labels: np.ndarray,
    groups: np.ndarray,
    seed: int,
) -> pd.DataFrame:
    """Return how well the source can be told from a network's features, by class.

    Within a class the disease does not differ, so whatever tells the source is a
    shortcut that the network could take. The probe is a logistic regression,
    cross-validated by group of patients. An AUC of 0.5 means that the source cannot be
    read off linearly; more does not mean that the network's decision uses it.

    Args:
        features: The input of the last layer, all from one network
            (``penultimate_features``), (n, units).
        sources: Of each image, (n,), text.
        labels: Class of Data-B of each image, (n,), text.
        groups: The group of patients and copies of each image, (n,).
        seed: Seed of the parts and of the draws of the intervals.

    Returns:
        A row per class. ``sources``, with their numbers of images;
        ``predicted_source``, the commonest, which is told from the others; ``images``
        and ``groups``; ``auc`` (ROC) with its 95 % interval over groups (``_low``,
        ``_high``); ``note``, why there is no number, which is NaN then: one source only
        (``not identifiable``), or too few groups of a source.

    Raises:
        DetlError: A feature is not a number.

    Reference:
        J. R. Zech et al., "Variable generalization performance of a deep learning model
        to detect pneumonia in chest radiographs", PLoS Med. 15 (2018), e1002683, which
        predicts the hospital from such features.
    """
    unusable = ~np.isfinite(features).all(axis=1)
    if unusable.any():
        raise DetlError(
            f"The features of {unusable.sum()} of {len(features)} images are not "
            "numbers, so training diverged: lower the learning rate."
        )
    rows = []
    for label in DATA_B_CLASSES:
        chosen = np.asarray(labels) == label
        found = pd.Series(np.asarray(sources)[chosen]).value_counts()
        groups_of_class = np.asarray(groups)[chosen]
        row: dict[str, Any] = {
            "class": label,
            "sources": ", ".join(f"{name} {count}" for name, count in found.items()),
            "predicted_source": found.index[0] if len(found) > 1 else "",
            "images": int(chosen.sum()),
            "groups": len(set(groups_of_class)),
        }
        if len(found) > 1:
            is_commonest = np.asarray(sources)[chosen] == found.index[0]
            area = _probe(features[chosen], is_commonest, groups_of_class, seed)
        else:
            area = Measurement.missing(0, _explain_missing(found))
        rows.append(row | area.as_columns("auc") | {"note": area.note})
    return pd.DataFrame(rows, columns=COLUMNS)


def _explain_missing(found: pd.Series) -> str:
    if found.empty:
        return "not identifiable: there is no image of this class"
    return f"not identifiable: all images of this class are from {found.index[0]}"


def _probe(
    features: np.ndarray, is_positive: np.ndarray, groups: np.ndarray, seed: int
) -> Measurement:
    few = len(set(scarcer_groups(is_positive, groups)))
    if few < FEWEST_GROUPS:
        return Measurement.missing(few, f"not enough data (n = {few})")
    probabilities = cross_val_predict(
        build_linear_model(features.shape[1]),
        features.astype("float64"),
        is_positive,
        groups=groups,
        cv=StratifiedGroupKFold(PARTS, shuffle=True, random_state=seed),
        method="predict_proba",
    )[:, 1]
    weights = draw_weights(groups, seed)
    return measure_area(is_positive, probabilities, weights, groups)
