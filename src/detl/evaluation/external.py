"""What is lost between the cross-validation and images from elsewhere."""

from typing import Any

import numpy as np
import pandas as pd

from detl.classes import DATA_B_CLASSES
from detl.errors import DetlError
from detl.evaluation.bootstrap import (
    FEWEST_GROUPS,
    Measurement,
    divide,
    draw_weights,
    measure,
    name_columns,
)
from detl.evaluation.interval_ends import difference_ends
from detl.evaluation.notes import join_notes
from detl.evaluation.predictions import PROBABILITIES
from detl.evaluation.ranking import measure_area, scarcer_groups
from detl.evaluation.rates import Rates, measure_share

COLUMNS = [
    "score",
    "class",
    *name_columns("internal"),
    *name_columns("external"),
    *name_columns("drop"),
    "internal_images",
    "external_images",
    "note",
]
"""What ``measure_drop`` says."""


def measure_drop(
    internal: pd.DataFrame, external: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """Return the scores inside and outside, and how much is lost between them.

    Accuracies depend on the mix of classes, which is another outside. So the balanced
    accuracy, the mean sensitivity of the classes that both hold, is the one to compare.
    Outside, the prediction is that of the mean of the folds' probabilities, and inside
    that of one fold: the ensemble may gain what the other source costs.

    Args:
        internal: Table ``tested`` of the cross-validation.
        external: The same of the external images.
        seed: Seed of the draws of patients.

    Returns:
        A row per ``score`` (accuracy, balanced_accuracy, and sensitivity, specificity
        and auc by ``class``): ``internal``, ``external`` and ``drop`` (internal less
        external), each with its 95 % interval over groups (``_low``, ``_high``); the
        numbers of images that the score rests on;
        and ``note``: why a number or an interval is missing, which is NaN then.

    Raises:
        DetlError: There is no image on one side.
    """
    for name, table in (("internal", internal), ("external", external)):
        if table.empty:
            raise DetlError(
                f"There are predictions of 0 {name} images, and a drop needs some of "
                "both: run the cross-validation, or name another source."
            )
    shared = [
        label
        for label in DATA_B_CLASSES
        if all(_count_groups(t, label) >= FEWEST_GROUPS for t in (internal, external))
    ]
    inside_weights = draw_weights(internal["group"].to_numpy(), seed)
    outside_weights = draw_weights(external["group"].to_numpy(), seed + 1)
    inside = _measure_scores(internal, inside_weights)
    outside = _measure_scores(external, outside_weights)
    rows = [
        {"score": score, "class": label} | _compare(found, outside[score, label])
        for (score, label), found in inside.items()
    ]
    balanced: dict[str, Any] = {"score": "balanced_accuracy", "class": ""}
    if len(shared) < 2:
        balanced["note"] = (
            f"both sides have enough patients of {len(shared)} classes, and 2 are "
            "needed"
        )
    else:
        balanced |= _compare(
            _measure_balanced(internal, inside_weights, shared),
            _measure_balanced(external, outside_weights, shared),
        )
        balanced["note"] = join_notes(balanced["note"], f"over {', '.join(shared)}")
    rows.insert(1, balanced)
    return pd.DataFrame(rows, columns=COLUMNS)


_Found = tuple[Measurement, int]
"""A score of one side, and the number of images that it rests on."""


def _measure_scores(
    table: pd.DataFrame, weights: np.ndarray
) -> dict[tuple[str, str], _Found]:
    """Return what one side scores, by score and class."""
    label, predicted = table["label"].to_numpy(), table["predicted"].to_numpy()
    groups = table["group"].to_numpy()
    every = np.full(len(table), True)
    accuracy = measure_share(predicted == label, every, weights, groups)
    found = {("accuracy", ""): (accuracy, len(table))}
    for name, column in zip(DATA_B_CLASSES, PROBABILITIES, strict=True):
        is_class = label == name
        rates = Rates.of(predicted == name, is_class, weights, groups)
        area = measure_area(is_class, table[column].to_numpy(), weights, groups)
        found["sensitivity", name] = rates.sensitivity, int(is_class.sum())
        found["specificity", name] = rates.specificity, int((~is_class).sum())
        found["auc", name] = area, len(scarcer_groups(is_class, groups))
    return found


def _measure_balanced(
    table: pd.DataFrame, weights: np.ndarray, shared: list[str]
) -> _Found:
    """Return the mean sensitivity of some classes."""
    label = table["label"].to_numpy()
    right = table["predicted"].to_numpy() == label
    of_class = [label == name for name in shared]

    def mean_sensitivity(drawn: np.ndarray) -> np.ndarray:
        shares = [divide(drawn @ (right & asked), drawn @ asked) for asked in of_class]
        return np.mean(shares, axis=0)

    behind = table["group"].to_numpy()[np.any(of_class, axis=0)]
    return measure(mean_sensitivity, weights, behind, kind="score"), len(behind)


def _compare(inside: _Found, outside: _Found) -> dict[str, Any]:
    """Return a score of both sides, and what is lost between them."""
    (one, images), (other, other_images) = inside, outside
    row: dict[str, Any] = one.as_columns("internal") | other.as_columns("external")
    row |= {"internal_images": images, "external_images": other_images}
    notes = [
        f"{side}: {found.note}"
        for side, found in (("internal", one), ("external", other))
        if found.note
    ]
    if not (one.is_missing or other.is_missing):
        # Other patients, so the two vary independently.
        low, high = difference_ends(
            (one.low, one.value, one.high), (other.low, other.value, other.high), 0.0
        )
        drop = Measurement(
            one.value - other.value, low, high, min(one.groups, other.groups)
        )
        row |= drop.as_columns("drop")
    return row | {"note": join_notes(*notes)}


def _count_groups(table: pd.DataFrame, label: str) -> int:
    return int(table.loc[table["label"] == label, "group"].nunique())
