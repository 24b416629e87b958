"""How often 95 % intervals over patients and trainings hold the truth, simulated.

    python benchmarks/training_coverage.py [--repeats 1000] [--processes 2] [--seed 0]
        [--seeds 3]

Patients with one to seven images are drawn, and networks that were trained with several
seeds. Whether a network is right about an image depends on the patient, on the image,
on what this seed makes of this image, and on how good this training came out: its
accuracy has an SD of 1.5 points over seeds. The truth is the mean over all patients and
all trainings, by the formula. The script counts how often an interval of the pipeline
holds it: of the accuracy, of an area under the ROC curve, of the difference between two
networks whose seeds have nothing in common, of one between two whose seeds have half of
their variance in common, of the gap between two kinds of patients, and of a shortcut
ratio. Beside it stands how often the interval over patients of the first training does,
which is what a run with one seed has, and half the width of both in points.

The sizes are those of the embedded sample (264 images) and of the paper (1,277 images),
with accuracies from 0.6 to 0.95. As in ``interval_coverage.py``, a
share fails where it lies beyond 92 to 97 % by more than three standard errors; the exit
status is 0 if none does.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from interval_coverage import find_failures
from scipy.stats import norm

from detl.statistics.areas import measure_ranking
from detl.statistics.bootstrap import (
    Measurement,
    draw_statistic,
    draw_weights,
    measure_draws,
)
from detl.statistics.differences import measure_difference, measure_gain
from detl.statistics.ratios import measure_ratio

PATIENT, IMAGE, SEED_AND_IMAGE = 0.30, 0.35, 0.35
"""Shares of a latent answer's variance: two seeds disagree on up to a quarter."""

SEED_SD = 0.015
WEAKNESS = 0.04
GAP = 0.06
"""SD of an accuracy over seeds, and what the second network, or group, lacks."""

CHANCE = 0.25


@dataclass(frozen=True)
class Design:
    """Numbers of images, patients and seeds, and how often the network is right."""

    images: int
    groups: int
    accuracy: float
    seeds: int = 3


DESIGNS = [
    Design(images, groups, accuracy)
    for images, groups in ((264, 204), (1277, 900))
    for accuracy in (0.6, 0.7, 0.8, 0.9, 0.95)
]


def draw_patients(design: Design, rng: np.random.Generator) -> np.ndarray:
    """Return the group of each image, as ``interval_coverage.simulate`` draws them."""
    more = design.images / design.groups - 1
    sizes = rng.negative_binomial(0.5, 0.5 / (0.5 + more), design.groups)
    return np.repeat(np.arange(design.groups), 1 + np.minimum(sizes, 6))


def draw_answers(
    group: np.ndarray,
    level: np.ndarray,
    effects: np.ndarray,
    easiness: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return latent answers, (n, seeds): right where above 0.

    Args:
        group: The group of each image, (n,).
        level: The mean answer of each image, (n,).
        effects: How much better each training came out, (seeds,).
        easiness: What all networks find easy, of variance 1, (n,).
        rng: Source of randomness.
    """
    own = draw_easiness(group, rng)
    shared = np.sqrt(0.7) * easiness + np.sqrt(0.3) * own
    apart = rng.normal(size=(len(group), len(effects)))
    known = np.sqrt(PATIENT + IMAGE) * shared + level
    return known[:, None] + np.sqrt(SEED_AND_IMAGE) * apart + effects


def draw_easiness(group: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return values of variance 1, (n,), in part the same for a patient's images."""
    of_group = rng.normal(size=group[-1] + 1)[group]
    own = rng.normal(size=len(group))
    both = np.sqrt(PATIENT) * of_group + np.sqrt(IMAGE) * own
    return both / np.sqrt(PATIENT + IMAGE)


def simulate(
    design: Design, rng: np.random.Generator
) -> Iterator[tuple[str, float, Measurement, Measurement]]:
    """Yield what is measured, the truth, its interval, and that of one training."""
    group = draw_patients(design, rng)
    weights = draw_weights(group, int(rng.integers(2**31)), draws=1000)
    easiness = draw_easiness(group, rng)
    level, lower = norm.ppf([design.accuracy, design.accuracy - WEAKNESS])
    # The SD of an accuracy is that of the effect times the density at its level.
    scales = SEED_SD / norm.pdf([level, lower])
    of_seeds = rng.normal(size=(3, design.seeds))
    paired = np.sqrt(0.5) * (of_seeds[0] + of_seeds[1])
    flat = np.zeros(len(group))

    def answer(level: float, effects: np.ndarray) -> np.ndarray:
        return draw_answers(group, flat + level, effects, easiness, rng) > 0

    def expect(level: float, scale: float) -> float:
        return float(norm.cdf(level / np.sqrt(1 + scale**2)))

    first = answer(level, scales[0] * of_seeds[0])
    truth = expect(level, scales[0])
    shares = draw_statistic(lambda w: w @ first / w.sum(1, keepdims=True), weights)
    yield "accuracy", truth, *_measure_both(shares, group, "share")
    yield "AUC", *_measure_areas(design, group, weights, rng)
    lead = truth - expect(lower, scales[1])
    for name, effects, are_paired in (
        ("difference, other seeds", of_seeds[1], False),
        ("difference, paired seeds", paired, True),
    ):
        second = answer(lower, scales[1] * effects)
        found = measure_gain(first, second, weights, group, are_paired)
        alone = measure_gain(first[:, :1], second[:, :1], weights, group)
        yield name, lead, found, alone
    yield "gap", *_measure_gap(design, group, weights, rng)
    # A shortcut ratio: a network that keeps a third of what the first is above chance.
    kept = norm.ppf(CHANCE + (design.accuracy - CHANCE) / 3)
    scale = SEED_SD / norm.pdf(kept)
    other = answer(kept, scale * rng.normal(size=design.seeds))
    gains = [
        draw_statistic(lambda w, right=right: w @ (right - CHANCE), weights)
        for right in (other, first)
    ]
    ratio = (expect(kept, scale) - CHANCE) / (truth - CHANCE)
    alone = measure_ratio(*(gain[:, 0] for gain in gains), group)
    yield "ratio", ratio, measure_ratio(*gains, group), alone


def _measure_both(
    values: np.ndarray, group: np.ndarray, kind: str
) -> tuple[Measurement, Measurement]:
    return (
        measure_draws(values, group, kind=kind),
        measure_draws(values[:, 0], group, kind=kind),
    )


def _measure_areas(
    design: Design,
    group: np.ndarray,
    weights: np.ndarray,
    rng: np.random.Generator,
) -> tuple[float, Measurement, Measurement]:
    """Return the truth and the intervals of an area as large as the accuracy."""
    distance = np.sqrt(2) * norm.ppf(design.accuracy)
    scale = np.sqrt(2) * SEED_SD / norm.pdf(norm.ppf(design.accuracy))
    positive = (rng.random(group[-1] + 1) < 0.5)[group]
    apart = distance + scale * rng.normal(size=design.seeds)
    noise = draw_answers(
        group,
        np.zeros(len(group)),
        np.zeros(design.seeds),
        draw_easiness(group, rng),
        rng,
    )
    ranked = noise + positive[:, None] * apart

    def rank(drawn: np.ndarray) -> np.ndarray:
        areas = [measure_ranking(drawn, positive, r)[:, 0] for r in ranked.T]
        return np.stack(areas, axis=1)

    scarcer = min(group[positive], group[~positive], key=lambda g: len(set(g)))
    truth = float(norm.cdf(distance / np.sqrt(2 + scale**2)))
    return truth, *_measure_both(draw_statistic(rank, weights), scarcer, "score")


def _measure_gap(
    design: Design,
    group: np.ndarray,
    weights: np.ndarray,
    rng: np.random.Generator,
) -> tuple[float, Measurement, Measurement]:
    """Return the truth and the intervals of what a third of the patients lack."""
    levels = norm.ppf([design.accuracy, design.accuracy - GAP])
    worse = (rng.random(group[-1] + 1) < 1 / 3)[group]
    # A training may come out better for the ones and not for the others.
    effects = SEED_SD / norm.pdf(levels[0]) * rng.normal(size=(2, design.seeds))
    easiness = draw_easiness(group, rng)
    right = np.where(
        worse[:, None],
        draw_answers(group, np.where(worse, *levels[::-1]), effects[1], easiness, rng),
        draw_answers(group, np.where(worse, *levels[::-1]), effects[0], easiness, rng),
    )
    shares = [
        draw_statistic(
            lambda w, a=a: w @ ((right > 0) * a[:, None]) / (w @ a)[:, None], weights
        )
        for a in (~worse, worse)
    ]
    spread = 1 + (SEED_SD / norm.pdf(levels[0])) ** 2
    truth = float(np.subtract(*norm.cdf(levels / np.sqrt(spread))))
    kinds = group[~worse], group[worse]
    means = [share.mean(axis=1) for share in shares]
    return (
        truth,
        measure_difference(*shares, *kinds),
        measure_difference(*means, *kinds),
    )


def count_hits(design: Design, seeds: list[int]) -> pd.DataFrame:
    """Return a row per repeat and interval: does it hold the truth, how wide is it."""
    rows = [
        {
            "interval": name,
            "held": found.low <= truth <= found.high,
            "held_one": alone.low <= truth <= alone.high,
            "half": 50 * (found.high - found.low),
            "half of one": 50 * (alone.high - alone.low),
            "truth": truth,
        }
        for seed in seeds
        for name, truth, found, alone in simulate(design, np.random.default_rng(seed))
    ]
    return pd.DataFrame(rows)


def measure_coverage(
    design: Design, repeats: int, seed: int, processes: int = 1
) -> pd.DataFrame:
    """Return the coverage of every interval.

    Args:
        design: Sizes and accuracy.
        repeats: Number of studies to draw.
        seed: Seed of the first; the others follow.
        processes: Number of processes.

    Returns:
        A row per interval: ``truth``, ``repeats``, ``coverage``, the same of one
        training over patients, and half the widths in points.
    """
    seeds = np.arange(seed, seed + repeats).tolist()
    if processes == 1:
        every = count_hits(design, seeds)
    else:
        chunks = [seeds[start::50] for start in range(min(50, repeats))]
        with ProcessPoolExecutor(processes) as pool:
            parts = pool.map(count_hits, [design] * len(chunks), chunks)
            every = pd.concat(parts)
    table = every.groupby("interval", sort=False).mean()
    table = table.rename(columns={"held": "coverage", "held_one": "of one"})
    return table.assign(repeats=repeats)


def main() -> None:
    """Print the table, and exit with 1 if an interval fails."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=3, help="trainings of a network")
    arguments = parser.parse_args()
    tables = []
    for of_three in DESIGNS:
        design = replace(of_three, seeds=arguments.seeds)
        found = measure_coverage(
            design, arguments.repeats, arguments.seed, arguments.processes
        )
        print(f"\n{design.images} images, {design.seeds} seeds: {design.accuracy:g}\n")
        print(found.round(3).to_string(), flush=True)
        tables.append(found)
    table = pd.concat(tables)
    failures = find_failures(table)
    print(f"\n{len(failures)} of {len(table)} intervals beyond 92 to 97 % and chance")
    sys.exit(len(failures) > 0)


if __name__ == "__main__":
    main()
