"""What is lost between the cross-validation and images from elsewhere."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from detl.evaluation.predictions import read_probabilities, split_seeds
from detl.schemas.classes import DATA_B_CLASSES, class_indices
from detl.statistics.areas import FoldProbabilities, measure_mean_area, scarcer_groups
from detl.statistics.bootstrap import (
    FEWEST_GROUPS,
    Measurement,
    divide,
    draw_weights,
    measure,
    name_columns,
)
from detl.statistics.interval_ends import difference_ends
from detl.statistics.notes import join_notes
from detl.statistics.rates import measure_mean_share

COLUMNS = [
    "score",
    "class",
    *name_columns("internal"),
    *name_columns("external"),
    *name_columns("drop"),
    *name_columns("ensemble"),
    "internal_images",
    "external_images",
    "note",
]
"""What ``measure_drop`` says."""


def measure_drop(
    internal: pd.DataFrame,
    external: pd.DataFrame,
    ensemble: pd.DataFrame,
    seed: int,
) -> pd.DataFrame:
    """Return the scores inside and outside, and how much is lost between them.

    Both are of single networks, so that only the images differ. Inside, the network of
    the fold that tests an image judges it. Outside, the networks of all folds judge
    each image, and a score is the mean of theirs. Areas under the ROC curve are means
    over the folds on both sides, because pooled probabilities of several networks are
    not on one scale. Of several seeds, scores are means over them, and intervals over
    trainings too, on both sides as if they were others, which makes that of the drop
    rather too wide. The ensemble, the mean of all probabilities, has columns of its
    own, with intervals over patients: it may gain what the other source costs.

    Accuracies depend on the mix of classes, which differs outside. So the balanced
    accuracy, the mean sensitivity of the classes that both hold, is the one to compare.

    Args:
        internal: The predictions of the cross-validation: a row per image and seed.
        external: The same of the external images: a row per image, fold and seed.
        ensemble: The same of their mean: a row per image.
        seed: Seed of the draws of patients.

    Returns:
        A row per ``score`` (accuracy, balanced_accuracy, and sensitivity, specificity
        and auc by ``class``): ``internal``, ``external``, ``drop`` (internal less
        external) and ``ensemble``, each with its 95 % interval over groups (``_low``,
        ``_high``); the numbers of images that the score rests on; and ``note``: why a
        number or an interval is missing, which is NaN then.
    """
    inside = _Side.read(internal, seed)
    outside, together = (_Side.read(t, seed + 1) for t in (external, ensemble))
    shared = [
        label
        for label in DATA_B_CLASSES
        if min(s.count_groups(label) for s in (inside, outside)) >= FEWEST_GROUPS
    ]
    rows = [
        {"score": score, "class": label}
        | _compare(
            *(side.measure(score, label) for side in (inside, outside, together))
        )
        for score, label in _list_scores()
    ]
    balanced: dict[str, Any] = {"score": "balanced_accuracy", "class": ""}
    if len(shared) < 2:
        balanced["note"] = (
            f"both sides have enough patients of {len(shared)} classes, and 2 are "
            "needed"
        )
    else:
        balanced |= _compare(
            *(side.measure_balanced(shared) for side in (inside, outside, together))
        )
        balanced["note"] = join_notes(balanced["note"], f"over {', '.join(shared)}")
    rows.insert(1, balanced)
    return pd.DataFrame(rows, columns=COLUMNS)


_Found = tuple[Measurement, int]
"""A score of one side, and the number of images that it rests on."""


@dataclass(frozen=True)
class _Side:
    """Images that one network each, or several, have judged.

    Attributes:
        label: The class of each image, a number, (n,).
        groups: Its group, (n,).
        weights: Draws of the images, (draws, n).
        called: The share of each seed's networks that call an image a class,
            (n, seeds, 4).
        networks: How many networks of a seed have judged an image: one, or the same
            number each.
        folds: Of each fold's networks, which images they have judged, (m,).
        probabilities: The same: the probabilities of these images, (m, seeds, 4).
    """

    label: np.ndarray
    groups: np.ndarray
    weights: np.ndarray
    called: np.ndarray
    networks: int
    folds: dict[str, np.ndarray]
    probabilities: dict[str, np.ndarray]

    @classmethod
    def read(cls, table: pd.DataFrame, seed_of_draws: int) -> "_Side":
        tables = split_seeds(table)
        images = tables[0].drop_duplicates("image_id")
        names, groups = pd.Index(images["image_id"]), images["group"].to_numpy()
        positions = names.get_indexer(pd.Index(tables[0]["image_id"]))
        called = np.zeros((len(images), len(tables), len(DATA_B_CLASSES)))
        for seed, of_seed in enumerate(tables):
            predicted = class_indices(of_seed["predicted"])
            np.add.at(called[:, seed], (positions, predicted), 1)
        times = np.bincount(positions)
        probabilities = np.stack([read_probabilities(t) for t in tables], axis=1)
        fold = tables[0]["fold"].to_numpy()
        of_fold = {str(name): fold == name for name in pd.unique(fold)}
        return cls(
            class_indices(images["label"]),
            groups,
            draw_weights(groups, seed_of_draws),
            called / times[:, np.newaxis, np.newaxis],
            int(times.max()),
            {name: positions[rows] for name, rows in of_fold.items()},
            {name: probabilities[rows] for name, rows in of_fold.items()},
        )

    def is_of(self, label: str) -> np.ndarray:
        return self.label == DATA_B_CLASSES.index(label)

    def count_groups(self, label: str) -> int:
        return len(set(self.groups[self.is_of(label)]))

    def measure(self, score: str, label: str) -> _Found:
        """Return a score of a class, or the accuracy."""
        if score == "accuracy":
            right = self.called[np.arange(len(self.label)), :, self.label]
            return self._measure_share(right, np.full(len(right), True))
        position, is_class = DATA_B_CLASSES.index(label), self.is_of(label)
        called = self.called[:, :, position]
        if score == "sensitivity":
            return self._measure_share(called, is_class)
        if score == "specificity":
            return self._measure_share(1 - called, ~is_class)
        folds = {
            name: FoldProbabilities(rows, self.probabilities[name][:, :, position])
            for name, rows in self.folds.items()
        }
        area = measure_mean_area(is_class, folds, self.weights, self.groups, label)
        return area, len(scarcer_groups(is_class, self.groups))

    def _measure_share(self, hits: np.ndarray, among: np.ndarray) -> _Found:
        """Return the mean of ``hits``, from 0 to 1, over some images."""
        found = measure_mean_share(
            hits, among, self.weights, self.groups, self.networks
        )
        return found, int(among.sum())

    def measure_balanced(self, shared: list[str]) -> _Found:
        """Return the mean sensitivity of some classes."""
        of_class = {DATA_B_CLASSES.index(c): self.is_of(c) for c in shared}

        def mean_sensitivity(drawn: np.ndarray) -> np.ndarray:
            shares = [
                divide(
                    drawn @ (self.called[:, :, k] * asked[:, np.newaxis]),
                    drawn @ asked[:, np.newaxis],
                )
                for k, asked in of_class.items()
            ]
            return np.mean(shares, axis=0)

        behind = self.groups[np.any(list(of_class.values()), axis=0)]
        found = measure(mean_sensitivity, self.weights, behind, kind="score")
        return found, len(behind)


def _list_scores() -> list[tuple[str, str]]:
    of_class = [
        (score, label)
        for label in DATA_B_CLASSES
        for score in ("sensitivity", "specificity", "auc")
    ]
    return [("accuracy", ""), *of_class]


def _compare(inside: _Found, outside: _Found, ensemble: _Found) -> dict[str, Any]:
    """Return a score of both sides, what is lost between them, and the ensemble's."""
    (one, images), (other, other_images) = inside, outside
    row: dict[str, Any] = one.as_columns("internal") | other.as_columns("external")
    row |= ensemble[0].as_columns("ensemble")
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
