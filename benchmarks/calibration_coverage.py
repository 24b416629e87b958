"""How often intervals of calibration errors and of predictive values hold the truth.

    .venv/bin/python benchmarks/calibration_coverage.py

Each line is 300 simulated studies of patients with one to four images each, whose
outcomes go together; 4 minutes on one core. "percentiles" are those of the resamples
alone, which are not used.
"""

from collections import defaultdict

import numpy as np
from scipy.special import softmax

from detl.evaluation.bootstrap import draw_weights, measure_draws
from detl.evaluation.calibration_error import CalibrationError, bin_equal_mass
from detl.evaluation.net_benefit import net_benefit_at
from detl.evaluation.operating_points import predictive_values_at
from detl.evaluation.rates import Rates

STUDIES = 300
DRAWS = 500
CLASSES = 4

Interval = tuple[float, float]


def report(title: str, intervals: dict[str, list[tuple[float, float, float]]]) -> None:
    """Print the share of intervals (low, high, truth) that hold the truth, by name."""
    held = {
        name: np.mean([low <= truth <= high for low, high, truth in found])
        for name, found in intervals.items()
    }
    print(title, *(f"{name} {share:.1%}" for name, share in held.items()), sep="; ")


def draw_images(
    rng: np.random.Generator, patients: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the group of each image, its true logits, and whether they come true."""
    groups = np.repeat(np.arange(patients), rng.integers(1, 5, patients))
    logits = 1.2 * rng.normal(size=(patients, CLASSES))[groups]
    logits += 0.8 * rng.normal(size=logits.shape)
    drawn = rng.random(patients)[groups]
    labels = (softmax(logits, axis=1).cumsum(axis=1) < drawn[:, None]).sum(axis=1)
    return groups, logits, labels.clip(max=CLASSES - 1) == logits.argmax(axis=1)


def cover_calibration(patients: int, before: float, after: float) -> None:
    """Report on errors of probabilities whose logits are too large by two factors."""
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
        found["error"].append((one.low, one.high, truths[1]))
        found["error by percentiles"].append((plain.low, plain.high, truths[1]))
        difference = truths[1] - truths[0]
        plain = measure_draws(errors[1].values - errors[0].values, groups)
        found["difference"].append((change.low, change.high, difference))
        found["difference by percentiles"].append((plain.low, plain.high, difference))
    report(f"{patients} patients, logits times {before:g}, then {after:g}", found)


def _true_error(stated: np.ndarray, every: np.ndarray, chances: np.ndarray) -> float:
    """Return the error in the bins of a study if it had all images."""
    of_bin = bin_equal_mass(stated)
    edges = [stated[of_bin == number].max() for number in range(of_bin.max())]
    gaps = np.bincount(np.searchsorted(edges, every), every - chances)
    return float(np.abs(gaps).sum() / len(every))


def cover_rates(
    positives: int, negatives: int, sensitivity: float, specificity: float
) -> None:
    """Report on predictive values and net benefit of a rule with these rates."""
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
    report(title, found)


def draw_hits(
    rng: np.random.Generator, patients: int, rate: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the group of each image, and whether it is right, correlated by 0.4."""
    groups = np.repeat(np.arange(patients), rng.integers(1, 4, patients))
    of_patient = rng.beta(1.5 * rate, 1.5 * (1 - rate), patients)
    return groups, rng.random(len(groups)) < of_patient[groups]


if __name__ == "__main__":
    for patients in (60, 250):
        for factors in ((2, 1), (1.3, 1), (2, 1.2), (1.5, 0.8), (1, 1.3), (1, 2)):
            cover_calibration(patients, *factors)
    for sizes in ((20, 60), (40, 150), (200, 400)):
        for rates in ((0.7, 0.9), (0.9, 0.98), (0.97, 0.7), (0.3, 0.99)):
            cover_rates(*sizes, *rates)
