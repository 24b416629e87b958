"""The shortcut report card: what is reached without looking at the lungs."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from detl.evaluation.predictions import tell_right
from detl.evaluation.scores import ALL, MEAN, measure_main_scores
from detl.schemas.classes import DATA_B_CLASSES
from detl.statistics.bootstrap import (
    Measurement,
    draw_statistic,
    draw_weights,
    name_columns,
)
from detl.statistics.notes import join_notes
from detl.statistics.rates import measure_share
from detl.statistics.ratios import measure_ratio

WHOLE = "whole image"
WITHOUT_LUNGS = "centre greyed out"
CUE_INPUTS = {
    "border": "border alone",
    "thumbnail": "16 x 16 thumbnail",
    "metadata": "metadata alone",
    "source": "source alone",
}
"""What the card calls the input of a simple model, by the name of its cue."""

INPUTS = (WHOLE, WITHOUT_LUNGS, *CUE_INPUTS.values())
"""The rows of the card."""

COLUMNS = [
    "input",
    *name_columns("accuracy"),
    "accuracy_sd_seeds",
    "chance",
    *name_columns("shortcut_ratio"),
    *(column for label in DATA_B_CLASSES for column in name_columns(f"auc_{label}")),
    "images",
    "groups",
    "note",
]
"""What ``make_shortcut_card`` says of an input."""

NOT_ABOVE_CHANCE = "shortcut ratio not defined: the network is not above chance"
"""A note of the card."""


def make_shortcut_card(
    full: pd.DataFrame,
    given: Mapping[str, pd.DataFrame],
    images: pd.DataFrame,
    seed: int,
) -> pd.DataFrame:
    """Return what each input reaches, compared with the network on whole images.

    The shortcut ratio of an input is (its accuracy - chance) / (accuracy of the network
    on whole images - chance): 1 where nothing is lost without the lungs, 0 where
    nothing is left. Chance is the share of the commonest class. The ratio's 95 %
    interval (``measure_ratio``) is over groups of patients, the same draws for both
    accuracies, and, of several seeds, over the trainings of both; chance is held fixed,
    and draws in which the network is not above it are left out.

    Args:
        full: The folds' predictions of their test parts, pooled, with the column
            ``seed`` where there are several.
        given: By input (``INPUTS``) the same of what looks at it: ``full`` itself, the
            network trained again, or a simple model, which has nothing random in it,
            and no seed.
        images: Table ``images``, which knows the sources.
        seed: Seed of the draws.

    Returns:
        A row per input that is given. ``accuracy`` (pooled) and the AUC
        of each class against the rest (``auc_<class>``, mean of the folds), each the
        mean over seeds with its 95 % interval (``_low``, ``_high``);
        ``accuracy_sd_seeds``, the SD over seeds, NaN of one; ``chance``;
        ``shortcut_ratio`` with its interval; the numbers of ``images`` and ``groups``;
        and ``note``, why a number or an interval is missing, which is NaN then, and
        where probabilities are constant. Of the whole image the ratio is 1.

    Reference:
        Blacked-out lungs: G. Maguolo, L. Nanni, arXiv:2004.12823 (2020).
    """
    chance = float(full["label"].value_counts(normalize=True).max())
    rows = []
    for name, predictions in given.items():
        scores = _describe_scores(predictions, seed)
        ratio = _measure_ratio(full, predictions, chance, seed, name == WHOLE)
        notes = [ratio.note, scores.pop("note")]
        if name == CUE_INPUTS["source"]:
            notes.append(_note_single_source(full, images))
        row = {"input": name, "chance": chance, **scores}
        row |= ratio.as_columns("shortcut_ratio") | {"note": join_notes(*notes)}
        rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def _describe_scores(predictions: pd.DataFrame, seed: int) -> dict[str, Any]:
    found = {
        (row["fold"], row["score"], row["class"]): Measurement(
            *(
                row[part]
                for part in ("value", "low", "high", "groups", "note", "seed_sd")
            )
        )
        for row in measure_main_scores(predictions, seed).to_dict("records")
    }
    accuracy = found[ALL, "accuracy", ""]
    row: dict[str, Any] = accuracy.as_columns("accuracy")
    row["accuracy_sd_seeds"] = accuracy.seed_sd
    of_areas: dict[str, list[str]] = {}
    for label in DATA_B_CLASSES:
        area = found[MEAN, "auc", label]
        row |= area.as_columns(f"auc_{label}")
        if area.note:
            of_areas.setdefault(area.note, []).append(label)
    notes = [accuracy.note]
    notes += [f"AUC of {', '.join(few)}: {note}" for note, few in of_areas.items()]
    return row | {
        "images": predictions["image_id"].nunique(),
        "groups": predictions["group"].nunique(),
        "note": join_notes(*notes),
    }


def _measure_ratio(
    full: pd.DataFrame,
    other: pd.DataFrame,
    chance: float,
    seed: int,
    is_same: bool,
) -> Measurement:
    """Return the shortcut ratio of an input, or why it has none.

    Args:
        is_same: Whether the other is the network itself, with all of its trainings.
    """
    images = full.drop_duplicates("image_id")
    groups = images["group"].to_numpy()
    weights = draw_weights(groups, seed)
    right, right_of_other = (
        tell_right(table, images["image_id"]) for table in (full, other)
    )
    accuracy = measure_share(right, np.full(len(images), True), weights, groups)
    if accuracy.is_missing:
        return accuracy
    if accuracy.low <= chance:
        return Measurement.missing(accuracy.groups, NOT_ABOVE_CHANCE)

    def draw_gains(hits: np.ndarray) -> np.ndarray:
        return draw_statistic(lambda drawn: drawn @ (hits - chance), weights)

    return measure_ratio(draw_gains(right_of_other), draw_gains(right), groups, is_same)


def _note_single_source(full: pd.DataFrame, images: pd.DataFrame) -> str:
    """Return a note where the source is the same of all images, or nothing."""
    sources = images["source"][images["image_id"].isin(full["image_id"])].unique()
    if len(sources) > 1:
        return ""
    return f"one source only: all images are from {', '.join(sources)}"
