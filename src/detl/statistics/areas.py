"""Areas under curves, for many weights of the images at once."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from detl.statistics.bootstrap import FEWEST_GROUPS, Measurement, measure


def scarcer_groups(is_positive: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return the groups of the positive or of the negative images, whichever are fewer.

    An area under a curve is no more certain than these let it be, however many images
    they have.

    Args:
        is_positive: Whether an image is of the class, (n,), bool.
        groups: The group of patients of each image, (n,).

    Returns:
        The group of each image of that kind.
    """
    both = groups[is_positive], groups[~is_positive]
    return min(both, key=lambda kind: len(set(kind)))


def measure_area(
    is_positive: np.ndarray,
    probabilities: np.ndarray,
    weights: np.ndarray,
    groups: np.ndarray,
) -> Measurement:
    """Return the ROC AUC, with its 95 % interval over the groups of the scarcer kind.

    Args:
        is_positive: As for ``measure_ranking``.
        probabilities: As for ``measure_ranking``, or with a column per seed,
            (n, seeds), of which the mean area is measured, over patients and trainings.
        weights: Result of ``draw_weights``, (draws, n).
        groups: The group of each image, (n,).
    """
    return measure(
        lambda drawn: _rank_seeds(drawn, is_positive, probabilities),
        weights,
        scarcer_groups(is_positive, groups),
        kind="score",
    )


def _rank_seeds(
    weights: np.ndarray, is_positive: np.ndarray, probabilities: np.ndarray
) -> np.ndarray:
    """Return the ROC AUC of each seed under each row of weights, (r, seeds)."""
    of_seeds = probabilities.reshape(len(probabilities), -1).T
    areas = [measure_ranking(weights, is_positive, seed)[:, 0] for seed in of_seeds]
    return np.stack(areas, axis=1)


@dataclass(frozen=True)
class FoldProbabilities:
    """What one network says of some of the images.

    Attributes:
        positions: Which images these are, (m,), each once.
        probabilities: What the network says of the class, (m,); or those of several
            seeds, (m, seeds).
    """

    positions: np.ndarray
    probabilities: np.ndarray


def measure_mean_area(
    is_positive: np.ndarray,
    folds: Mapping[str, FoldProbabilities],
    weights: np.ndarray,
    groups: np.ndarray,
    label: str,
) -> Measurement:
    """Return the mean over networks of the ROC AUC, with its 95 % interval.

    Images of two networks are not ranked against each other: their probabilities are
    not on one scale. The networks may judge the same images or different ones. Of
    several seeds the mean is measured, over patients and trainings.

    Args:
        is_positive: As for ``measure_area``.
        folds: By name, what each network says.
        weights: Result of ``draw_weights``, (draws, n).
        groups: The group of each image, (n,).
        label: The class, for the note where a fold has no image of it, or of another,
            and the mean no value.
    """
    scarcer = scarcer_groups(is_positive, groups)
    few = len(set(scarcer))
    if few < FEWEST_GROUPS:
        return Measurement.missing(few, f"not enough data (n = {few})")
    if not folds:
        return Measurement.missing(few, "no fold has images of both kinds")
    for name, judged in folds.items():
        of_fold = is_positive[judged.positions]
        if not of_fold.any() or of_fold.all():
            lacking = "another class" if of_fold.all() else label
            return Measurement.missing(few, f"no image of {lacking} in {name}")

    def rank(drawn: np.ndarray) -> np.ndarray:
        areas = [
            _rank_seeds(
                drawn[:, judged.positions],
                is_positive[judged.positions],
                judged.probabilities,
            )
            for judged in folds.values()
        ]
        return np.mean(areas, axis=0)

    return measure(rank, weights, scarcer, kind="score")


def measure_ranking(
    weights: np.ndarray, is_positive: np.ndarray, probabilities: np.ndarray
) -> np.ndarray:
    """Return the ROC AUC and the average precision under each row of weights.

    An image of weight k counts as k images of one probability, and ties count half in
    the AUC. Average precision is the sum, over the distinct probabilities from the
    greatest down, of the precision there times the gain in sensitivity, as
    scikit-learn defines it: it joins the points of the curve by steps, not by lines.

    Args:
        weights: (r, n), float64, whole numbers from 0.
        is_positive: Whether an image is of the class, (n,), bool.
        probabilities: What the network says of the class, (n,); any increasing
            function of it gives the same.

    Returns:
        (r, 2); NaN where a row of weights leaves no positive, or no negative image.
        (The average precision needs no negative one, but says nothing without.)

    Reference:
        J. A. Hanley, B. J. McNeil, "The meaning and use of the area under a receiver
        operating characteristic (ROC) curve", Radiology 143 (1982), 29-36.
    """
    areas = np.full((len(weights), 2), np.nan)
    if not is_positive.any():
        return areas
    order = np.argsort(-probabilities, kind="stable")
    ranked, places = probabilities[order], np.flatnonzero(is_positive[order])
    starts = np.flatnonzero(np.append(True, ranked[1:] != ranked[:-1]))
    # Only ties that hold a positive image matter: their first positive, and which.
    tie = np.searchsorted(starts, places, side="right") - 1
    first = np.flatnonzero(np.diff(tie, prepend=-1))
    tie = tie[first]
    drawn = np.take(weights, order, axis=1)
    every = np.cumsum(drawn, axis=1)
    gained = np.add.reduceat(drawn[:, places], first, axis=1)
    found, all_found = np.cumsum(gained, axis=1), gained.sum(axis=1)
    to_here = every[:, np.append(starts[1:], len(ranked))[tie] - 1]
    beside = to_here - (every[:, starts[tie]] - drawn[:, starts[tie]]) - gained
    lost = every[:, -1] - all_found
    below = lost[:, None] - (to_here - found)
    right = np.einsum("rk,rk->r", gained, below + beside / 2)
    precise = np.einsum("rk,rk->r", gained, found / np.maximum(to_here, 1))
    usable = (all_found > 0) & (lost > 0)
    areas[usable, 0] = right[usable] / (all_found * lost)[usable]
    areas[usable, 1] = precise[usable] / all_found[usable]
    return areas
