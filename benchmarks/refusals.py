"""How well likeness tells pictures of other kinds from films like those trained on.

    python benchmarks/refusals.py [DATA] [--outsiders FOLDER]

DATA is the data folder of a finished run, by default ``data``. Asked of each network's
bundle are films of Data-A's validation part whose patients no network has seen, the
same films inverted, turned by 90 and by 180 degrees, and noise, gradients and cuts of
scikit-image's photographs. FOLDER has further pictures and a ``labels.csv`` with the
columns ``file`` and ``label``, such as lateral films and CT slices. The rules on file,
shape and header are left out.

Prints, for each kind, the area under the ROC curve by which the rank tells it from the
held-out films, and the shares that would be refused, and warned of or refused. The exit
status is 0 if each area is 0.95 or more, and 2 % of the held-out films or fewer are
refused.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from skimage import data as pictures
from sklearn.metrics import roc_auc_score

from detl.imaging.resize import make_square
from detl.serving.bundle import Bundle, load_bundle
from detl.serving.intake import take_in_file
from detl.serving.refusals import MOST_IMAGES, choose_held_out
from detl.training.features import extract_features

PHOTOGRAPHS = ("camera", "coins", "moon", "page", "clock", "brick", "grass", "gravel")
CUTS = 5
"""Of each photograph."""
NUMBER = 40
"""Pictures of noise, and of gradients."""
LEAST_AREA, MOST_REFUSED = 0.95, 0.02


def draw_outsiders(size: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Return pictures that are no films, by kind, uint8 (n, size, size)."""
    random = np.random.default_rng(seed)
    noise = random.integers(0, 256, (NUMBER, size, size))
    across = np.linspace(-1, 1, size)
    angles = random.uniform(0, 2 * np.pi, NUMBER)[:, np.newaxis, np.newaxis]
    slopes = np.cos(angles) * across + np.sin(angles) * across[:, np.newaxis]
    cuts = []
    for name in PHOTOGRAPHS:
        picture = getattr(pictures, name)()
        for _ in range(CUTS):
            side = random.integers(min(picture.shape) // 2, min(picture.shape) + 1)
            top, left = (random.integers(0, n - side + 1) for n in picture.shape)
            cut = picture[top : top + side, left : left + side]
            cuts.append(make_square(np.ascontiguousarray(cut), size, "crop"))
    return {
        "noise": noise.astype("uint8"),
        "gradients": (127.5 + 90 * slopes).astype("uint8"),
        "photographs": np.stack(cuts),
    }


def read_outsiders(folder: Path, bundle: Bundle) -> dict[str, np.ndarray]:
    """Return the pictures that a ``labels.csv`` names, by label."""
    by_label: dict[str, list[np.ndarray]] = {}
    for row in pd.read_csv(folder / "labels.csv").to_dict("records"):
        taken = take_in_file(folder / row["file"], bundle.expected)
        if taken.pixels is None:
            sys.exit(f"{folder / row['file']} has no picture ({taken.reasons[0]}).")
        by_label.setdefault(row["label"], []).append(taken.pixels)
    return {label: np.stack(pictures) for label, pictures in by_label.items()}


def read_held_out(data: Path) -> np.ndarray:
    """Return films of patients that no network has seen, at most ``MOST_IMAGES``."""
    data_a, data_b = (
        pd.read_parquet(data / f"03_primary/{name}.parquet")
        for name in ("data_a", "data_b")
    )
    held_out = choose_held_out(data_a, data_b)
    if len(held_out) > MOST_IMAGES:
        held_out = held_out.sample(MOST_IMAGES, random_state=0)
    pixels = np.load(data / "02_intermediate/pixels.npy", mmap_mode="r")
    return pixels[held_out["row"].to_numpy("int64")]


def rank_pictures(bundle: Bundle, pixels: np.ndarray) -> np.ndarray:
    """Return their ranks."""
    pixels = np.ascontiguousarray(pixels)
    features = extract_features(bundle.trunk, pixels, np.arange(len(pixels)))
    return bundle.familiarity.rank(pixels, features)


def main() -> int:
    """Print a row per network and kind; return 0 where all keep the limits."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path, default=Path("data"))
    parser.add_argument("--outsiders", type=Path)
    arguments = parser.parse_args()
    paths = sorted(arguments.data.glob("06_models/*/bundle.zip"))
    if not paths:
        sys.exit(f"{arguments.data} has no bundle: end a run of pipeline detl first.")
    films = read_held_out(arguments.data)
    if not len(films):
        sys.exit(f"{arguments.data} has no film that is new to the networks.")
    failed = False
    print(f"{'':26s} images   AUC  refused  warned or refused")
    for path in paths:
        bundle = load_bundle(path)
        kinds = {
            "held out": films,
            "inverted": 255 - films,
            "turned by 90 degrees": np.rot90(films, axes=(1, 2)),
            "turned by 180 degrees": np.rot90(films, 2, axes=(1, 2)),
            **draw_outsiders(films.shape[1]),
        }
        if arguments.outsiders:
            kinds |= read_outsiders(arguments.outsiders, bundle)
        ranks = {
            kind: rank_pictures(bundle, of_kind) for kind, of_kind in kinds.items()
        }
        print(bundle.about.architecture)
        for kind, of_kind in ranks.items():
            both = np.concatenate([ranks["held out"], of_kind])
            is_other = np.arange(len(both)) >= len(films)
            area = roc_auc_score(is_other, -both)
            refused = np.mean(of_kind < bundle.about.refused_below)
            warned = np.mean(of_kind < bundle.about.warned_below)
            if kind == "held out":
                failed |= refused > MOST_REFUSED
                told = "      "
            else:
                failed |= area < LEAST_AREA
                told = f"{area:6.3f}"
            print(f"  {kind:24s} {len(of_kind):6d} {told} {refused:8.1%} {warned:8.1%}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
