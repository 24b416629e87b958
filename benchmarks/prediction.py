"""The rate of ``predict`` against its networks alone, and its memory by images.

    python benchmarks/prediction.py [--network vgg16] [--images 1000] [--many 10000]

The bundle has untrained networks of the widths of base, five folds of three members,
which answer for every film. The films are ten PNG files of noise, and links to them.
``predict`` from files to ``predictions.csv`` takes turns with the same networks on
pixels that are there already, in batches of the same size; then with overlays, against
networks and maps. Compiling is not counted. Memory is that of a process of its own for
each number of images, without overlays.
"""

import argparse
import itertools
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from comparison import (
    Row,
    alternate,
    peak_memory,
    print_rows,
    ratio_of_medians,
    run_alone,
)

from detl.networks import build_network
from detl.networks.cut import cut_trunk, renew_head
from detl.networks.ensemble import join_members
from detl.schemas.classes import DATA_B_CLASSES
from detl.schemas.parameters import NetworkParameters
from detl.serving.bundle import About, Bundle, load_bundle, save_bundle
from detl.serving.familiarity import Familiarity
from detl.serving.intake import Taken, take_in_file
from detl.serving.predictor import Predictor
from detl.serving.run import predict_files
from detl.training.features import extract_features

SIZE = 64
FILMS = 10
TRAINED_ON = 1277
"""Images of Data-B in environment base."""


def make_bundle(network: str) -> Bundle:
    """Return untrained networks of the size of environment base.

    Args:
        network: The architecture.
    """
    parameters = NetworkParameters(
        network=network,
        width_multiplier=0.125 if network == "resnet50" else 0.25,
        fully_connected_units=0 if network == "resnet50" else 256,
        dropout=0.0,
        stem_stride=1,
        normalisation="batch",
        precision="float32",
    )
    model = build_network(parameters, SIZE, len(DATA_B_CLASSES), seed=0)
    trunk, tail = cut_trunk(model)
    folds = [f"fold_{number}" for number in range(1, 6)]
    tails = {
        fold: join_members([renew_head(tail, 10 * number + n) for n in range(3)])
        for number, fold in enumerate(folds)
    }
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (TRAINED_ON, SIZE, SIZE), dtype=np.uint8)
    features = extract_features(trunk, pixels, np.arange(TRAINED_ON))
    about = About(
        architecture=network,
        classes=list(DATA_B_CLASSES),
        input_size=SIZE,
        fit="crop",
        largest_image=100_000_000,
        views=["PA", "AP"],
        temperatures=dict.fromkeys(folds, 1.5),
        map_shift=0.0,
        warned_below=0.0,
        refused_below=0.0,
        warned_spread=1.0,
        refusals=[],
        warnings=[],
        licences={},
        versions={},
    )
    familiarity = Familiarity.of(pixels, features, np.arange(TRAINED_ON))
    return Bundle(about, trunk, tails, familiarity, "")


def write_films(folder: Path, images: int, side: int) -> None:
    """Write some films of noise, and links to them.

    Args:
        folder: A new folder.
        images: Films and links together.
        side: Height and width of a film, in pixels.
    """
    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(images):
        path = folder / f"{number:06}.png"
        if number < FILMS:
            noise = random.integers(0, 256, (side, side), dtype=np.uint8)
            cv2.imwrite(str(path), cv2.GaussianBlur(noise, (0, 0), side / 64))
        else:
            path.symlink_to(folder / f"{number % FILMS:06}.png")


def compare_rates(
    bundle: Bundle, films: Path, outputs: Iterator[Path], repeats: int
) -> list[Row]:
    """Return the rows of the rate without and with overlays.

    Args:
        bundle: Networks, and what belongs to them.
        films: The folder of films.
        outputs: New folders for answers.
        repeats: Number of measurements of each.
    """
    paths = sorted(films.iterdir())
    ready = [take_in_file(path, bundle.expected) for path in paths[:FILMS]]
    pixels = [Taken(ready[n % FILMS].pixels) for n in range(len(paths))]
    rows = []
    for explains, goal in ((False, 0.8), (True, 0.5)):
        predictor = Predictor(bundle, explains)
        ways: list[Callable[[], object]] = [
            lambda p=predictor: predict_files(p, films, next(outputs)),
            lambda p=predictor: sum(1 for _ in p.predict(pixels)),
        ]
        ours, theirs = alternate(ways, repeats)
        what = "with overlays: networks and maps" if explains else "networks"
        rows.append(
            Row(
                f"predict {bundle.about.architecture} {what} on pixels alone",
                f"{len(paths) / np.median(ours):.0f} images/s",
                f"{len(paths) / np.median(theirs):.0f} images/s",
                ratio_of_medians(theirs, ours),
                goal,
            )
        )
    return rows


def compare_memory(bundle: Path, films: dict[int, Path]) -> Row:
    """Return the row of the peak memory at the most images, against the fewest.

    Args:
        bundle: Its file.
        films: By number of images, the folder of films.
    """
    peaks = {
        images: run_alone(__file__, bundle=bundle, films=folder)["peak"]
        for images, folder in films.items()
    }
    few, many = sorted(peaks)
    return Row(
        f"memory of predict, {many:,} images: {few:,}",
        f"{peaks[many]:,.0f} MB",
        f"{peaks[few]:,.0f} MB",
        peaks[many] / peaks[few],
        1.05,
        at_most=True,
    )


def main(arguments: argparse.Namespace) -> None:
    """Print the table, or the memory that one prediction takes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if arguments.films:
            predictor = Predictor(load_bundle(arguments.bundle), explains=False)
            predict_files(predictor, arguments.films, folder / "out")
            print(json.dumps({"peak": peak_memory()}))
            return
        bundle = make_bundle(arguments.network)
        save_bundle(bundle, folder / "bundle.zip")
        films = {n: folder / f"{n}" for n in (arguments.images, arguments.many)}
        for images, path in films.items():
            write_films(path, images, arguments.side)
        outputs = (folder / f"out{number}" for number in itertools.count())
        fewest = films[arguments.images]
        rows = compare_rates(bundle, fewest, outputs, arguments.repeats)
        print_rows([*rows, compare_memory(folder / "bundle.zip", films)])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--network", default="vgg16")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--many", type=int, default=10_000)
    parser.add_argument("--side", type=int, default=256, help="of a film, in pixels")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--bundle", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--films", type=Path, help=argparse.SUPPRESS)
    main(parser.parse_args())
