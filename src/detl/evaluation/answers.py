"""What another model says of images, as the tables that networks are judged by."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from detl.errors import DetlError
from detl.evaluation.predictions import read_probabilities
from detl.evaluation.shortcuts.source_probe import probe_source
from detl.schemas.classes import DATA_B_CLASSES, PROBABILITIES
from detl.schemas.tables import tabulate_predictions
from detl.sources.predictions_csv import STAND_IN, Answers
from detl.splitting.stratified_parts import split_units

MODEL = "model"
"""Fold of the answers of a model that was not trained on the images."""

PARTS = 5
"""The most parts of patients in which temperatures, thresholds and cues are fitted."""

FEWEST_IN_CLASS = 2
FEWEST_GROUPS = 10

_SMALLEST = 1e-6


def label_answered(
    images: pd.DataFrame, labels: pd.Series, answers: Answers
) -> tuple[pd.DataFrame, pd.Series]:
    """Return the images whose class the model could name, and why not of the others.

    Args:
        images: Table ``images`` of those with an answer.
        labels: The class of Data-B of each, "" for none.
        answers: Says which classes the model tells apart.

    Returns:
        ``image_id``, ``row``, ``group``, ``finding`` and ``label``; and a reason for
        each image that is left out, by the index of ``images``.

    Raises:
        DetlError: What is left is of one class, or of too few groups of patients.
    """
    joined = labels.where(~labels.isin(answers.joined), STAND_IN)
    is_known = joined.isin(answers.classes)
    reasons = pd.Series(
        np.where(labels == "", "finding of no class", "class without a probability"),
        images.index,
    )[~is_known]
    data_b = images.loc[is_known, ["image_id", "row", "group"]].assign(
        finding=images["findings"], label=joined
    )
    counts = data_b.groupby("label")["group"].nunique()
    few = counts[counts < FEWEST_IN_CLASS]
    groups = data_b["group"].nunique()
    if len(counts) < 2 or len(few) or groups < FEWEST_GROUPS:
        found = ", ".join(f"{label} {number}" for label, number in counts.items())
        raise DetlError(
            f"The {len(data_b)} images that can be judged are of {groups} groups of "
            f"patients (by class: {found or 'none'}), where {FEWEST_GROUPS} were "
            f"expected, {FEWEST_IN_CLASS} in each of two classes or more: name more "
            "images in the csv, or another source."
        )
    return data_b.reset_index(drop=True), reasons


def tabulate_answers(data_b: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the answers as the predictions of one training in one fold.

    Args:
        data_b: The images that are judged.
        rows: ``image_id``, ``p_<class>`` of some classes, and maybe ``threshold``.

    Returns:
        ``fold``, ``seed`` 0, the columns of table ``predictions``, and ``group``. A
        class that has no column has probability 0.
    """
    of_image = rows.set_index("image_id").loc[data_b["image_id"]]
    given = of_image.reindex(columns=PROBABILITIES, fill_value=0.0)
    table = tabulate_predictions(data_b, given.to_numpy("float64"))
    if "threshold" in of_image:
        own = [name for name in PROBABILITIES if name in of_image]
        first, second = (name.removeprefix("p_") for name in own)
        is_named = of_image[own[1]] >= of_image["threshold"]
        table["predicted"] = np.where(is_named, second, first)
    named = table.assign(fold=MODEL, seed=0, group=data_b["group"].to_numpy())
    return named[["fold", "seed", *table.columns, "group"]]


def assign_parts(data_b: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the parts of patients that take turns, as table ``folds`` has them.

    There are five, or as many as the scarcest class has groups of patients. Each part
    is the test part of one fold, whose other images are its training part.

    Args:
        data_b: The images that are judged.
        seed: Of the parts.
    """
    fewest = data_b.groupby("label")["group"].nunique().min()
    parts = int(min(PARTS, fewest))
    tables = []
    splits = split_units(data_b["label"], data_b["group"], parts, seed)
    for number, (_, test) in enumerate(splits, start=1):
        subset = np.full(len(data_b), "train", dtype=object)
        subset[test] = "test"
        names = {"image_id": data_b["image_id"], "fold": f"fold_{number}"}
        tables.append(pd.DataFrame(names | {"subset": subset}))
    return pd.concat(tables, ignore_index=True).astype({"subset": str})


def divide_answers(answered: pd.DataFrame, folds: pd.DataFrame) -> pd.DataFrame:
    """Return the answers with the part of each image in place of its fold.

    Args:
        answered: What ``tabulate_answers`` returns.
        folds: What ``assign_parts`` returns.
    """
    part = folds[folds["subset"] == "test"].set_index("image_id")["fold"]
    return answered.assign(fold=answered["image_id"].map(part)).drop(columns="seed")


def probe_answers(
    answered: pd.DataFrame, images: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """Return how well the source can be told from the answers, within a class.

    Where the errors of the model go with the source, its probabilities tell it.

    Args:
        answered: What ``tabulate_answers`` returns.
        images: Table ``images``, which knows the sources.
        seed: Of the probe's parts, and of the draws.

    Returns:
        As ``probe_source``, whose features are the logarithms of the probabilities.
    """
    sources = answered["image_id"].map(images.set_index("image_id")["source"])
    known = answered.assign(network=MODEL, source=sources)
    logarithms = np.log(np.maximum(read_probabilities(answered), _SMALLEST))
    return probe_source(logarithms, known, seed)


def count_answers(
    answered: pd.DataFrame, images: pd.DataFrame, classes: Sequence[str]
) -> pd.DataFrame:
    """Return how often each class is named, by source and true class.

    Args:
        answered: What ``tabulate_answers`` returns.
        images: Table ``images``, which knows the sources.
        classes: Those that the model tells apart.

    Returns:
        ``source``, ``class``, ``images``, and a column of counts per class.
    """
    sources = answered["image_id"].map(images.set_index("image_id")["source"])
    table = answered.assign(source=sources)
    rows: list[Mapping[str, object]] = []
    for source, of_source in table.groupby("source"):
        for label in DATA_B_CLASSES:
            named = of_source.loc[of_source["label"] == label, "predicted"]
            if len(named):
                row = {"source": source, "class": label, "images": len(named)}
                rows.append({**row, **{c: int((named == c).sum()) for c in classes}})
    return pd.DataFrame(rows, columns=["source", "class", "images", *classes])
