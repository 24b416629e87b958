"""Predictions of one or several seeds, with what resamples of patients make of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
import pandas as pd

from detl.evaluation.predictions import read_probabilities, split_seeds
from detl.schemas.classes import DATA_B_CLASSES, PROBABILITIES, class_indices
from detl.statistics.areas import measure_ranking
from detl.statistics.bootstrap import draw_statistic, draw_weights
from detl.statistics.notes import join_notes, name_constant_folds


@dataclass(frozen=True)
class DrawnPredictions:
    """Predictions of images, and what resamples of patients make of them.

    Classes are numbers, in the order of ``DATA_B_CLASSES``.

    Attributes:
        label: The class of each image, (n,).
        predicted: What the network of each seed predicts, (n, seeds).
        probabilities: The same: its probabilities, (n, seeds, classes).
        groups: The group of each image, (n,).
        folds: The fold of each image, (n,).
        weights: Draws of the images, (draws, n).
    """

    label: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray
    groups: np.ndarray
    folds: np.ndarray
    weights: np.ndarray

    @classmethod
    def read(cls, table: pd.DataFrame, seed: int) -> Self:
        """Return the predictions of a table, of one training or with column ``seed``.

        Args:
            table: Predictions of the folds' test parts, pooled.
            seed: Seed of the draws.
        """
        tables = split_seeds(table)
        groups = tables[0]["group"].to_numpy()
        return cls(
            class_indices(tables[0]["label"]),
            np.stack([class_indices(table["predicted"]) for table in tables], axis=1),
            np.stack([read_probabilities(table) for table in tables], axis=1),
            groups,
            tables[0]["fold"].to_numpy(),
            draw_weights(groups, seed),
        )

    def take(self, chosen: np.ndarray) -> Self:
        """Return some of the images, with the same draws."""
        parts = {
            name: getattr(self, name)[chosen]
            for name in ("label", "predicted", "probabilities", "groups", "folds")
        }
        return replace(self, **parts, weights=self.weights[:, chosen])

    @property
    def seeds(self) -> int:
        """Number of seeds."""
        return self.predicted.shape[1]

    @cached_property
    def counts(self) -> np.ndarray:
        """Confusion matrices, (1 + draws, seeds, true class, predicted class)."""
        size = len(DATA_B_CLASSES)
        cells = np.eye(size**2)[size * self.label[:, np.newaxis] + self.predicted]
        flat = cells.reshape(len(cells), -1)
        drawn = draw_statistic(lambda weights: weights @ flat, self.weights)
        return drawn.reshape(-1, self.seeds, size, size)

    @cached_property
    def rankings(self) -> np.ndarray:
        """Areas under both curves, (1 + draws, seeds, class, curve)."""
        places = [(s, k) for s in range(self.seeds) for k in range(len(DATA_B_CLASSES))]

        def rank(weights: np.ndarray) -> np.ndarray:
            areas = [
                measure_ranking(weights, self.label == k, self.probabilities[:, s, k])
                for s, k in places
            ]
            return np.stack(areas, axis=1)

        drawn = draw_statistic(rank, self.weights)
        return drawn.reshape(len(drawn), self.seeds, len(DATA_B_CLASSES), -1)

    def absent(self) -> list[str]:
        """Return the classes that no image has."""
        return [c for k, c in enumerate(DATA_B_CLASSES) if not (self.label == k).any()]

    def name_constant(self, columns: Sequence[str]) -> str:
        """Return a note on the folds in which these probabilities are constant."""
        notes = [
            name_constant_folds(table.assign(fold=self.folds), "test", columns)
            for table in (
                pd.DataFrame(of_seed, columns=PROBABILITIES)
                for of_seed in self.probabilities.swapaxes(0, 1)
            )
        ]
        return join_notes(*dict.fromkeys(notes))
