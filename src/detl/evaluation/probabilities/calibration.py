"""Calibration: do nine in ten of the images predicted at 90 % turn out right?"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from detl.evaluation.predictions import read_probabilities
from detl.evaluation.probabilities.calibration_error import (
    BINS,
    CalibrationError,
    MeanLoss,
    bin_equal_mass,
    draw_means,
)
from detl.schemas.classes import DATA_B_CLASSES, class_indices
from detl.statistics.bootstrap import Measurement, draw_weights
from detl.statistics.notes import (
    NO_VALIDATION,
    join_notes,
    name_constant_folds,
    name_folds_without,
)
from detl.statistics.rates import measure_share

AS_THEY_ARE = "as they are"
SCALED = "temperature scaled"
DIFFERENCE = "difference"

CALIBRATION_ERROR = "expected calibration error"
BRIER_SCORE = "Brier score"
LOG_LIKELIHOOD = "negative log-likelihood"

COLUMNS = [
    "quantity",
    "class",
    "probabilities",
    "value",
    "low",
    "high",
    "groups",
    "note",
]
"""What ``measure_calibration`` says."""

RELIABILITY_COLUMNS = [
    "probabilities",
    "bin",
    "lowest",
    "confidence",
    "highest",
    "accuracy",
    "low",
    "high",
    "images",
    "groups",
    "note",
]
"""What ``measure_reliability`` says."""

_SMALLEST = np.finfo("float64").tiny


def measure_calibration(
    tested: pd.DataFrame, scaled: pd.DataFrame, seed: int, bins: int = BINS
) -> pd.DataFrame:
    """Return how well probabilities are calibrated, before and after scaling.

    The temperatures and the bins are fixed from all images: the intervals do not know
    that they, too, would be others with other patients.

    - ``expected calibration error``, 0 to 1. Without a class, of the top label: the
      mean over images of the size of the gap between the mean probability of the
      predicted class and the share classified correctly, in bins of equal mass.
      With a class, one against rest: between its mean probability and its share.
    - ``Brier score``, of all classes: the mean of the summed squares of p - y, 0 to 2
      (twice that of scikit-learn for two classes).
    - ``negative log-likelihood``, 0 or more, natural logarithm.

    The expected calibration error of few images is biased upwards: in each bin chance
    opens a gap of its own, about 0.8 sqrt(p (1 - p) / m) for m independent images in
    it, and its sign is dropped. Calibrated probabilities show one too; the note says
    how large, for as many images of as many patients. The interval allows for it
    (``measure_error``).

    Args:
        tested: The folds' predictions of their test parts, pooled.
        scaled: The same, temperature scaled (``scale_predictions``); empty under
            ``protocol: paper``.
        seed: Seed of the draws of patients.
        bins: The most bins to make.

    Returns:
        ``quantity``, ``class`` (empty for all classes together), ``probabilities``
        ("as they are", "temperature scaled", or "difference": after minus before),
        ``value``, its 95 % interval ``low`` to ``high``, ``groups`` that it rests on
        (for a class, those with an image of it), ``note``.

    Raises:
        DetlError: A prediction is unusable.

    Reference:
        G. W. Brier, "Verification of forecasts expressed in terms of probability",
        Mon. Weather Rev. 78 (1950), 1-3. C. Guo et al., "On calibration of modern
        neural networks", ICML 2017. On bins of equal mass and the bias: R. Roelofs et
        al., "Mitigating bias in calibration error estimation", AISTATS 2022.
    """
    groups = tested["group"].to_numpy()
    weights = draw_weights(groups, seed)
    before = _list_quantities(tested, weights, bins)
    after = {} if scaled.empty else _list_quantities(scaled, weights, bins)
    rows = []
    for (quantity, label), one in before.items():
        of_class = groups[(tested["label"] == label).to_numpy()] if label else groups
        lacking = name_folds_without(tested, label, "test") if label else ""
        other = after.get((quantity, label))
        for name, found, note in _measure_states(one, other, of_class):
            notes = join_notes(note, lacking, name_constant_folds(tested, "test"))
            ends = (found.value, found.low, found.high, found.groups)
            rows.append((quantity, label, name, *ends, notes))
    return pd.DataFrame(rows, columns=COLUMNS)


def measure_reliability(
    tested: pd.DataFrame, scaled: pd.DataFrame, seed: int, bins: int = BINS
) -> pd.DataFrame:
    """Return how often the predicted class is right, by its probability.

    Args:
        tested: As for ``measure_calibration``.
        scaled: As for ``measure_calibration``.
        seed: Seed of the draws of patients.
        bins: The most bins to make.

    Returns:
        A row per bin of equal mass: ``probabilities`` ("as they are", "temperature
        scaled"), ``bin`` from 1, ``lowest``, ``confidence`` and ``highest`` (least,
        mean and largest probability of the predicted class in it), ``accuracy`` and
        its 95 % interval ``low`` to ``high``, ``images``, ``groups``, ``note``. Where
        there is no inner validation part, one row, with a note, is for the scaled ones.

    Raises:
        DetlError: As ``measure_calibration``.
    """
    groups = tested["group"].to_numpy()
    weights = draw_weights(groups, seed)
    rows = list(_describe_bins(tested, AS_THEY_ARE, weights, bins))
    if scaled.empty:
        nothing = dict.fromkeys(RELIABILITY_COLUMNS, np.nan)
        counts = {"bin": 0, "images": 0, "groups": 0}
        rows.append(nothing | counts | {"probabilities": SCALED, "note": NO_VALIDATION})
    else:
        rows += _describe_bins(scaled, SCALED, weights, bins)
    return pd.DataFrame(rows, columns=RELIABILITY_COLUMNS)


def _top_label(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the probability of the predicted class, and whether it is the true one."""
    probabilities = read_probabilities(table)
    is_right = probabilities.argmax(axis=1) == class_indices(table["label"])
    return probabilities.max(axis=1), is_right


def _list_quantities(
    table: pd.DataFrame, weights: np.ndarray, bins: int
) -> dict[tuple[str, str], MeanLoss]:
    """Return what is measured, by quantity and class."""
    probabilities, labels = read_probabilities(table), class_indices(table["label"])
    is_true = labels[:, np.newaxis] == np.arange(len(DATA_B_CLASSES))
    losses = -np.log(np.maximum(probabilities[is_true], _SMALLEST))
    squares = (probabilities - is_true) ** 2
    top_label = CalibrationError.of(*_top_label(table), weights, bins)
    quantities: dict[tuple[str, str], MeanLoss] = {(CALIBRATION_ERROR, ""): top_label}
    for k, label in enumerate(DATA_B_CLASSES):
        error = CalibrationError.of(probabilities[:, k], is_true[:, k], weights, bins)
        quantities[CALIBRATION_ERROR, label] = error
    quantities[BRIER_SCORE, ""] = MeanLoss(draw_means(squares, weights))
    quantities[LOG_LIKELIHOOD, ""] = MeanLoss(draw_means(losses[:, None], weights))
    return quantities


def _describe_bins(
    table: pd.DataFrame, name: str, weights: np.ndarray, bins: int
) -> Iterator[dict[str, object]]:
    """Yield the rows of ``measure_reliability``."""
    groups = table["group"].to_numpy()
    confidences, hits = _top_label(table)
    of_bin = bin_equal_mass(confidences, bins)
    for number in np.unique(of_bin):
        inside = of_bin == number
        found = measure_share(hits, inside, weights, groups)
        yield {
            "probabilities": name,
            "bin": int(number) + 1,
            "lowest": confidences[inside].min(),
            "confidence": confidences[inside].mean(),
            "highest": confidences[inside].max(),
            "accuracy": found.value,
            "low": found.low,
            "high": found.high,
            "images": int(inside.sum()),
            "groups": found.groups,
            "note": found.note,
        }


def _measure_states(
    before: MeanLoss, after: MeanLoss | None, groups: np.ndarray
) -> Iterator[tuple[str, Measurement, str]]:
    """Yield a quantity before and after scaling, and the difference, with notes."""
    found = before.measure(groups)
    yield AS_THEY_ARE, found, found.note or before.describe_chance()
    if after is None:
        missing = Measurement.missing(found.groups, NO_VALIDATION)
        yield SCALED, missing, missing.note
        yield DIFFERENCE, missing, missing.note
        return
    found = after.measure(groups)
    yield SCALED, found, found.note or after.describe_chance()
    found = before.measure_change(after, groups)
    yield DIFFERENCE, found, found.note
