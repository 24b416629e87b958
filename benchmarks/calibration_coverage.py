"""How often the intervals of calibration errors and predictive values hold the truth.

    python benchmarks/calibration_coverage.py

Each line is 300 simulated studies of patients with one to four images each, with
correlated outcomes. It takes 4 minutes on one core. "percentiles" are intervals from
the resamples alone, which the project does not use; they are not judged.

Every other share must lie between 92 and 97 %, within chance, as in
``interval_coverage.py``: with 300 studies it fails below 87.3 %. One kind of interval
is known to fall short: that of the expected calibration error holds the truth in only
88 to 97 % of the studies of 60 patients. It is marked as such and must reach 85 %. The
last line and the exit status say whether all shares are as required.
"""

import sys
from collections import defaultdict

import numpy as np
import pandas as pd
from interval_coverage import HIGHEST, LOWEST, STANDARD_ERRORS, find_failures
from scipy.special import softmax

from detl.evaluation.probabilities.calibration_error import (
    CalibrationError,
    bin_equal_mass,
)
from detl.evaluation.probabilities.net_benefit import net_benefit_at
from detl.evaluation.probabilities.operating_points import predictive_values_at
from detl.statistics.bootstrap import draw_weights, measure_draws
from detl.statistics.rates import Rates

STUDIES = 300
DRAWS = 500
CLASSES = 4
FEW_PATIENTS, MANY_PATIENTS = 60, 250
LEAST_OF_FEW = 0.85
ERROR, FALLS_SHORT = "error", "error (known to fall short)"
NOT_USED = ["error by percentiles", "difference by percentiles"]


def report(
    title: str, intervals: dict[str, list[tuple[float, float, float]]]
) -> pd.DataFrame:
    """Return how often intervals hold the truth, after printing it.

    Args:
        title: The simulated case.
        intervals: Name to low, high and truth of each study with an interval.

    Returns:
        Rows by title and name; columns ``repeats``, studies with an interval, and
        ``coverage``.
    """
    held = {
        (title, name): [low <= truth <= high for low, high, truth in found]
        for name, found in intervals.items()
    }
    table = pd.DataFrame(
        {
            "repeats": {key: len(found) for key, found in held.items()},
            "coverage": {key: np.mean(found) for key, found in held.items()},
        }
    )
    shares = [f"{name} {share:.1%}" for (_, name), share in table["coverage"].items()]
    print(title, *shares, sep="; ", flush=True)
    return table


def draw_images(
    rng: np.random.Generator, patients: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the group of each image, its true logits, and its outcomes."""
    groups = np.repeat(np.arange(patients), rng.integers(1, 5, patients))
    logits = 1.2 * rng.normal(size=(patients, CLASSES))[groups]
    logits += 0.8 * rng.normal(size=logits.shape)
    drawn = rng.random(patients)[groups]
    labels = (softmax(logits, axis=1).cumsum(axis=1) < drawn[:, None]).sum(axis=1)
    return groups, logits, labels.clip(max=CLASSES - 1) == logits.argmax(axis=1)


def cover_calibration(patients: int, before: float, after: float) -> pd.DataFrame:
    """Return the report on probabilities with too large logits, by two factors."""
    _, many, _ = draw_images(np.random.default_rng(9), 40_000)
    chances = softmax(many, axis=1).max(axis=1)
    found = defaultdict(list)
    for study in range(STUDIES):
        rng = np.random.default_rng([patients, study])
        groups, logits, hits = draw_images(rng, patients)
        weights = draw_weights(groups, study, DRAWS)
        errors, truths = [], []
        for factor in (before, after):
            stated = softmax(factor * logits, axis=1).max(axis=1)
            errors.append(CalibrationError.of(stated, hits, weights))
            truths.append(
                _true_error(stated, softmax(factor * many, 1).max(1), chances)
            )
        one, change = (
            errors[1].measure(groups),
            errors[0].measure_change(*errors[1:], groups),
        )
        plain = measure_draws(errors[1].values, groups)
        name = ERROR if patients > FEW_PATIENTS else FALLS_SHORT
        found[name].append((one.low, one.high, truths[1]))
        found["error by percentiles"].append((plain.low, plain.high, truths[1]))
        difference = truths[1] - truths[0]
        plain = measure_draws(errors[1].values - errors[0].values, groups)
        found["difference"].append((change.low, change.high, difference))
        found["difference by percentiles"].append((plain.low, plain.high, difference))
    title = f"{patients} patients, logits times {before:g}, then {after:g}"
    return report(title, found)


def _true_error(stated: np.ndarray, every: np.ndarray, chances: np.ndarray) -> float:
    """Return the error in the bins of a study, computed on all images."""
    of_bin = bin_equal_mass(stated)
    edges = [stated[of_bin == number].max() for number in range(of_bin.max())]
    gaps = np.bincount(np.searchsorted(edges, every), every - chances)
    return float(np.abs(gaps).sum() / len(every))


def cover_rates(
    positives: int, negatives: int, sensitivity: float, specificity: float
) -> pd.DataFrame:
    """Return the report on predictive values and net benefit of such a rule."""
    formulas = {
        f"{name} at {share:g}": formula
        for share in (0.01, 0.2)
        for name, formula in predictive_values_at(share).items()
    }
    formulas["net benefit at 0.1, from 0.1"] = net_benefit_at(0.1, 0.1)
    formulas["net benefit at 0.01, from 0.5"] = net_benefit_at(0.01, 0.5)
    found = defaultdict(list)
    for study in range(STUDIES):
        rng = np.random.default_rng([positives, negatives, study])
        sick = draw_hits(rng, positives, sensitivity)
        well = draw_hits(rng, negatives, specificity)
        groups = np.concatenate([sick[0], well[0] + positives])
        positive = np.arange(len(groups)) < len(sick[0])
        called = np.concatenate([sick[1], ~well[1]])
        weights = draw_weights(groups, study, DRAWS)
        rates = Rates.of(called, positive, weights, groups)
        for name, formula in formulas.items():
            one = rates.measure(formula)
            if not one.is_missing:
                truth = formula(sensitivity, specificity)
                found[name].append((one.low, one.high, truth))
    title = f"{positives} and {negatives} patients, {sensitivity:g} and {specificity:g}"
    return report(title, found)


def draw_hits(
    rng: np.random.Generator, patients: int, rate: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the group of each image, and whether it is right (correlation 0.4)."""
    groups = np.repeat(np.arange(patients), rng.integers(1, 4, patients))
    of_patient = rng.beta(1.5 * rate, 1.5 * (1 - rate), patients)
    return groups, rng.random(len(groups)) < of_patient[groups]


def main() -> int:
    """Print all shares; return 0 if they are as required."""
    parts = [
        cover_calibration(patients, *factors)
        for patients in (FEW_PATIENTS, MANY_PATIENTS)
        for factors in ((2, 1), (1.3, 1), (2, 1.2), (1.5, 0.8), (1, 1.3), (1, 2))
    ]
    parts += [
        cover_rates(*sizes, *rates)
        for sizes in ((20, 60), (40, 150), (200, 400))
        for rates in ((0.7, 0.9), (0.9, 0.98), (0.97, 0.7), (0.3, 0.99))
    ]
    coverage = pd.concat(parts)
    names = coverage.index.get_level_values(1)
    short = coverage.loc[names == FALLS_SHORT, "coverage"]
    print(
        f"\nknown shortfall: with {FEW_PATIENTS} patients the interval of the "
        f"calibration error holds the truth in {short.min():.1%} to {short.max():.1%} "
        f"({LEAST_OF_FEW:.0%} is asked)"
    )
    judged = coverage[~names.isin([FALLS_SHORT, *NOT_USED])]
    outside = judged[~judged["coverage"].between(LOWEST, HIGHEST)]
    failures = find_failures(judged)
    limits = f"outside {LOWEST:.0%} to {HIGHEST:.0%}"
    for (title, name), share in outside["coverage"].items():
        print(f"{limits}: {title}; {name} {share:.1%}")
    holds = failures.empty and short.min() >= LEAST_OF_FEW
    print(
        f"\n{len(outside)} of the other {len(judged)} intervals {limits}, "
        f"{len(failures)} of them by more than {STANDARD_ERRORS} standard errors: "
        f"{'holds' if holds else 'DOES NOT HOLD'}"
    )
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
