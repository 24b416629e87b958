"""How many planted copies are found, and how many images are joined wrongly.

    python benchmarks/copies_found.py FOLDER [--every 1] [--sizes 64 96 224]

FOLDER holds ``nih/`` and ``covid-chestxray/``, such as data/01_raw/phantoms. One copy
of each film (or of every n-th, with --every) is planted in each way of
tests/support/planted_copies.py. Every recall must be 95 % or more, and at most 1 % of
the images may be joined to a picture of another patient. The last line and the exit
status say whether this holds. The script also prints the distances behind the two
thresholds of detl.imaging.copies: those of copies, and those of the nearest pictures of
other patients.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from detl.imaging.copies import find_copies

TESTS = Path(__file__).parents[1] / "tests" / "support"
LEAST_RECALL, MOST_WRONG = 0.95, 0.01

Stored = tuple[pd.DataFrame, np.ndarray]
"""What ``ingest`` says of images, and their pixels."""


def main(folder: Path, every: int, sizes: list[int]) -> bool:
    """Print the shares and distances, and return whether the shares are as required."""
    sys.path.insert(0, str(TESTS))
    from planted_copies import CHANGES, plant_copies, read_films, score, store

    films = read_films(folder)
    print(f"{len(films)} films of {films['patient_id'].nunique()} patients")
    patients = films["patient_id"].to_numpy()
    for size in sizes:
        near = find_copies(
            *store(films, size), "crop", most_bits=80, least_correlation=-1
        )
        other = near[patients[near["first"]] != patients[near["second"]]]
        print(
            f"{size} px, nearest pictures of other patients: bits "
            f"{np.sort(other['bits'])[:5]}, correlation within 80 bits "
            f"{np.sort(other['correlation'])[-5:].round(3)}"
        )
    are_good = True
    for kind in CHANGES:
        copies = plant_copies(films, kind, every)
        for size in sizes:
            outcome = score(films, copies, size)
            bits, correlation = measure_distances(
                store(films.iloc[copies["original"]], size), store(copies, size)
            )
            are_good &= outcome.recall >= LEAST_RECALL and outcome.wrong <= MOST_WRONG
            print(
                f"{kind:40} {size:3} px: recall {outcome.recall:.2%}, wrong joins "
                f"{outcome.wrong:.2%} {outcome.wrong_pairs[:3]}; of 99 % of the copies "
                f"bits at most {bits:.0f}, correlation at least {correlation:.3f}"
            )
    print("all as asked" if are_good else "NOT all as asked")
    return are_good


def measure_distances(originals: Stored, copies: Stored) -> tuple[float, float]:
    """Return the bits and the correlation that 99 % of the copies keep to."""
    pairs = [
        find_copies(
            pd.concat([originals[0].iloc[[row]], copies[0].iloc[[row]]]).assign(
                row=[0, 1]
            ),
            np.stack([originals[1][row], copies[1][row]]),
            "crop",
            most_bits=256,
            least_correlation=-1,
        )
        for row in range(len(originals[0]))
    ]
    both = pd.concat(pairs)
    return both["bits"].quantile(0.99), both["correlation"].quantile(0.01)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 96, 224])
    arguments = parser.parse_args()
    sys.exit(not main(arguments.folder, arguments.every, arguments.sizes))
