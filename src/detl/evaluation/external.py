"""What is lost between the cross-validation and images from elsewhere."""

from typing import Any

import numpy as np
import pandas as pd

from detl.classes import DATA_B_CLASSES
from detl.errors import DetlError
from detl.evaluation.bootstrap import (
    FEWEST_GROUPS,
    Kind,
    Measurement,
    divide,
    draw_weights,
    measure_draws,
    name_columns,
)
from detl.evaluation.interval_ends import difference_ends
from detl.evaluation.ranking import measure_ranking, scarcer_groups

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

PROPORTIONS = ("accuracy", "sensitivity", "specificity")
"""Scores that are a share of images."""


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
        and ``note``: why a number is missing, which is NaN then.

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
    inside, outside = _Side(internal, seed), _Side(external, seed + 1)
    rows = [_compare("accuracy", "", inside, outside)]
    rows.append(_compare("balanced_accuracy", "", inside, outside, shared))
    rows += [
        _compare(score, label, inside, outside)
        for label in DATA_B_CLASSES
        for score in ("sensitivity", "specificity", "auc")
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


class _Side:
    """The predictions of one side, and draws of its groups."""

    def __init__(self, table: pd.DataFrame, seed: int) -> None:
        self.label = table["label"].to_numpy()
        self.predicted = table["predicted"].to_numpy()
        self.groups = table["group"].to_numpy()
        self.probabilities = {c: table[f"p_{c}"].to_numpy() for c in DATA_B_CLASSES}
        # One row of ones, all images as they are, then the draws.
        drawn = draw_weights(self.groups, seed).astype("float64")
        self.weights = np.vstack([np.ones(drawn.shape[1]), drawn])

    def share(self, hit: np.ndarray, asked: np.ndarray) -> np.ndarray:
        weights = self.weights[:, asked]
        return divide(weights @ hit[asked].astype("float64"), weights.sum(axis=1))

    def score(
        self, score: str, label: str, shared: list[str] | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the score, of all and of each draw, and the groups behind it."""
        right = self.predicted == self.label
        if score == "accuracy":
            everything = np.ones(len(right), bool)
            return self.share(right, everything), self.groups
        if score == "balanced_accuracy":
            of_class = [self.share(right, self.label == name) for name in shared or ()]
            return (
                np.mean(of_class, axis=0),
                self.groups[np.isin(self.label, shared or [])],
            )
        is_class = self.label == label
        if score == "sensitivity":
            return self.share(right, is_class), self.groups[is_class]
        if score == "specificity":
            return (
                self.share(self.predicted != label, ~is_class),
                self.groups[~is_class],
            )
        area = measure_ranking(self.weights, is_class, self.probabilities[label])[:, 0]
        return area, scarcer_groups(is_class, self.groups)


def _compare(
    score: str,
    label: str,
    inside: _Side,
    outside: _Side,
    shared: list[str] | None = None,
) -> dict[str, Any]:
    row: dict[str, Any] = {"score": score, "class": label, "note": ""}
    if shared is not None and len(shared) < 2:
        row["note"] = (
            f"both sides have enough patients of {len(shared)} classes, and 2 are "
            "needed"
        )
        return row
    sides: list[Measurement] = []
    for part, side in (("internal", inside), ("external", outside)):
        found, behind = side.score(score, label, shared)
        kind: Kind = "share" if score in PROPORTIONS else "score"
        measured = measure_draws(found, behind, kind=kind)
        row |= measured.as_columns(part) | {f"{part}_images": len(behind)}
        sides.append(measured)
    names = ("internal", "external")
    notes = [f"{n}: {m.note}" for n, m in zip(names, sides, strict=True) if m.note]
    if not notes:
        one, other = sides
        # Other patients, so the two vary independently.
        low, high = difference_ends(
            (one.low, one.value, one.high), (other.low, other.value, other.high), 0.0
        )
        row |= {"drop": one.value - other.value, "drop_low": low, "drop_high": high}
    if shared is not None:
        notes.append(f"over {', '.join(shared)}")
    return row | {"note": "; ".join(notes)}


def _count_groups(table: pd.DataFrame, label: str) -> int:
    return int(table.loc[table["label"] == label, "group"].nunique())
