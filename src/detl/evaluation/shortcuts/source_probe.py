"""Whether networks' features tell where an image is from, within one class."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from detl.errors import DetlError
from detl.evaluation.shortcuts.cue_models import build_linear_model
from detl.schemas.classes import DATA_B_CLASSES
from detl.statistics.areas import measure_ranking, scarcer_groups
from detl.statistics.bootstrap import (
    FEWEST_GROUPS,
    Measurement,
    divide,
    draw_weights,
    measure,
    name_columns,
)
from detl.statistics.notes import join_notes

PARTS = 5
"""The most parts of a probe's cross-validation."""

FEWEST_IN_PART = 2
"""There are fewer parts where one would have fewer groups of a source than this."""

COLUMNS = [
    "class",
    "sources",
    "predicted_source",
    "images",
    "groups",
    *name_columns("auc"),
    "note",
]
"""What ``probe_source`` says of a class."""


def probe_source(features: np.ndarray, known: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return how well the source can be told from networks' features, by class.

    Within a class the disease does not differ, so whatever tells the source is a
    shortcut that the network could take. The probe is a logistic regression. Each
    network has its own, cross-validated by group of patients, because features of two
    networks do not compare, and probabilities of two probes do not either. So only
    images of one network and one part are ranked against each other. The AUC is the
    mean over these parts, weighted by their pairs of images. An AUC of 0.5 means that
    no linear model can tell the source; a higher one does not mean that the network's
    decision uses it.

    The interval takes the probes' scores as given, though each group is also in the
    training part of other probes. With one network and 60 groups 93 (noise) and 97 %
    (informative features) of the intervals hold the truth. Of five networks that share
    30 controls they are a little narrow, 93.5 and 90 %, and where each sees but a dozen
    groups a little wide, 97.5 % (``benchmarks/probe_coverage.py``).

    Args:
        features: The input of the last layer (``penultimate_features``) of images that
            the network has not seen, (rows, units).
        known: Of each row ``network``, by which the features are; ``image_id``, which
            several networks may share; ``source``; ``label``, the class of Data-B; and
            ``group`` of patients and copies.
        seed: Seed of the parts and of the draws of the intervals.

    Returns:
        A row per class. ``sources``, with their numbers of images;
        ``predicted_source``, the commonest, which is told from the others; ``images``
        and ``groups``; ``auc`` (ROC) with its 95 % interval over groups (``_low``,
        ``_high``); ``note``, why there is no number, which is NaN then: one source only
        (``not identifiable``), or too few groups of a source; or which networks have
        too few of them to be probed.

    Raises:
        DetlError: A feature is not a number.

    Reference:
        J. R. Zech et al., "Variable generalization performance of a deep learning model
        to detect pneumonia in chest radiographs", PLoS Med. 15 (2018), e1002683, which
        predicts the hospital from such features.
    """
    unusable = ~np.isfinite(features).all(axis=1)
    if unusable.any():
        raise DetlError(
            f"The features of {unusable.sum()} of {len(features)} images are not "
            "numbers, so training diverged: lower the learning rate."
        )
    rows = []
    for label in DATA_B_CLASSES:
        is_class = (known["label"] == label).to_numpy()
        of_class = known[is_class]
        found = of_class.drop_duplicates("image_id")["source"].value_counts()
        row: dict[str, Any] = {
            "class": label,
            "sources": ", ".join(f"{name} {count}" for name, count in found.items()),
            "predicted_source": found.index[0] if len(found) > 1 else "",
            "images": int(found.sum()),
            "groups": of_class["group"].nunique(),
        }
        if len(found) > 1:
            area = _probe(features[is_class], of_class, found.index[0], seed)
        else:
            area = Measurement.missing(0, _explain_missing(found))
        rows.append(row | area.as_columns("auc") | {"note": area.note})
    return pd.DataFrame(rows, columns=COLUMNS)


def _explain_missing(found: pd.Series) -> str:
    if found.empty:
        return "not identifiable: there is no image of this class"
    return f"not identifiable: all images of this class are from {found.index[0]}"


def _probe(
    features: np.ndarray, known: pd.DataFrame, predicted_source: str, seed: int
) -> Measurement:
    """Return the AUC of one source against the others, of the rows of one class."""
    is_positive = (known["source"] == predicted_source).to_numpy()
    groups, network = known["group"].to_numpy(), known["network"].to_numpy()
    scarcer = scarcer_groups(is_positive, groups)
    few = len(set(scarcer))
    if few < FEWEST_GROUPS:
        return Measurement.missing(few, f"not enough data (n = {few})")
    parts, left_out = [], []
    for name in pd.unique(network):
        own = np.flatnonzero(network == name)
        scored = list(_score(features[own], is_positive[own], groups[own], seed))
        parts += [(own[test], scores) for test, scores in scored]
        left_out += [] if scored else [name]

    def rank(drawn: np.ndarray) -> np.ndarray:
        right, pairs = np.zeros(len(drawn)), np.zeros(len(drawn))
        for test, scores in parts:
            weights, positive = drawn[:, test], is_positive[test]
            areas = measure_ranking(weights, positive, scores)[:, 0]
            number = (weights @ positive) * (weights @ ~positive)
            right += np.where(number > 0, areas, 0) * number
            pairs += number
        return divide(right, pairs)

    area = measure(rank, draw_weights(groups, seed), scarcer, kind="score")
    lacking = f"too few groups of a source in {', '.join(left_out)}" if left_out else ""
    return replace(area, note=join_notes(area.note, lacking))


def _score(
    features: np.ndarray, is_positive: np.ndarray, groups: np.ndarray, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the test rows of each part, and their logits by a probe of the others."""
    from sklearn.model_selection import StratifiedGroupKFold

    few = len(set(scarcer_groups(is_positive, groups)))
    if few < 2:
        return
    parts = int(np.clip(few // FEWEST_IN_PART, 2, PARTS))
    splitter = StratifiedGroupKFold(parts, shuffle=True, random_state=seed)
    for train, test in splitter.split(features, is_positive, groups):
        # Where a group has most images of a source, others may be left without.
        if min(len(set(is_positive[rows])) for rows in (train, test)) < 2:
            continue
        model = build_linear_model(features.shape[1])
        model.fit(features[train].astype("float64"), is_positive[train])
        yield test, model.decision_function(features[test].astype("float64"))
