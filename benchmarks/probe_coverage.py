"""How often the 95 % interval of the probe for the source holds the truth.

    python benchmarks/probe_coverage.py [--repeats 200] [--processes 2] [--seed 0]

Images of one class and two sources are drawn repeatedly, with features of 64 units.
Either no feature depends on the source, or the mean of one is 1.5 standard deviations
higher in the predicted source. With five networks, their features of an image have a
correlation of 0.7, each network tests a fifth of Data-B, and all of them see the
controls. The truth is 0.5 if nothing depends on the source, else the mean of all
repeats, which is the average result of such a probe.

Every share must lie between 92 and 97 %, within chance: it fails if it is beyond a
limit by more than three binomial standard errors of a share at that limit, with 200
repeats below 86.2 %. The last line and the exit status say whether all shares are
within the limits. It takes 2 minutes on two cores.
"""

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

# A probe is too small for several threads. NumPy reads this when it is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from detl.evaluation.shortcuts.source_probe import probe_source

LOWEST, HIGHEST = 0.92, 0.97
STANDARD_ERRORS = 3
UNITS = 64
LIFT = 1.5
CORRELATION = 0.7


@dataclass(frozen=True)
class Design:
    """Numbers of groups of patients, with one image each.

    Attributes:
        predicted: Groups of the predicted source in Data-B.
        other: Groups of the other source in Data-B.
        controls: Groups of the other source that every network sees.
        networks: Networks that share Data-B.
        lift: Offset of one feature in the predicted source, in standard deviations.
    """

    predicted: int
    other: int
    controls: int
    networks: int
    lift: float


DESIGNS = {
    "one network, 30 and 30 groups, noise": Design(30, 30, 0, 1, 0.0),
    "one network, 30 and 30 groups, informative": Design(30, 30, 0, 1, LIFT),
    "five networks, 60 groups and 30 controls, noise": Design(60, 0, 30, 5, 0.0),
    "five networks, 60 groups and 30 controls, informative": Design(60, 0, 30, 5, LIFT),
    "five networks, 30 and 30 groups, noise": Design(30, 30, 0, 5, 0.0),
}


def simulate(design: Design, seed: int) -> tuple[np.ndarray, pd.DataFrame]:
    """Return features and rows in the form for ``probe_source``."""
    rng = np.random.default_rng([seed, 1])
    data_b = design.predicted + design.other
    image = np.arange(data_b + design.controls)
    is_predicted, is_control = image < design.predicted, image >= data_b
    fold = rng.permutation(len(image)) % design.networks
    common = rng.normal(size=(len(image), UNITS))
    found, known = [], []
    for network in range(design.networks):
        own = rng.normal(size=common.shape)
        features = np.sqrt(CORRELATION) * common + np.sqrt(1 - CORRELATION) * own
        features[is_predicted, 0] += design.lift
        seen = np.flatnonzero((fold == network) | is_control)
        found.append(features[seen])
        source = np.where(is_predicted[seen], "predicted", "other")
        table = pd.DataFrame({"image_id": seen, "group": seen, "source": source})
        known.append(table.assign(network=f"fold_{network + 1}", label="normal"))
    return np.concatenate(found), pd.concat(known, ignore_index=True)


def find_interval(design: Design, seed: int) -> tuple[float, float, float]:
    """Return the area and the ends of its interval in one repeat."""
    table = probe_source(*simulate(design, seed), seed).set_index("class")
    low, area, high = table.loc["normal", ["auc_low", "auc", "auc_high"]]
    return float(low), float(area), float(high)


def main() -> int:
    """Print the shares, and return 0 if all of them are within the limits."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.repeats)
    least, most = (
        limit + side * STANDARD_ERRORS * np.sqrt(limit * (1 - limit) / options.repeats)
        for limit, side in ((LOWEST, -1), (HIGHEST, 1))
    )
    holds = True
    with ProcessPoolExecutor(options.processes) as pool:
        for name, design in DESIGNS.items():
            found = pool.map(partial(find_interval, design), seeds, chunksize=10)
            low, area, high = np.array(list(found)).T
            truth = area.mean() if design.lift else 0.5
            coverage = np.mean((low <= truth) & (truth <= high))
            holds &= bool(least <= coverage <= most)
            print(
                f"{name}: {coverage:.1%} hold {truth:.3f}; mean {area.mean():.3f}, "
                f"standard deviation {area.std(ddof=1):.3f}, mean width "
                f"{np.mean(high - low):.3f}",
                flush=True,
            )
    print("holds" if holds else "does not hold")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
