"""Leave one source out: what a network says of images from elsewhere."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from detl.errors import DetlError
from detl.schemas.classes import DATA_B_CLASSES
from detl.splitting.stratified_parts import draw_part
from detl.statistics.areas import measure_area
from detl.statistics.bootstrap import FEWEST_GROUPS, draw_weights, name_columns
from detl.statistics.notes import join_notes
from detl.statistics.rates import measure_share

TrainAndPredict = Callable[[np.ndarray, np.ndarray | None, np.ndarray], np.ndarray]
"""From positions in Data-B to train on, to choose the epoch on (None where none is
chosen), and to test, to what the network of each seed says of the last ones,
probabilities (n, seeds, 4)."""

IDENTIFIABLE_COLUMNS = [
    "class",
    "images",
    "sources",
    "identifiable",
    "reason",
]
"""What ``list_identifiable`` says of a class."""

SCORES = ("sensitivity", "specificity", "auc")
COLUMNS = [
    "class",
    "source",
    "images",
    "other_images",
    *(column for score in SCORES for column in name_columns(score)),
    "note",
]
"""What ``score_sources_out`` says of a class in a source."""


@dataclass(frozen=True)
class SourcePlan:
    """A source that is tested by a network that has not been trained on it.

    Attributes:
        source: The source.
        train: Positions in Data-B of the images to train on, all from other sources.
        validation: Positions of those to choose the epoch on, from other sources too;
            None where none is chosen.
        test: Positions of all images of the source.
    """

    source: str
    train: np.ndarray
    validation: np.ndarray | None
    test: np.ndarray


def list_identifiable(data_b: pd.DataFrame, images: pd.DataFrame) -> pd.DataFrame:
    """Return of each class whether another source can tell what a network knows of it.

    A class is identifiable where it can be told from the rest within a source that was
    not trained on: this source and, without its patients, the others together hold
    images of the class and of another, of enough patients to train on.

    Args:
        images: Table ``images``, which knows the sources.

    Returns:
        A row per class: ``images``; ``sources``, with their numbers of images;
        ``identifiable``; and ``reason``, why not, in a sentence.
    """
    located = _locate(data_b, images)
    rows = []
    for label in DATA_B_CLASSES:
        found = located.loc[located["label"] == label, "source"].value_counts()
        reasons = {source: _explain(located, label, source) for source in found.index}
        identifiable = "" in reasons.values()
        rows.append(
            {
                "class": label,
                "images": int(found.sum()),
                "sources": ", ".join(f"{name} {n}" for name, n in found.items()),
                "identifiable": identifiable,
                "reason": ""
                if identifiable
                else join_notes(*reasons.values()) or f"there is no image of {label}",
            }
        )
    return pd.DataFrame(rows, columns=IDENTIFIABLE_COLUMNS)


def plan_sources(
    data_b: pd.DataFrame,
    images: pd.DataFrame,
    validation_share: float | None,
    seed: int,
) -> list[SourcePlan]:
    """Return what to train on and to test for each source that identifies a class.

    Groups of patients that also have images in the held-out source are not trained on.
    The inner validation part is one of ``round(1 / validation_share)`` parts of the
    other groups, whole and stratified; classes of fewer groups stay in the training
    part.

    Args:
        validation_share: Share of the inner validation part, above 0, at most 0.5; None
            where there is none.
        seed: Seed of the shuffle.

    Returns:
        A plan per source, in the order of their names; none where no class is
        identifiable.
    """
    located = _locate(data_b, images)
    plans = []
    for source in sorted(located["source"].unique()):
        if not any(not _explain(located, c, source) for c in DATA_B_CLASSES):
            continue
        outside = np.flatnonzero(_is_outside(located, source))
        test = np.flatnonzero(located["source"] == source)
        if validation_share is None:
            plans.append(SourcePlan(source, outside, None, test))
            continue
        is_inner = _choose_validation(located.iloc[outside], validation_share, seed)
        plans.append(SourcePlan(source, outside[~is_inner], outside[is_inner], test))
    return plans


def score_sources_out(
    data_b: pd.DataFrame,
    images: pd.DataFrame,
    plans: Sequence[SourcePlan],
    train_and_predict: TrainAndPredict,
    seed: int,
) -> pd.DataFrame:
    """Return how well each class is told from the rest in sources not trained on.

    What was learned before, such as the frozen trunk on Data-A, may know the source.
    Scores are means over seeds, and of several seeds the intervals are over patients
    and trainings.

    Args:
        plans: Result of ``plan_sources``.
        train_and_predict: Trains on a plan's train and validation parts, and returns
            the class probabilities of its test part, (n, seeds, 4).
        seed: Seed of the draws of patients.

    Returns:
        A row per source and class. ``images`` of the class in the source, and
        ``other_images``; ``sensitivity``, ``specificity`` and ``auc`` of the class
        against the rest within the source, each with its 95 % interval (``_low``,
        ``_high``); ``note``: why there is no number, which is NaN then, such as ``not
        identifiable`` with the reason.

    Raises:
        DetlError: The probabilities do not fit the test part, or are no numbers.
    """
    located = _locate(data_b, images)
    probabilities = {}
    for plan in plans:
        found = train_and_predict(plan.train, plan.validation, plan.test)
        _require_probabilities(found, plan)
        probabilities[plan.source] = found
    rows = []
    for source in sorted(located["source"].unique()):
        own = located[located["source"] == source]
        for position, label in enumerate(DATA_B_CLASSES):
            is_class = (own["label"] == label).to_numpy()
            row: dict[str, Any] = {
                "class": label,
                "source": source,
                "images": int(is_class.sum()),
                "other_images": int((~is_class).sum()),
            }
            reason = _explain(located, label, source)
            if not reason and source not in probabilities:
                reason = "no network was trained without this source"
            if reason:
                rows.append(row | {"note": f"not identifiable: {reason}"})
                continue
            groups = own["group"].to_numpy()
            rows.append(
                row | _score(probabilities[source], position, is_class, groups, seed)
            )
    return pd.DataFrame(rows, columns=COLUMNS)


def _locate(data_b: pd.DataFrame, images: pd.DataFrame) -> pd.DataFrame:
    """Return label, group and source of each image of Data-B."""
    sources = images.set_index("image_id")["source"][data_b["image_id"]]
    located = data_b[["label", "group"]].assign(source=sources.to_numpy())
    return located.reset_index(drop=True)


def _is_outside(located: pd.DataFrame, source: str) -> pd.Series:
    """Return which images are of patients who have none in a source."""
    inside = located.loc[located["source"] == source, "group"]
    return ~located["group"].isin(inside)


def _explain(located: pd.DataFrame, label: str, source: str) -> str:
    """Return why a class cannot be tested in a source; nothing where it can."""
    is_class, is_inside = located["label"] == label, located["source"] == source
    own = int((is_class & is_inside).sum())
    if not own:
        return f"{source} has no image of {label}"
    is_alone = not (~is_class & is_inside).any()
    if own == is_class.sum():
        if is_alone:
            return (
                f"all {own} images of {label} are from {source}, which has no image of "
                "another class: disease and source cannot be told apart"
            )
        return (
            f"all {own} images of {label} are from {source}: without it there is none "
            "to train on"
        )
    if is_alone:
        return f"{source} has no image of another class than {label}"
    outside = located[_is_outside(located, source)]
    of_class = outside["label"] == label
    for name, chosen in ((label, of_class), ("another class", ~of_class)):
        groups = outside.loc[chosen, "group"].nunique()
        if groups < FEWEST_GROUPS:
            return (
                f"without {source} there are images of {name} from {groups} groups of "
                f"patients to train on, and {FEWEST_GROUPS} are needed"
            )
    return ""


def _choose_validation(
    located: pd.DataFrame, validation_share: float, seed: int
) -> np.ndarray:
    """Return which images are the inner validation part, (n,), bool."""
    groups = located.groupby("label")["group"].nunique()
    # So many that at least two classes have a group for each.
    parts = min(round(1 / validation_share), int(groups.nlargest(2).min()))
    common = located[located["label"].isin(groups.index[groups >= parts])]
    rng = np.random.default_rng(seed)
    chosen = draw_part(common["label"], common["group"], parts, rng)
    return located["group"].isin(common["group"].iloc[chosen]).to_numpy()


def _require_probabilities(found: np.ndarray, plan: SourcePlan) -> None:
    images, classes = len(plan.test), len(DATA_B_CLASSES)
    fits = np.ndim(found) == 3 and (found.shape[0], found.shape[2]) == (images, classes)
    if not fits or not np.isfinite(found).all():
        raise DetlError(
            f"Without {plan.source} came probabilities of shape {np.shape(found)}, "
            f"expected are finite numbers of {images} images, each seed and {classes} "
            "classes: correct what trains and predicts, or lower the learning rate."
        )


def _score(
    probabilities: np.ndarray,
    position: int,
    is_class: np.ndarray,
    groups: np.ndarray,
    seed: int,
) -> dict[str, Any]:
    """Return sensitivity, specificity and AUC of a class within a source."""
    weights = draw_weights(groups, seed)
    called = probabilities.argmax(axis=2) == position
    measured = (
        measure_share(called, is_class, weights, groups),
        measure_share(~called, ~is_class, weights, groups),
        measure_area(is_class, probabilities[:, :, position], weights, groups),
    )
    row: dict[str, Any] = {}
    for name, found in zip(SCORES, measured, strict=True):
        row |= found.as_columns(name)
    notes = [f"{n}: {m.note}" for n, m in zip(SCORES, measured, strict=True) if m.note]
    return row | {"note": join_notes(*notes)}
