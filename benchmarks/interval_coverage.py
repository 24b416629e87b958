"""How often the 95 % intervals hold the truth, on simulated patients.

    python benchmarks/interval_coverage.py [--repeats 1000] [--processes 2] [--seed 0]

Patients with one to seven images and a class are drawn, and the errors of two networks,
which the images of a patient and the two networks share in part. The truth is the
result of a network on very many images. Then as many images as in a cross-validation
are drawn repeatedly, the pipeline makes its tables from them, and the script counts how
often an interval holds the truth. Intervals that exist in fewer than half of the
repeats are not shown, such as that of women with one class, since a sample seldom has
30 of them.

Every share must lie between 92 and 97 %, within chance: it fails if it is beyond a
limit by more than three binomial standard errors of a share at that limit. With 1,000
repeats it fails below 89.4 and above 98.6 %; of a hundred shares at a limit, one is
beyond it in one run of five. With 300 repeats it only fails below 87.3 %. Failing
intervals are printed below the table of their size. The last line says how many there
are, and how many shares are outside 92 to 97 % at all. The exit status is 0 if none
fails.

There are three sizes: that of the paper (1,277 images), with a network as good as the
paper's best; 600 images of 500 patients, as in the reduced environment; and 264 images
of 204 patients, as in the sample of 2026-11-27, each with networks as good as there.
"""

import argparse
import gc
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.special import softmax
from sklearn.metrics import average_precision_score

from detl.evaluation.metrics import confusion_matrix, score_predictions
from detl.evaluation.paired_tests import compare_architectures
from detl.evaluation.scores import ALL, MEAN, measure_scores
from detl.evaluation.subgroups import measure_subgroups
from detl.schemas.classes import DATA_B_CLASSES, PROBABILITIES

LOWEST, HIGHEST = 0.92, 0.97
STANDARD_ERRORS = 3
FOLDS = 5
TRUTH_GROUPS, TRUTH_PARTS = 200_000, 5

Key = tuple[str, str, str]
"""Of an interval: what it is of (``all``, a test, a subgroup), score and class."""


@dataclass(frozen=True)
class Design:
    """Numbers of images and patients, and how good the networks are.

    Attributes:
        images: Mean number of images.
        groups: Number of patients.
        strength: Class to the offset of the true class's logit, in standard
            deviations of a logit.
        weakness: Amount by which the offset of the second network is smaller.
        gap: Amount by which both offsets are smaller for diseased women.
    """

    images: int
    groups: int
    strength: tuple[float, float, float, float]
    weakness: float = 0.3
    gap: float = 0.4
    shares: tuple[float, ...] = field(default=(0.27, 0.24, 0.25, 0.24))


DESIGNS = {
    "paper": Design(1277, 900, (3.7, 1.9, 2.3, 3.7)),
    "reduced": Design(600, 500, (1.3, 0.5, 1.0, 2.2)),
    "sample": Design(264, 204, (1.6, 0.6, 1.1, 1.9)),
}


@dataclass(frozen=True)
class Simulated:
    """Tables in the form of the pipeline's.

    Attributes:
        pooled: Network to its result of ``pool_predictions``.
        images: Table ``images``, with the columns for ``measure_subgroups``.
        folds: Table ``folds``.
    """

    pooled: dict[str, pd.DataFrame]
    images: pd.DataFrame
    folds: pd.DataFrame


def simulate(design: Design, rng: np.random.Generator, groups: int = 0) -> Simulated:
    """Return predictions of two networks for random patients.

    Args:
        design: Numbers and strengths.
        rng: Source of randomness.
        groups: Number of patients; 0 for that of the design.
    """
    groups = groups or design.groups
    more = design.images / design.groups - 1
    sizes = 1 + np.minimum(rng.negative_binomial(0.5, 0.5 / (0.5 + more), groups), 6)
    group = np.repeat(np.arange(groups), sizes)
    label = rng.choice(len(DATA_B_CLASSES), groups, p=design.shares)[group]
    # Some patients have an image without a finding, or with another one.
    other = rng.random(len(group)) < 0.03
    label[other] = rng.integers(0, len(DATA_B_CLASSES), other.sum())
    is_female = (rng.random(groups) < 0.45)[group]
    image_id = np.char.add("image_", np.arange(len(group)).astype(str))
    fold = np.char.add("fold_", (group % FOLDS + 1).astype(str))
    shared = _draw_noise(rng, group)
    pooled = {}
    for network, weakness in (("first", 0.0), ("second", design.weakness)):
        logits = np.sqrt(0.5) * (shared + _draw_noise(rng, group))
        lift = np.array(design.strength)[label] - weakness
        lift -= design.gap * (is_female & (label != 0))
        logits[np.arange(len(group)), label] += lift
        columns = dict(zip(PROBABILITIES, softmax(logits, 1).T, strict=True))
        named = {"label": np.array(DATA_B_CLASSES)[label]}
        named["predicted"] = np.array(DATA_B_CLASSES)[logits.argmax(axis=1)]
        about = {"fold": fold, "image_id": image_id}
        pooled[network] = pd.DataFrame(about | named | columns | {"group": group})
    sex = np.where(is_female, "F", "M")
    images = pd.DataFrame({"image_id": image_id, "sex": sex, "age": np.nan})
    subset = pd.DataFrame({"subset": ["test"] + ["train"] * (FOLDS - 1)})
    return Simulated(pooled, images.assign(view="PA", source="nih"), subset)


def _draw_noise(rng: np.random.Generator, group: np.ndarray) -> np.ndarray:
    """Return logits of variance 1; images of a patient share 0.45 of it."""
    of_group = rng.normal(size=(group[-1] + 1, len(DATA_B_CLASSES)))[group]
    own = rng.normal(size=(len(group), len(DATA_B_CLASSES)))
    return np.sqrt(0.45) * of_group + np.sqrt(0.55) * own


def find_truth(design: Design, seed: int) -> dict[Key, float]:
    """Return the true values of all intervals, from very many images."""
    rng = np.random.default_rng(seed)
    parts = []
    for _ in range(TRUTH_PARTS):
        drawn = simulate(design, rng, TRUTH_GROUPS)
        first, second = (_score(table) for table in drawn.pooled.values())
        part = {(of, *key): first[key] for of in (ALL, MEAN) for key in first}
        difference = {key: first[key] - second[key] for key in first}
        part["two_way", "accuracy", ""] = difference["accuracy", ""]
        part["delong", "macro_auc", ""] = difference["macro_auc", ""]
        part |= {("delong", "auc", c): difference["auc", c] for c in DATA_B_CLASSES}
        part |= _score_women(drawn)
        parts.append(part)
    return {key: float(np.mean([part[key] for part in parts])) for key in parts[0]}


def _score(predictions: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Return the scores by scikit-learn and by hand, independent of the tested code."""
    scores = score_predictions(predictions)
    matrix = confusion_matrix(predictions).to_numpy()
    whole = ("accuracy", "balanced_accuracy", "macro_f1", "macro_auc")
    found = {(score, ""): scores[score] for score in whole}
    for k, label in enumerate(DATA_B_CLASSES):
        for score in ("sensitivity", "specificity", "ppv", "auc"):
            found[score, label] = scores[f"{score}_{label}"]
        others = matrix[:, np.arange(len(DATA_B_CLASSES)) != k]
        found["npv", label] = 1 - others[k].sum() / others.sum()
        found["average_precision", label] = average_precision_score(
            predictions["label"] == label, predictions[f"p_{label}"]
        )
    return found


def _score_women(drawn: Simulated) -> dict[Key, float]:
    table = drawn.pooled["first"].assign(sex=drawn.images["sex"])
    diseased = table[table["label"] != DATA_B_CLASSES[0]]
    is_missed = diseased["predicted"] == DATA_B_CLASSES[0]
    missed = is_missed.groupby(diseased["sex"]).mean()
    right = (table["predicted"] == table["label"]).groupby(
        [table["label"], table["sex"]]
    )
    seen = right.mean()
    found = {
        ("women", "under_diagnosis_rate", ""): missed["F"],
        ("women, gap", "under_diagnosis_rate", ""): missed["F"] - missed["M"],
    }
    for label in DATA_B_CLASSES:
        found["women", "sensitivity", label] = seen[label, "F"]
        found["women, gap", "sensitivity", label] = seen[label, "F"] - seen[label, "M"]
    return found


def find_intervals(drawn: Simulated, seed: int) -> Iterator[tuple[Key, float, float]]:
    """Yield the intervals of the pipeline's tables; NaN if there is none."""
    scores = measure_scores(drawn.pooled["first"], seed)
    for row in scores[scores["fold"].isin([ALL, MEAN])].itertuples():
        yield (row.fold, row.score, row[3]), row.low, row.high
    for row in compare_architectures(drawn.folds, seed, **drawn.pooled).itertuples():
        score, _, label = row.quantity.partition("auc_")
        yield (row.test, score or "auc", label), row.low, row.high
    subgroups = measure_subgroups(drawn.pooled["first"], drawn.images, seed)
    for row in subgroups[subgroups["subgroup"] == "F"].itertuples():
        yield ("women", row.quantity, row[4]), row.low, row.high
        yield ("women, gap", row.quantity, row[4]), row.gap_low, row.gap_high


def count_hits(
    design: Design, truth: dict[Key, float], seeds: list[int]
) -> pd.DataFrame:
    """Return how many intervals lie below, around and above the truth.

    Args:
        design: Numbers and strengths.
        truth: Result of ``find_truth``.
        seeds: One per repeat.

    Returns:
        Rows by key; columns ``below``, ``holds`` and ``above``.
    """
    # statsmodels collects garbage with each correction for several pairs; freezing what
    # is loaded makes that fast.
    gc.freeze()
    found = [
        (key, high < truth[key], low <= truth[key] <= high, low > truth[key])
        for seed in seeds
        for drawn in [simulate(design, np.random.default_rng(seed))]
        for key, low, high in find_intervals(drawn, seed)
        if key in truth and np.isfinite(low)
    ]
    gc.unfreeze()
    table = pd.DataFrame(found, columns=["key", "below", "holds", "above"])
    return table.groupby("key", sort=False).sum()


def measure_coverage(
    design: Design, repeats: int, seed: int, processes: int = 1
) -> pd.DataFrame:
    """Return the coverage of every interval.

    Args:
        design: Numbers and strengths.
        repeats: Number of cross-validations to draw.
        seed: Seed of the first; the others follow.
        processes: Number of processes.

    Returns:
        Rows by key, for intervals that exist in at least half of the repeats; columns
        ``truth``; ``repeats`` with an interval; ``coverage``; and ``below`` and
        ``above``, the shares of intervals on either side of the truth.
    """
    truth = find_truth(design, seed)
    seeds = np.arange(seed + 1, seed + 1 + repeats).tolist()
    if processes == 1:
        parts = [count_hits(design, truth, seeds)]
    else:
        chunks = [seeds[start::50] for start in range(min(50, repeats))]
        with ProcessPoolExecutor(processes) as pool:
            given = [[item] * len(chunks) for item in (design, truth)]
            parts = list(pool.map(count_hits, *given, chunks))
    counts = pd.concat(parts).groupby(level=0, sort=False).sum()
    total = counts.sum(axis=1)
    shares = counts.div(total, axis=0).rename(columns={"holds": "coverage"})
    table = shares.assign(truth=pd.Series(truth), repeats=total)
    often = table[table["repeats"] >= repeats / 2]
    return often[["truth", "repeats", "coverage", "below", "above"]]


def find_failures(coverage: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of ``measure_coverage`` beyond the limits by more than chance."""
    below, above = (
        STANDARD_ERRORS * np.sqrt(limit * (1 - limit) / coverage["repeats"])
        for limit in (LOWEST, HIGHEST)
    )
    return coverage[~coverage["coverage"].between(LOWEST - below, HIGHEST + above)]


def main() -> None:
    """Print the table, and exit with 1 if an interval fails."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    outside = failed = 0
    for name, design in DESIGNS.items():
        table = measure_coverage(
            design, arguments.repeats, arguments.seed, arguments.processes
        )
        print(f"\n{name}: {design.images} images of {design.groups} patients\n")
        table.index = [" ".join(part for part in key if part) for key in table.index]
        print(table.round(3).to_string(), flush=True)
        coverage = table["coverage"]
        print(f"\nlowest {coverage.min():.3f}, highest {coverage.max():.3f}")
        outside += int((~coverage.between(LOWEST, HIGHEST)).sum())
        failures = find_failures(table)
        failed += len(failures)
        if len(failures):
            print(f"\nbeyond chance\n\n{failures.round(3).to_string()}", flush=True)
    print(
        f"\n{outside} intervals outside {LOWEST:.0%} to {HIGHEST:.0%}, {failed} of "
        f"them by more than {STANDARD_ERRORS} standard errors"
    )
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
