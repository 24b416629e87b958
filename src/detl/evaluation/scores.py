"""Scores of an architecture with their intervals, over all folds and in each."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from detl.evaluation.drawn_predictions import DrawnPredictions
from detl.schemas.classes import DATA_B_CLASSES, PROBABILITIES
from detl.statistics.areas import scarcer_groups
from detl.statistics.bootstrap import (
    FEWEST_GROUPS,
    Measurement,
    divide,
    measure_draws,
)
from detl.statistics.notes import join_notes

COLUMNS = [
    "fold",
    "score",
    "class",
    "value",
    "low",
    "high",
    "seed_sd",
    "groups",
    "note",
]

ALL = "all"
MEAN = "mean of folds"
"""What column ``fold`` says of the pooled images, and of the mean over the folds."""

RANKINGS = ("auc", "average_precision")

AREAS = ("macro_auc", "auc")
"""Which scores have a mean over the folds."""

OF_FOLDS = (
    *("balanced_accuracy", "macro_f1", "macro_auc"),
    *("sensitivity", "specificity", "ppv", "auc"),
)
"""Scores that ``score_predictions`` gives of each fold, besides the accuracy."""

NO_OTHER = "no image of another class"


def measure_scores(pooled: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the scores of an architecture, with 95 % intervals.

    Of networks of several seeds each score is the mean of theirs, and its interval is
    over groups of patients and trainings: it is one for the mean over all trainings, on
    new patients. Of one seed it is over patients alone, for this network.
    (``bootstrap.measure_draws`` says how.) The draws leave the numbers per class to
    chance. Where these were fixed, intervals of scores that mix classes, such as
    predictive values, are a little wide.

    Pooled images, ``all``, are those of all folds, each as often as it is tested. An
    accuracy of these is a mean of what the folds count. An area under a curve is not:
    it also compares probabilities of different networks, and is lower where their
    scales differ. So the ROC AUC has a second row, ``mean of folds``, which is the one
    to quote for a network. The average precision has none: that of as few images as a
    fold has is too high on average, and so is its mean.

    Args:
        pooled: The folds' predictions of their test parts, pooled, of one training or
            with the column ``seed``.
        seed: Seed of the draws.

    Returns:
        A row per set of images, score and class. ``fold``: ``all``, then each fold,
        then ``mean of folds``. ``score``: ``accuracy``, ``balanced_accuracy`` (mean
        sensitivity), ``macro_f1``, ``macro_auc``, ``share_of_chance`` (the accuracy of
        naming the most frequent class each time) and, by class against the others,
        ``sensitivity``, ``specificity``, ``ppv``, ``npv`` (predictive values), ``auc``
        and ``average_precision`` (area under the precision-recall curve). ``class`` is
        empty for all classes. ``value``, ``low`` and ``high`` are from 0 to 1.
        ``seed_sd``: the SD over seeds; NaN of one. ``groups``: the independent groups
        that the score rests on. ``note``: why a number or an interval is missing, which
        is NaN then; and, of areas, which
        folds have ``constant probabilities``. A predictive value of a class that is
        never predicted is missing here; the 0 of ``score_predictions`` would have no
        interval.

    Raises:
        DetlError: A label or a prediction is no class, or a probability is not a
            number between 0 and 1.
    """
    whole = DrawnPredictions.read(pooled, seed)
    rows = list(_describe(whole, ALL))
    for fold in pooled["fold"].unique():
        in_fold = (pooled["fold"] == fold).to_numpy()
        rows += _describe(DrawnPredictions.read(pooled[in_fold], seed), fold)
    rows += _describe_mean(whole)
    return pd.DataFrame(rows, columns=COLUMNS)


def measure_main_scores(pooled: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the rows of ``measure_scores`` that compare networks, in a third the time.

    They are the accuracy of the pooled images, and the areas that are means over folds.

    Args:
        pooled: As for ``measure_scores``.
        seed: Seed of the draws.
    """
    whole = DrawnPredictions.read(pooled, seed)
    rows = [_describe_accuracy(whole, ALL), *_describe_mean(whole)]
    return pd.DataFrame(rows, columns=COLUMNS)


def name_pooled_scores(scores: pd.DataFrame) -> dict[str, float]:
    """Return the scores over all folds by the names that those of a fold have.

    Args:
        scores: Result of ``measure_scores``.

    Returns:
        ``<score>`` or ``<score>_<class>`` of the ``OF_FOLDS``, of the pooled images; an
        area under the ROC curve is the mean over the folds. Each also with ``_low`` and
        ``_high``. What has no number, or no interval, is left out.
    """
    is_area = scores["score"].isin(AREAS)
    quoted = scores[
        scores["fold"].eq(MEAN).where(is_area, scores["fold"].eq(ALL))
        & scores["score"].isin(OF_FOLDS)
        & scores["value"].notna()
    ]
    named: dict[str, float] = {}
    for _, row in quoted.iterrows():
        name = "_".join(part for part in (row["score"], row["class"]) if part)
        named[name] = float(row["value"])
        if np.isfinite(row["low"]):
            named |= {f"{name}_{end}": float(row[end]) for end in ("low", "high")}
    return named


def _describe_accuracy(sample: DrawnPredictions, fold: str) -> dict[str, Any]:
    right = np.trace(sample.counts, axis1=2, axis2=3)
    images = sample.counts.sum(axis=(2, 3))
    measured = measure_draws(right / images, sample.groups, kind="share")
    return _row(fold, "accuracy", "", measured)


def _describe(sample: DrawnPredictions, fold: str) -> Iterator[dict[str, Any]]:
    yield _describe_accuracy(sample, fold)
    # The same for all seeds: no network is needed for it.
    matrices = sample.counts[:, 0]
    most = np.bincount(sample.label).argmax()
    chance = matrices[:, most].sum(axis=1) / matrices.sum(axis=(1, 2))
    measured = measure_draws(chance, sample.groups, kind="share")
    yield _row(fold, "share_of_chance", "", measured)
    for score, values in _average_classes(sample).items():
        measured = _measure_average(sample, values)
        if score in AREAS:
            measured = _name_constant(sample, measured, PROBABILITIES)
        yield _row(fold, score, "", measured)
    for position, label in enumerate(DATA_B_CLASSES):
        for score, measured in _measure_shares(sample, position):
            yield _row(fold, score, label, measured)
        for curve, score in enumerate(RANKINGS):
            values = sample.rankings[:, :, position, curve]
            measured = _measure_area(sample, position, values)
            yield _row(fold, score, label, measured)


def _describe_mean(sample: DrawnPredictions) -> Iterator[dict[str, Any]]:
    folds = sample.folds
    parts = {fold: sample.take(folds == fold) for fold in pd.unique(folds)}
    areas = np.mean([part.rankings[..., 0] for part in parts.values()], axis=0)
    lacking = {
        label: f"no image of {label} in {fold}"
        for fold, part in reversed(parts.items())
        for label in part.absent()
    }
    macro = _measure_average(sample, areas.mean(axis=2))
    macro = _name_constant(sample, macro, PROBABILITIES)
    if lacking:
        macro = Measurement.missing(macro.groups, next(iter(lacking.values())))
    yield _row(MEAN, "macro_auc", "", macro)
    for position, label in enumerate(DATA_B_CLASSES):
        measured = _measure_area(sample, position, areas[:, :, position])
        if label in lacking:
            measured = Measurement.missing(measured.groups, lacking[label])
        yield _row(MEAN, "auc", label, measured)


def _average_classes(sample: DrawnPredictions) -> dict[str, np.ndarray]:
    right = np.diagonal(sample.counts, axis1=2, axis2=3)
    labelled, predicted = sample.counts.sum(axis=3), sample.counts.sum(axis=2)
    return {
        "balanced_accuracy": divide(right, labelled).mean(axis=2),
        "macro_f1": divide(2 * right, labelled + predicted).mean(axis=2),
        "macro_auc": sample.rankings[..., 0].mean(axis=2),
    }


def _measure_average(sample: DrawnPredictions, values: np.ndarray) -> Measurement:
    for label in sample.absent():
        return Measurement.missing(0, f"no image of {label}")
    fewest = min(
        len(set(scarcer_groups(sample.label == k, sample.groups)))
        for k in range(len(DATA_B_CLASSES))
    )
    if fewest < FEWEST_GROUPS:
        return Measurement.missing(fewest, f"not enough data (n = {fewest})")
    return measure_draws(values, sample.groups, kind="score")


def _measure_shares(
    sample: DrawnPredictions, position: int
) -> Iterator[tuple[str, Measurement]]:
    no_image = f"no image of {DATA_B_CLASSES[position]}"
    matrices = sample.counts
    images = matrices.sum(axis=(2, 3))
    labelled = matrices[:, :, position].sum(axis=2)
    predicted = matrices[:, :, :, position].sum(axis=2)
    hits = matrices[:, :, position, position]
    rejected = images - labelled - predicted + hits
    is_class = (sample.label == position)[:, np.newaxis]
    is_named = sample.predicted == position
    for score, share, of_whole, asked, lacking in (
        ("sensitivity", hits, labelled, is_class, no_image),
        ("specificity", rejected, images - labelled, ~is_class, NO_OTHER),
        ("ppv", hits, predicted, is_named, "never predicted"),
        ("npv", rejected, images - predicted, ~is_named, "always predicted"),
    ):
        if asked.any(axis=0).all():
            groups = sample.groups[asked.any(axis=1)]
            values = divide(share, of_whole)
            yield score, measure_draws(values, groups, kind="share")
        else:
            of_some = " by a seed's networks" if asked.any() else ""
            yield score, Measurement.missing(0, f"{lacking}{of_some}")


def _measure_area(
    sample: DrawnPredictions, position: int, values: np.ndarray
) -> Measurement:
    is_class = sample.label == position
    if not is_class.any():
        return Measurement.missing(0, f"no image of {DATA_B_CLASSES[position]}")
    if is_class.all():
        return Measurement.missing(0, NO_OTHER)
    scarcer = scarcer_groups(is_class, sample.groups)
    measured = measure_draws(values, scarcer, kind="score")
    return _name_constant(sample, measured, [PROBABILITIES[position]])


def _name_constant(
    sample: DrawnPredictions, measured: Measurement, columns: Sequence[str]
) -> Measurement:
    """Return a measured area with a note on folds where there is nothing to rank."""
    if measured.is_missing:
        return measured
    note = join_notes(sample.name_constant(columns), measured.note)
    return replace(measured, note=note)


def _row(fold: str, score: str, label: str, measured: Measurement) -> dict[str, Any]:
    row = {"fold": fold, "score": score, "class": label}
    return row | {
        "value": measured.value,
        "low": measured.low,
        "high": measured.high,
        "seed_sd": measured.seed_sd,
        "groups": measured.groups,
        "note": measured.note,
    }
