"""How like the training images an image is, by what the frozen part sees in it, where.

An image far from all that a network knows gets an answer as confident as any other, so
that the answer itself cannot tell (entropy, the largest probability and disagreement of
the folds hardly do). The frozen part's feature map can, and the picture itself: both
are near those of some training image, or they are not. They are compared field by
field, since a lateral or a turned film is made of the same tissue in other places.

Reference:
    Y. Sun, Y. Ming, X. Zhu, Y. Li, "Out-of-distribution detection with deep nearest
    neighbors", ICML 2022, of the penultimate layer. The frozen part is seen here, as it
    has been trained on none of the images that it is compared with (Data-B), so that
    these are as new to it as those to come.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from detl.errors import DetlError

NEIGHBOUR = 5
"""The distance counts to this nearest training image, as a single one may be odd."""

FEATURE_FIELDS = 3
"""Fields on each side of the feature map."""

PICTURE_FIELDS = 4
"""Fields on each side of the picture. A bundle has their brightness of each training
image, so few that no one is recognised in them."""

FEATURE_SHARE = 0.7
"""Of a distance, what the features account for; the picture does for the rest."""


def describe_images(pixels: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Return a vector of length 1 for each image, float32 (n, d).

    One part of it says what the frozen part sees (the mean of each channel over each of
    3 x 3 fields), the other how bright the picture is in each of 4 x 4 fields, less its
    mean. Each part has one length, whatever the contrast.

    Args:
        pixels: Grey values, uint8 (n, size, size).
        features: The frozen part's output, (n, height, width, channels).
    """
    picture = np.asarray(pixels, "float32")[..., np.newaxis]
    # A blank picture is zeros then, without a rounding error that would be enlarged.
    bright = mean_of_fields(picture - picture[:, :1, :1], PICTURE_FIELDS)
    bright -= bright.mean(axis=1, keepdims=True)
    seen = mean_of_fields(np.asarray(features, "float32"), FEATURE_FIELDS)
    parts = (
        FEATURE_SHARE**0.5 * _to_length_1(seen),
        (1 - FEATURE_SHARE) ** 0.5 * _to_length_1(bright),
    )
    return np.concatenate(parts, axis=1)


def mean_of_fields(values: np.ndarray, fields: int) -> np.ndarray:
    """Return the mean of each channel over each field, (n, fields**2 * channels).

    Args:
        values: (n, height, width, channels), float32.
        fields: On each side; a row that two of them share counts for both in part.
    """
    images, height, width, channels = values.shape
    rows = values.reshape(images, height, width * channels)
    of_rows = np.matmul(weigh_fields(height, fields), rows)
    columns = of_rows.reshape(images, fields, width, channels)
    return np.matmul(weigh_fields(width, fields), columns).reshape(images, -1)


def weigh_fields(length: int, fields: int) -> np.ndarray:
    """Return the weight of each row in the mean of each field, (fields, length).

    Args:
        length: Number of rows, or of columns.
        fields: Among which they are shared out.

    Returns:
        float32; each field's weights add up to 1.
    """
    ends = np.linspace(0, length, fields + 1)
    rows = np.arange(length)
    starts = np.maximum(ends[:-1, np.newaxis], rows)
    stops = np.minimum(ends[1:, np.newaxis], rows + 1)
    inside = np.maximum(stops - starts, 0)
    return (inside * fields / length).astype("float32")


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
    def of(cls, pixels: np.ndarray, features: np.ndarray, groups: np.ndarray) -> Self:
        """Return what is known of these training images.

        The distance of two is one minus the cosine of their descriptions. That of an
        image is to the images of other groups of patients alone: to its own patient's
        it is closer than an image of a new patient will be to any.

        Args:
            pixels: Grey values, uint8 (n, size, size).
            features: The frozen part's output, (n, height, width, channels).
            groups: The group of patients of each image, (n,).

        Raises:
            DetlError: An image has fewer than ``NEIGHBOUR`` images of other groups.
        """
        directions = describe_images(pixels, features)
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

    @classmethod
    def of_data_b(
        cls, pixels: np.ndarray, features: np.ndarray, data_b: pd.DataFrame
    ) -> Self:
        """Return what is known of the images of Data-B.

        Args:
            pixels: All images, uint8 (n, size, size).
            features: The frozen part's output, one row per row of ``data_b``.
            data_b: Table ``data_b``: ``row`` in the pixels, and ``group``.

        Raises:
            DetlError: An image has fewer than ``NEIGHBOUR`` images of other groups.
        """
        of_data_b = pixels[data_b["row"].to_numpy("int64")]
        return cls.of(of_data_b, features, data_b["group"].to_numpy())

    def rank(self, pixels: np.ndarray, features: np.ndarray) -> np.ndarray:
        """Return the share of training images that lie as far out, or farther.

        An image of a new patient, of the same kind, has a rank of at most q with the
        probability q. The smallest rank is ``1 / (n + 1)``.

        Args:
            pixels: Grey values, uint8 (k, size, size).
            features: The frozen part's output, (k, height, width, channels).

        Returns:
            float64 (k,), above 0 and up to 1; the smaller, the less familiar.
        """
        distances = 1 - describe_images(pixels, features) @ self.directions.T
        nearest = np.partition(distances, NEIGHBOUR - 1, axis=1)[:, NEIGHBOUR - 1]
        closer = np.searchsorted(self.distances, nearest)
        images = len(self.distances)
        return (images - closer + 1) / (images + 1)


def _to_length_1(described: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(described, axis=1, keepdims=True)
    # A blank picture, or one in which no channel answers, has a description of zeros.
    return described / np.maximum(lengths, np.finfo("float32").tiny)
