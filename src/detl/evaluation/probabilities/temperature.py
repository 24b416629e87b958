"""Temperature scaling: how sure a network may be of what it says."""

import numpy as np
import pandas as pd

from detl.errors import DetlError
from detl.evaluation.predictions import read_probabilities
from detl.schemas.classes import DATA_B_CLASSES, PROBABILITIES, class_indices
from detl.statistics.notes import (
    NO_VALIDATION,
    join_notes,
    name_constant_folds,
)

TEMPERATURES = (0.1, 10.0)
"""Bounds of a temperature: tenfold either way. Networks are found between 1 and 5;
beyond the bounds it is too few images that speak."""

TEMPERATURE_COLUMNS = ["fold", "temperature", "images", "note"]

FEWEST_IMAGES = 20
"""With fewer inner validation images in a part, a note says how many there are."""

_SMALLEST = np.finfo("float64").tiny


def scale_temperature(
    probabilities: np.ndarray, temperature: float | np.ndarray
) -> np.ndarray:
    """Return ``softmax(log(p) / T)``, which changes no argmax.

    The order of the probabilities of an image stays (those that differ by rounding may
    become equal). Probabilities of 0 are taken for the smallest positive float.

    Args:
        probabilities: (n, classes), each row adds up to 1.
        temperature: T, above 0: for all images, or of each, (n,). Above 1 it takes
            confidence away, below 1 it adds some.

    Returns:
        (n, classes), float64; each row adds up to 1.

    Reference:
        C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural
        networks", ICML 2017, section 4.2. The softmax of their logits is the p here.
    """
    from scipy.special import softmax

    of_each = np.broadcast_to(temperature, len(probabilities))[:, np.newaxis]
    return softmax(_logarithms(probabilities) / of_each, axis=1)


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> tuple[float, str]:
    """Return the temperature of least negative log-likelihood, and a note.

    The negative log-likelihood is convex in 1 / T, so that the least one within
    ``TEMPERATURES`` is found.

    Args:
        probabilities: (n, classes), n at least 1; each row adds up to 1.
        labels: Column of the true class, int (n,).

    Returns:
        The temperature, and a note of what to know, or nothing. Where all classes
        have the same probability in every image, no temperature changes anything, and
        it is 1.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    images = len(labels)
    logarithms = _logarithms(probabilities)
    if np.ptp(logarithms, axis=1).max() == 0:
        return 1.0, "every class has the same probability, so that it is left at 1"

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logarithms / np.exp(log_temperature), axis=1)
        return -scaled[np.arange(images), labels].mean()

    bounds = np.log(TEMPERATURES)
    inside = minimize_scalar(loss, bounds=bounds, method="bounded").x
    # The search comes close to its bounds and never tries them.
    best = min((bounds[0], bounds[1], inside), key=loss)
    notes = []
    if (probabilities.argmax(axis=1) == labels).all():
        notes.append(f"all of {images} images are classified correctly")
    if best != inside:
        which = "lower" if best == bounds[0] else "upper"
        notes.append(f"it stopped at its {which} bound")
    if images < FEWEST_IMAGES:
        notes.append(f"it rests on {images} images")
    return float(np.exp(best)), join_notes(*notes)


def fit_temperatures(validated: pd.DataFrame) -> pd.DataFrame:
    """Return the temperature of each fold, fitted on its inner validation part alone.

    Args:
        validated: The folds' predictions of their inner validation parts, pooled; empty
            under ``protocol: paper``, which has none.

    Returns:
        A row per fold: ``fold``, ``temperature``, ``images`` that it was fitted on,
        ``note``. Without inner validation parts there is one row, of no fold and
        without a temperature, and its note says so.

    Raises:
        DetlError: A prediction is unusable.
    """
    if validated.empty:
        rows = [("", np.nan, 0, NO_VALIDATION)]
        return pd.DataFrame(rows, columns=TEMPERATURE_COLUMNS)
    rows = []
    for fold, part in validated.groupby("fold"):
        labels = class_indices(part["label"])
        temperature, note = fit_temperature(read_probabilities(part), labels)
        missing = [c for c in DATA_B_CLASSES if not (part["label"] == c).any()]
        lacking = f"no image of {', '.join(missing)}" if missing else ""
        notes = join_notes(note, name_constant_folds(part, "inner validation"), lacking)
        rows.append((str(fold), temperature, len(part), notes))
    return pd.DataFrame(rows, columns=TEMPERATURE_COLUMNS)


def scale_predictions(
    predictions: pd.DataFrame, temperatures: pd.DataFrame
) -> pd.DataFrame:
    """Return pooled predictions, each fold's probabilities at its own temperature.

    Args:
        predictions: The folds' predictions, pooled, of their test or of their inner
            validation parts.
        temperatures: What ``fit_temperatures`` returns.

    Returns:
        The same table, with other probabilities; no row where there is no temperature
        (``protocol: paper``).

    Raises:
        DetlError: A fold has no inner validation part while others have one, or a
            prediction is unusable.
    """
    of_fold = temperatures.set_index("fold")["temperature"].dropna()
    if of_fold.empty:
        return predictions.iloc[:0]
    for fold in predictions["fold"].unique():
        if fold not in of_fold.index:
            raise DetlError(
                f"Fold {fold} has no inner validation images while "
                f"{', '.join(of_fold.index)} have some, and every fold needs them "
                "to be calibrated: run its cross-validation again."
            )
    of_image = predictions["fold"].map(of_fold).to_numpy("float64")
    scaled = scale_temperature(read_probabilities(predictions), of_image)
    return predictions.assign(**dict(zip(PROBABILITIES, scaled.T, strict=True)))


def _logarithms(probabilities: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(probabilities, _SMALLEST))
