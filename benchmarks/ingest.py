"""How fast images become pixels: first, again, with new ones, and in how much memory.

    python benchmarks/ingest.py [--films 1000] [--images 20000] [--repeats 3]

Works in a temporary folder, which needs 1 GB. The films are the phantoms of the
repository at 1024 px (cubic interpolation), with noise of one grey level, which makes
their PNG files as large as those of NIH ChestX-ray14, 0.4 MB. What is measured is
``detl.sources.decoding.decode_candidates``, as the node of the pipeline calls it, with
a memory in a file; beside it the bare loop of OpenCV, which decodes and resizes in as
many threads as there are cores and keeps nothing. Ways alternate, each in a process of
its own, as the allocator's settings and the peak of memory are a process's; what is
imported and started by the first few films is not timed. Medians count.

Memory is also measured with ``--images`` and 1,000 small images (files of 64 px, so
that 100,000 take minutes; their pixels are stored at 224 px), all different.
"""

import argparse
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import pandas as pd
from base_sample import sample_folder
from comparison import Row, peak_memory, print_rows, ratio_of_medians, run_alone

from detl.imaging.read import PixelFormat
from detl.sources.decoding import DecodedImages, decode_candidates

SIZE = 224  # of the stored pixels, as in environment paper
FORMAT = PixelFormat(SIZE, "crop", 100_000_000)
SMALL = 64
NEW = 100
FEW = 1000
WARM = 16
MOST_MEMORY = 500


def main(films: int, images: int, repeats: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="detl-benchmark-") as name:
        folder = Path(name)
        paths = write_films(folder / "films", films)
        size = np.mean([path.stat().st_size for path in paths]) / 1e6
        print(f"{films} films of 1024 px, {size:.2f} MB each; {os.cpu_count()} cores")
        run_alone(__file__, way="prepare", folder=folder)
        ways = ("first", "again", "bare", "among", "alone")
        seconds: dict[str, list[float]] = {way: [] for way in ways}
        peaks = dict.fromkeys(ways, 0.0)
        for _ in range(repeats):
            for way in ways:
                found = run_alone(__file__, way=way, folder=folder)
                seconds[way].append(found["seconds"])
                peaks[way] = max(peaks[way], found["peak"])
        rows = [
            *make_rows(seconds, peaks, films),
            measure_memory(folder, images),
        ]
    print_rows(rows)


def make_rows(
    seconds: dict[str, list[float]], peaks: dict[str, float], films: int
) -> list[Row]:
    """Return the rows of the first run, of one with nothing new, and of new films."""
    typical = {way: median(times) for way, times in seconds.items()}
    return [
        Row(
            f"ingest of {films} PNG of 1024 px to {SIZE} px: OpenCV's bare loop",
            f"{films / typical['first']:.0f} images/s",
            f"{films / typical['bare']:.0f} images/s",
            ratio_of_medians(seconds["bare"], seconds["first"]),
            0.9,
            peak=peaks["first"],
        ),
        Row(
            "the same again, nothing new: the first time",
            f"{typical['again']:.3f} s",
            f"{typical['first']:.2f} s",
            ratio_of_medians(seconds["first"], seconds["again"]),
            50,
            peak=peaks["again"],
        ),
        Row(
            f"{NEW} new among {films - NEW} known images: {NEW} alone",
            f"{typical['among']:.2f} s",
            f"{typical['alone']:.2f} s",
            ratio_of_medians(seconds["among"], seconds["alone"]),
            1.1,
            at_most=True,
            peak=peaks["among"],
        ),
    ]


def measure_memory(folder: Path, images: int) -> Row:
    """Return the row of the most memory, of many images and of a few."""
    peaks = []
    for count in (FEW, images):
        small = folder / f"small-{count}"
        small.mkdir()
        write_small_images(small / "films", count)
        peaks.append(run_alone(__file__, way="small", folder=small)["peak"])
        shutil.rmtree(small)
    return Row(
        f"memory of ingest, {images:,} files of {SMALL} px to {SIZE} px: {FEW:,} "
        f"({MOST_MEMORY} MB is 1)",
        f"{peaks[1]:.0f} MB",
        f"{peaks[0]:.0f} MB",
        peaks[1] / MOST_MEMORY,
        1,
        at_most=True,
        peak=peaks[1],
    )


def run_way(way: str, folder: Path) -> None:
    """Print the seconds and the memory that a way takes, as JSON."""
    paths = sorted((folder / "films").iterdir())
    known, most, new = (folder / f"{name}.sqlite" for name in ("known", "most", "new"))
    if way == "among":
        shutil.copy(most, new)
        # Otherwise the run's first commit would wait until the copy is on the disk.
        os.sync()
    elif way in ("first", "alone"):
        (known if way == "first" else new).unlink(missing_ok=True)
    ways: dict[str, Callable[[], object]] = {
        "first": lambda: ingest(paths, known),
        "again": lambda: ingest(paths, known),
        "bare": lambda: run_bare_loop(paths),
        "among": lambda: ingest(paths, new),
        "alone": lambda: ingest(paths[-NEW:], new),
        "prepare": lambda: ingest(paths[:-NEW], most),
        "small": lambda: ingest(paths, known),
    }
    if way == "bare":
        run_bare_loop(paths[:WARM])
    else:
        ingest(paths[:WARM], folder / "warm.sqlite")
    start = time.perf_counter()
    ways[way]()
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "peak": peak_memory()}))


def ingest(paths: Sequence[Path], memory: Path | None = None) -> DecodedImages:
    """Return what the node of the pipeline makes of some files.

    Raises:
        RuntimeError: If a file was rejected.
    """
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
    decoded = decode_candidates(candidates, paths, FORMAT, memory)
    if len(decoded.rejected):
        raise RuntimeError(f"{len(decoded.rejected)} images were rejected")
    return decoded


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
    sources = sorted((sample_folder() / "nih" / "images").glob("*.png"))[:1000]
    # One of the phantoms is cut short on purpose.
    films = [film for path in sources if (film := cv2.imread(str(path), 0)) is not None]

    def write(number: int) -> Path:
        # Turned where there are more than there are phantoms, so that none is a copy.
        turns, phantom = divmod(number, len(films))
        film = np.ascontiguousarray(np.rot90(films[phantom], turns))
        large = cv2.resize(film, (1024, 1024), interpolation=cv2.INTER_CUBIC)
        noise = np.random.default_rng(number).standard_normal(large.shape, np.float32)
        noisy = np.clip(np.rint(large + noise), 0, 255).astype(np.uint8)
        path = folder / f"{number:06}.png"
        # The next level takes thrice as long, and saves 3 % of the bytes.
        cv2.imwrite(str(path), noisy, [cv2.IMWRITE_PNG_COMPRESSION, 5])
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
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--films", type=int, default=1000)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.films <= NEW:
        parser.error(f"--films must be more than {NEW}, which are the new ones")
    if arguments.way:
        run_way(arguments.way, arguments.folder)
    else:
        main(arguments.films, arguments.images, arguments.repeats)
