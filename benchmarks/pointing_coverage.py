"""How often the 95 % interval of pointing above a random point holds the truth.

    python benchmarks/pointing_coverage.py [--repeats 1000] [--processes 2] [--seed 0]

Patients with one to seven images are drawn. The region of an image takes 4.8 % of the
picture on average, of some far more, and a patient's regions are alike. Whether a map's
maximum hits the region depends on the patient and on the image: either the probability
is the region's share of the picture, as of a random point, or it has the given mean and
is higher for larger regions. The truth is known by the formula.

Every share must lie between 92 and 97 %, and a random point must not be judged above
or below itself in more than 4 % each, one side of 92 %, all within chance: it fails
where a share lies beyond a limit by more than three binomial standard errors of a share
at that limit. The last line and the exit status say so. It takes 5 minutes on one core.
"""

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

# The products are too small for several threads. NumPy reads this when it is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from interval_coverage import HIGHEST, LOWEST, STANDARD_ERRORS, find_failures
from scipy.special import ndtr, ndtri
from training_coverage import draw_easiness, draw_patients

from detl.explanation.localisation import measure_above
from detl.statistics.bootstrap import draw_weights

MEAN_AREA = 0.048
SLOPE = 0.5
"""How much a region that is larger by a standard deviation raises a latent hit."""

MOST_MISJUDGED = (1 - LOWEST) / 2


@dataclass(frozen=True)
class Design:
    """Numbers of images and patients, and the true share of hits.

    Attributes:
        images: Mean number of images.
        groups: Number of patients.
        rate: Share of hits; None for that of a random point.
    """

    images: int
    groups: int
    rate: float | None


DESIGNS = [
    Design(images, groups, rate)
    for images, groups in ((60, 40), (305, 170), (927, 640))
    for rate in (None, 0, 0.02, 0.15, 0.35, 0.9)
]


def simulate(
    design: Design, rng: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return ``pointing`` and ``area`` of each image, and its group."""
    group = draw_patients(design, rng)
    size, hardness = draw_easiness(group, rng), draw_easiness(group, rng)
    # The quantiles of a beta distribution whose density falls from 0 to 1.
    area = 1 - (1 - ndtr(size)) ** (MEAN_AREA / (1 - MEAN_AREA))
    if design.rate is None:
        level = ndtri(area)
    else:
        level = ndtri(design.rate) * np.sqrt(1 + SLOPE**2) + SLOPE * size
    return pd.DataFrame({"pointing": (hardness < level) * 1.0, "area": area}), group


def find_interval(design: Design, seed: int) -> tuple[float, float, float]:
    """Return the difference and the ends of its interval in one repeat."""
    scores, group = simulate(design, np.random.default_rng(seed))
    weights, counts = draw_weights(group, seed), np.ones(len(group), bool)
    found = measure_above(scores, counts, weights, group, asked=1)
    return found["low"], found["value"], found["high"]


def main() -> int:
    """Print the shares, and return 0 if all of them are within the limits."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.repeats)
    rows = []
    with ProcessPoolExecutor(options.processes) as pool:
        for design in DESIGNS:
            found = pool.map(partial(find_interval, design), seeds, chunksize=10)
            low, value, high = np.array(list(found)).T
            truth = 0.0 if design.rate is None else design.rate - MEAN_AREA
            rows.append(
                {
                    "images": design.images,
                    "rate": "random" if design.rate is None else f"{design.rate:.2f}",
                    "truth": truth,
                    "mean": value.mean(),
                    "repeats": options.repeats,
                    "coverage": np.mean((low <= truth) & (truth <= high)),
                    "below": np.mean(high < truth),
                    "above": np.mean(low > truth),
                    "width": np.mean(high - low),
                }
            )
    table = pd.DataFrame(rows)
    print(table.round(3).to_string(index=False))
    failures = find_failures(table)
    misjudged = table.loc[table["rate"] == "random", ["below", "above"]]
    error = np.sqrt(MOST_MISJUDGED * (1 - MOST_MISJUDGED) / options.repeats)
    most = MOST_MISJUDGED + STANDARD_ERRORS * error
    outside = int((~table["coverage"].between(LOWEST, HIGHEST)).sum())
    print(f"{outside} shares are outside the limits, {len(failures)} beyond chance")
    holds = failures.empty and bool((misjudged <= most).all(axis=None))
    print("holds" if holds else "does not hold")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
