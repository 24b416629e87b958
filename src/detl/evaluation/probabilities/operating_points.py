"""How thresholds that were chosen on other images do on a fold's test part."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from detl.evaluation.probabilities.thresholds import (
    SENSITIVITY_TARGET,
    SPECIFICITY_TARGET,
    TARGET,
    choose_thresholds,
)
from detl.schemas.classes import DATA_B_CLASSES
from detl.statistics.bootstrap import Measurement, draw_weights
from detl.statistics.notes import (
    NO_VALIDATION,
    join_notes,
    name_constant_folds,
    name_folds_without,
)
from detl.statistics.rates import Formula, Rates

ARGMAX = "largest probability"
"""The rule that calls an image positive where the class is the predicted one."""

FEWEST_IMAGES = round(1 / (1 - TARGET))
"""With fewer images, 95 % would allow less than one error."""

COLUMNS = [
    "class",
    "target",
    "quantity",
    "value",
    "low",
    "high",
    "groups",
    "validation_images",
    "note",
]
"""What ``measure_operating_points`` says."""

VALUE_COLUMNS = [
    "class",
    "operating_point",
    "prevalence",
    "quantity",
    "value",
    "low",
    "high",
    "groups",
    "note",
]
"""What ``measure_predictive_values`` says."""


@dataclass(frozen=True)
class _Point:
    """A rule of use for one class.

    Attributes:
        label: The class.
        name: Its target, or ``ARGMAX``.
        rates: How often it is right.
        validation_images: Fewest images, over the folds, that its threshold rests on.
        note: What to know of it.
    """

    label: str
    name: str
    rates: Rates
    validation_images: int = 0
    note: str = ""


def measure_operating_points(
    tested: pd.DataFrame, scaled: pd.DataFrame, validated: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """Return what is reached on the test parts with thresholds frozen before.

    Each class is told from the rest by its temperature-scaled probability. A fold's
    threshold is that of ``choose_thresholds`` for the fold's validated predictions. It
    is applied to its test part, and the test parts of all folds are taken together. So
    the target may be missed: by chance, where few images fix the threshold; and on
    average by a little. The threshold that just meets it on m images leaves
    (1 + 0.05 m) / (m + 1) of others on the wrong side, and an inner validation part
    may have chosen the epoch too.

    Args:
        tested: The folds' predictions of their test parts, pooled.
        scaled: The same, temperature scaled; empty under ``protocol: paper``.
        validated: What the thresholds are chosen on, as for ``choose_thresholds``.
        seed: Seed of the draws of patients.

    Returns:
        ``class``, ``target`` ("specificity 95 %", "sensitivity 95 %"), ``quantity``
        ("sensitivity", "specificity"), ``value``, its 95 % interval ``low`` to
        ``high``, ``groups`` that it rests on, ``validation_images`` (the fewest, over
        the folds, that a threshold rests on: negative ones for a specificity, positive
        ones for a sensitivity) and ``note``.
    """
    rows = []
    for point in _list_points(tested, scaled, validated, seed):
        for quantity in ("sensitivity", "specificity"):
            found: Measurement = getattr(point.rates, quantity)
            name = (point.label, point.name, quantity)
            ends = (found.value, found.low, found.high, found.groups)
            note = join_notes(found.note, point.note)
            rows.append((*name, *ends, point.validation_images, note))
    return pd.DataFrame(rows, columns=COLUMNS)


def measure_predictive_values(
    tested: pd.DataFrame,
    scaled: pd.DataFrame,
    validated: pd.DataFrame,
    prevalences: Sequence[float],
    seed: int,
) -> pd.DataFrame:
    """Return the predictive values at each operating point, by prevalence.

    They follow from sensitivity and specificity by Bayes' rule. The counts of the test
    images would not do, because the study has chosen their prevalence. The values hold
    as far as sensitivity and specificity are the same at another prevalence.

    Args:
        tested: As for ``measure_operating_points``.
        scaled: As for ``measure_operating_points``.
        validated: As for ``measure_operating_points``.
        prevalences: Shares of the class among those examined, between 0 and 1.
        seed: Seed of the draws of patients.

    Returns:
        ``class``, ``operating_point`` (a target, or "largest probability": the
        predicted class), ``prevalence``, ``quantity`` ("positive predictive value",
        "negative predictive value"), ``value``, its 95 % interval ``low`` to ``high``,
        ``groups`` (the fewer of those with, and those without an image of the class),
        ``note``.

    Reference:
        D. G. Altman, J. M. Bland, "Diagnostic tests 2: predictive values", BMJ 309
        (1994), 102.
    """
    points = [
        *_list_points(tested, scaled, validated, seed),
        *_list_argmax(tested, seed),
    ]
    rows = []
    for point in sorted(points, key=lambda point: DATA_B_CLASSES.index(point.label)):
        for prevalence in prevalences:
            for quantity, formula in predictive_values_at(prevalence).items():
                found = point.rates.measure(formula)
                ends = (found.value, found.low, found.high, found.groups)
                note = join_notes(found.note, point.note)
                name = (point.label, point.name, prevalence, quantity)
                rows.append((*name, *ends, note))
    return pd.DataFrame(rows, columns=VALUE_COLUMNS)


def predictive_values_at(prevalence: float) -> dict[str, Formula]:
    """Return the formulas of both predictive values, by name.

    Args:
        prevalence: Share of the class among those examined, between 0 and 1.
    """

    def positive(sensitivity: float, specificity: float) -> float:
        right = sensitivity * prevalence
        called = right + (1 - specificity) * (1 - prevalence)
        return right / called if called else np.nan

    def negative(sensitivity: float, specificity: float) -> float:
        right = specificity * (1 - prevalence)
        called = right + (1 - sensitivity) * prevalence
        return right / called if called else np.nan

    return {
        "positive predictive value": positive,
        "negative predictive value": negative,
    }


def _list_points(
    tested: pd.DataFrame, scaled: pd.DataFrame, validated: pd.DataFrame, seed: int
) -> Iterator[_Point]:
    """Yield the operating points of each class, in the order of the classes."""
    groups = tested["group"].to_numpy()
    weights = draw_weights(groups, seed)
    thresholds = choose_thresholds(validated)
    for label in DATA_B_CLASSES:
        positive = (tested["label"] == label).to_numpy()
        for target in (SPECIFICITY_TARGET, SENSITIVITY_TARGET):
            is_one = (thresholds["class"] == label) & (thresholds["target"] == target)
            chosen = thresholds[is_one]
            reason = _explain_missing(chosen, label)
            if reason:
                yield _Point(label, target, Rates.missing(positive, groups, reason))
                continue
            frozen = tested["fold"].map(chosen.set_index("fold")["threshold"])
            called = (scaled[f"p_{label}"] >= frozen).to_numpy()
            images = int(chosen["images"].min())
            note = join_notes(
                _describe_threshold(images),
                _describe_calls(called),
                name_constant_folds(validated, "inner validation"),
                name_folds_without(tested, label, "test"),
            )
            rates = Rates.of(called, positive, weights, groups)
            yield _Point(label, target, rates, images, note)


def _list_argmax(tested: pd.DataFrame, seed: int) -> Iterator[_Point]:
    """Yield the rule that needs no threshold, for each class."""
    groups = tested["group"].to_numpy()
    weights = draw_weights(groups, seed)
    for label in DATA_B_CLASSES:
        called = (tested["predicted"] == label).to_numpy()
        positive = (tested["label"] == label).to_numpy()
        note = join_notes(
            _describe_calls(called), name_folds_without(tested, label, "test")
        )
        rates = Rates.of(called, positive, weights, groups)
        yield _Point(label, ARGMAX, rates, note=note)


def _explain_missing(chosen: pd.DataFrame, label: str) -> str:
    """Return why thresholds could not be chosen; nothing where they were."""
    if chosen.empty:
        return NO_VALIDATION
    folds = list(chosen["fold"][chosen["images"] == 0])
    if not folds:
        return ""
    kind = "other than" if chosen["target"].iloc[0] == SPECIFICITY_TARGET else "of"
    where = ", ".join(folds)
    return f"not computed: no inner validation image {kind} {label} in {where}"


def _describe_threshold(images: int) -> str:
    """Return a note where the target cannot be told from what lies next to it."""
    if images >= FEWEST_IMAGES:
        return ""
    next_best = 100 * (images - 1) / images
    plural = "" if images == 1 else "s"
    return (
        f"the threshold rests on {images} image{plural}, which cannot tell "
        f"{100 * TARGET:.0f} % from {next_best:.3g} %"
    )


def _describe_calls(called: np.ndarray) -> str:
    if called.all():
        return "every test image is called positive"
    return "" if called.any() else "no test image is called positive"
