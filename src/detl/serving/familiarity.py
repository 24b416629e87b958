"""How like the training images an image is, by what the frozen part sees in it.

An image far from all that a network knows gets an answer as confident as any other, so
that the answer itself cannot tell (entropy, the largest probability and disagreement of
the folds hardly do). The frozen part's feature map can: its means and deviations over
the picture are near those of some training image, or they are not.

Reference:
    Y. Sun, Y. Ming, X. Zhu, Y. Li, "Out-of-distribution detection with deep nearest
    neighbors", ICML 2022, of the penultimate layer. The frozen part is seen here, as it
    has been trained on none of the images that it is compared with (Data-B), so that
    these are as new to it as those to come.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from detl.errors import DetlError

NEIGHBOUR = 5
"""The distance counts to this nearest training image, as a single one may be odd."""


def describe_features(features: np.ndarray) -> np.ndarray:
    """Return mean and SD of every channel over the picture, float32 (n, 2 * channels).

    Args:
        features: The frozen part's output, (n, height, width, channels).
    """
    over = (1, 2)
    values = np.asarray(features, "float32")
    return np.concatenate([values.mean(over), values.std(over)], axis=1)


@dataclass(frozen=True)
class Familiarity:
    """The training images, and how far new images of their kind lie from them.

    Attributes:
        directions: Descriptions of the training images, of length 1, (n, d), float32.
        distances: Of each of them to those of other groups, ascending, (n,), float64.
    """

    directions: np.ndarray
    distances: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray, groups: np.ndarray) -> Self:
        """Return what is known of these training images.

        The distance of two is one minus the cosine of their descriptions. That of an
        image is to the images of other groups of patients alone: to its own patient's
        it is closer than an image of a new patient will be to any.

        Args:
            features: The frozen part's output, (n, height, width, channels).
            groups: The group of patients of each image, (n,).

        Raises:
            DetlError: An image has fewer than ``NEIGHBOUR`` images of other groups.
        """
        directions = _to_directions(describe_features(features))
        distances = 1 - directions @ directions.T
        distances[groups[:, np.newaxis] == groups] = np.inf
        nearest = np.sort(distances, axis=1)[:, NEIGHBOUR - 1 : NEIGHBOUR]
        if nearest.size < len(groups) or not np.isfinite(nearest).all():
            raise DetlError(
                f"Among {len(groups)} images of {len(set(groups))} groups of patients, "
                f"one has fewer than {NEIGHBOUR} images of other groups to be compared "
                "with: train on more patients."
            )
        return cls(directions, np.sort(nearest[:, 0]).astype("float64"))

    def rank(self, features: np.ndarray) -> np.ndarray:
        """Return the share of training images that lie as far out, or farther.

        An image of a new patient, of the same kind, has a rank of at most q with the
        probability q. The smallest rank is ``1 / (n + 1)``.

        Args:
            features: The frozen part's output, (k, height, width, channels).

        Returns:
            float64 (k,), above 0 and up to 1; the smaller, the less familiar.
        """
        described = _to_directions(describe_features(features))
        distances = 1 - described @ self.directions.T
        nearest = np.partition(distances, NEIGHBOUR - 1, axis=1)[:, NEIGHBOUR - 1]
        closer = np.searchsorted(self.distances, nearest)
        images = len(self.distances)
        return (images - closer + 1) / (images + 1)


def _to_directions(described: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(described, axis=1, keepdims=True)
    # An image in which no channel answers has a description of zeros.
    return described / np.maximum(lengths, np.finfo("float32").tiny)
