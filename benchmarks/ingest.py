"""How fast images become pixels: first, again, with new ones, and in how much memory.

    python benchmarks/ingest.py [--films 300] [--images 20000] [--repeats 3]

Works in a temporary folder, which needs 1 GB. The films are the phantoms of the
repository at 1024 px (cubic interpolation), with noise of one grey level, which makes
their PNG files as large as those of NIH ChestX-ray14, 0.4 MB. What is measured is
``detl.sources.decoding.decode_candidates``, as the node of the pipeline calls it, with
a memory in a file; beside it the bare loop of OpenCV, which decodes and resizes in as
many threads as there are cores and keeps nothing. Ways alternate, and medians count.

Memory is that of child processes, which ingest ``--images`` and 1,000 small images (64
px, so that 100,000 take minutes), all different.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import pandas as pd
from comparison import Row, alternate, peak_memory, print_rows, ratio_of_medians

from detl.sources.decoding import DecodedImages, decode_candidates

PHANTOMS = Path(__file__).parents[1] / "data/01_raw/phantoms/nih/images"
SIZE = 224  # of the stored pixels, as in environment paper
SMALL = 64
NEW = 100
FEW = 1000
MOST_MEMORY = 500


def main(films: int, images: int, repeats: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="detl-benchmark-") as name:
        folder = Path(name)
        # First, since a child's peak begins with that of the process that starts it.
        memory = measure_memory(folder, images)
        paths = write_films(folder / "films", films)
        size = np.mean([path.stat().st_size for path in paths]) / 1e6
        print(f"{films} films of 1024 px, {size:.2f} MB each; {os.cpu_count()} cores")
        rows = [
            *compare_with_bare_loop(folder, paths, repeats),
            measure_new_files(folder, paths, repeats),
            memory,
        ]
    print_rows(rows)


def compare_with_bare_loop(
    folder: Path, paths: Sequence[Path], repeats: int
) -> list[Row]:
    """Return the rows of the first run, and of one with nothing new."""
    known = folder / "known.sqlite"
    fresh = iter(folder / f"fresh-{number}.sqlite" for number in range(repeats + 1))
    ingest(paths, known)
    first, again, bare = alternate(
        [
            lambda: ingest(paths, next(fresh)),
            lambda: ingest(paths, known),
            lambda: run_bare_loop(paths),
        ],
        repeats,
    )
    return [
        Row(
            "ingest, 1024 px PNG, beside OpenCV's bare loop",
            f"{len(paths) / median(first):.0f} images/s",
            f"{len(paths) / median(bare):.0f} images/s",
            ratio_of_medians(bare, first),
            0.9,
        ),
        Row(
            f"ingest, {len(paths)} known images, beside the first run",
            f"{median(again):.3f} s",
            f"{median(first):.2f} s",
            ratio_of_medians(first, again),
            50,
        ),
    ]


def measure_new_files(folder: Path, paths: Sequence[Path], repeats: int) -> Row:
    """Return the row of some new images among known ones, beside them alone."""
    known = folder / "most.sqlite"
    ingest(paths[:-NEW], known)
    copies = [folder / f"most-{number}.sqlite" for number in range(repeats + 1)]
    for copy in copies:
        shutil.copy(known, copy)
    some = iter(copies)
    none = iter(folder / f"none-{number}.sqlite" for number in range(repeats + 1))
    among, alone = alternate(
        [
            lambda: ingest(paths, next(some)),
            lambda: ingest(paths[-NEW:], next(none)),
        ],
        repeats,
    )
    return Row(
        f"ingest, {NEW} new among {len(paths) - NEW} known images, beside {NEW} alone",
        f"{median(among):.2f} s",
        f"{median(alone):.2f} s",
        ratio_of_medians(among, alone),
        1.1,
        at_most=True,
    )


def measure_memory(folder: Path, images: int) -> Row:
    """Return the row of the most memory, of many images and of a few."""
    peaks = []
    for count in (FEW, images):
        small = folder / f"small-{count}"
        write_small_images(small, count)
        command = [sys.executable, __file__, "--ingest", str(small)]
        said = subprocess.run(command, check=True, capture_output=True, text=True)
        print(f"{count:,} images of {SMALL} px: {said.stdout.strip()}")
        peaks.append(float(said.stdout.split()[0]))
        shutil.rmtree(small)
    return Row(
        f"memory of ingest, {images:,} images, beside {FEW:,} ({MOST_MEMORY} MB is 1)",
        f"{peaks[1]:.0f} MB",
        f"{peaks[0]:.0f} MB",
        peaks[1] / MOST_MEMORY,
        1,
        at_most=True,
        peak=peaks[1],
    )


def ingest_folder(folder: Path) -> None:
    """Print the memory that the images of a folder take, and the seconds, twice."""
    paths = sorted(folder.iterdir())
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        taken = ingest(paths, folder.with_suffix(".sqlite"), SMALL).images
        seconds.append(time.perf_counter() - start)
        if len(taken) != len(paths):
            sys.exit(f"{len(paths) - len(taken)} images were rejected")
    print(f"{peak_memory():.0f} MB; {seconds[0]:.1f} s, again {seconds[1]:.1f} s")


def ingest(paths: Sequence[Path], memory: Path, size: int = SIZE) -> DecodedImages:
    """Return what the node of the pipeline makes of some files."""
    names = pd.Series([path.name for path in paths], dtype="str")
    candidates = pd.DataFrame(
        {
            "image_id": "films/" + names,
            "source": "films",
            "patient_id": "films/" + names,
            "findings": "No Finding",
            "view": "PA",
            "age": 50.0,
            "sex": "F",
            "license": "CC0",
            "path": names,
        }
    )
    return decode_candidates(candidates, paths, size, "crop", 100_000_000, memory)


def run_bare_loop(paths: Sequence[Path]) -> None:
    """Decode and resize with OpenCV, and keep nothing."""

    def decode(path: Path) -> None:
        grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        cv2.resize(grey, (SIZE, SIZE), interpolation=cv2.INTER_AREA)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(decode, paths):
            pass


def write_films(folder: Path, count: int) -> list[Path]:
    """Return the files of films of 1024 px, which are written."""
    folder.mkdir()
    sources = sorted(PHANTOMS.glob("*.png"))
    # One of the phantoms is cut short on purpose.
    films = [film for path in sources if (film := cv2.imread(str(path), 0)) is not None]

    def write(number: int) -> Path:
        large = cv2.resize(films[number], (1024, 1024), interpolation=cv2.INTER_CUBIC)
        noise = np.random.default_rng(number).normal(0, 1, large.shape)
        film = np.clip(np.rint(large + noise), 0, 255).astype(np.uint8)
        path = folder / f"{number:06}.png"
        cv2.imwrite(str(path), film, [cv2.IMWRITE_PNG_COMPRESSION, 6])
        return path

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(write, range(count)))


def write_small_images(folder: Path, count: int) -> None:
    """Write as many small images, no two of which are like each other."""
    folder.mkdir()
    generator = np.random.default_rng(0)
    for number in range(count):
        coarse = generator.integers(0, 256, (16, 16), dtype=np.uint8)
        image = cv2.resize(coarse, (SMALL, SMALL), interpolation=cv2.INTER_NEAREST)
        cv2.imwrite(str(folder / f"{number:06}.png"), image)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", type=int, default=300)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--ingest", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.ingest:
        ingest_folder(arguments.ingest)
    else:
        main(arguments.films, arguments.images, arguments.repeats)
