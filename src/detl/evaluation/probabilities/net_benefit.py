"""Whether treating by the network does more good than treating all, or none."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from detl.statistics.bootstrap import draw_weights
from detl.statistics.notes import (
    NO_VALIDATION,
    join_notes,
    name_constant_folds,
    name_folds_without,
)
from detl.statistics.rates import Formula, Rates

THRESHOLDS = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2),
    *(0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
)

COLUMNS = [
    "class",
    "prevalence",
    "threshold_probability",
    "net_benefit",
    "treat_all",
    "treat_none",
    "difference",
    "low",
    "high",
    "groups",
    "note",
]
"""What ``measure_net_benefit`` says."""


def measure_net_benefit(
    tested: pd.DataFrame,
    scaled: pd.DataFrame,
    validated: pd.DataFrame,
    prevalences: Sequence[float],
    seed: int,
    label: str = "covid_19",
    thresholds: Sequence[float] = THRESHOLDS,
) -> pd.DataFrame:
    """Return the decision curves of one class against the rest, by prevalence.

    To treat from a probability t on means that one missed case weighs as much as
    (1 - t) / t people treated in vain. The net benefit of a rule at prevalence p is
    ``sensitivity p - (1 - specificity) (1 - p) t / (1 - t)``: cases found per person
    examined, less people treated in vain, counted in cases. To treat all has
    ``p - (1 - p) t / (1 - t)``, to treat none 0.

    The images are drawn by class, as in a case-control study. So their prevalence is
    not that of people examined, and the networks' probabilities are not either. A
    temperature-scaled probability is therefore re-based by Bayes' rule before it is
    compared with t: its odds are multiplied by the odds of p over those of the class's
    share in the fold's inner validation part. That share is about the one of the
    training part, because the split is stratified.

    Args:
        tested: The folds' predictions of their test parts, pooled.
        scaled: The same, temperature scaled; empty under ``protocol: paper``.
        validated: The folds' predictions of their inner validation parts, pooled; empty
            under ``protocol: paper``.
        prevalences: Shares of the class among those examined, between 0 and 1.
        seed: Seed of the draws of patients.
        label: The class.
        thresholds: Threshold probabilities, between 0 and 1.

    Returns:
        ``class``, ``prevalence``, ``threshold_probability``, ``net_benefit``,
        ``treat_all``, ``treat_none``, all per person examined; ``difference`` of the
        net benefit to the better of the two, with its 95 % interval ``low`` to
        ``high``; ``groups`` (the fewer of those with, and those without an image of the
        class), ``note``.

    Reference:
        A. J. Vickers, E. B. Elkin, "Decision curve analysis: a novel method for
        evaluating prediction models", Med. Decis. Making 26 (2006), 565-574.
    """
    groups = tested["group"].to_numpy()
    weights = draw_weights(groups, seed)
    positive = (tested["label"] == label).to_numpy()
    reason = _explain_missing(validated, label)
    if not reason:
        probabilities = scaled[f"p_{label}"].to_numpy()
        of_fold = _share_by_fold(validated, label)
        shares = tested["fold"].map(of_fold).to_numpy("float64")
    note = join_notes(
        name_constant_folds(validated, "inner validation"),
        name_folds_without(tested, label, "test"),
    )
    rows = []
    for prevalence in prevalences:
        for threshold in thresholds:
            if reason:
                rates = Rates.missing(positive, groups, reason)
            else:
                called = probabilities >= _undo_rebasing(threshold, prevalence, shares)
                rates = Rates.of(called, positive, weights, groups)
            formula = net_benefit_at(prevalence, threshold)
            found, treat_all = rates.measure(formula), formula(1, 0)
            ends = np.array([found.value, found.low, found.high]) - max(treat_all, 0)
            name = (label, prevalence, threshold, found.value, treat_all, 0.0)
            rows.append((*name, *ends, found.groups, join_notes(found.note, note)))
    return pd.DataFrame(rows, columns=COLUMNS)


def net_benefit_at(prevalence: float, threshold: float) -> Formula:
    """Return the formula of the net benefit per person examined.

    Args:
        prevalence: Share of the class among those examined, between 0 and 1.
        threshold: Probability from which on one is treated, between 0 and 1.
    """

    def net_benefit(sensitivity: float, specificity: float) -> float:
        in_vain = (1 - specificity) * (1 - prevalence)
        return sensitivity * prevalence - in_vain * _odds(threshold)

    return net_benefit


def _explain_missing(validated: pd.DataFrame, label: str) -> str:
    """Return why probabilities cannot be re-based; nothing where they can."""
    if validated.empty:
        return NO_VALIDATION
    share = _share_by_fold(validated, label)
    for fold in share.index[(share == 0) | (share == 1)]:
        return (
            f"not computed: {share[fold]:.0%} of the inner validation images of {fold} "
            f"are of {label}, so that probabilities cannot be re-based"
        )
    return ""


def _share_by_fold(validated: pd.DataFrame, label: str) -> pd.Series:
    return (validated["label"] == label).groupby(validated["fold"]).mean()


def _undo_rebasing(
    threshold: float, prevalence: float, shares: np.ndarray
) -> np.ndarray:
    """Return the probabilities that re-basing brings to the threshold, (n,).

    The threshold is moved and not the probabilities, because some of these are 1.
    """
    odds = _odds(threshold) / _odds(prevalence) * shares / (1 - shares)
    return odds / (1 + odds)


def _odds(share: float) -> float:
    return share / (1 - share)
