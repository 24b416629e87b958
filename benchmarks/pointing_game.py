"""Whether Grad-CAM of a trained network points into the lesion, on phantoms.

    python benchmarks/pointing_game.py [--films 400] [--networks 3] [--untrained 20]

The films show a mass or no finding (twice the usual opacity, 96 pixels), of patients
with one to four films. AlexNet, with a tenth of its width and a stride of 1, so that a
cell of its last feature map stands for 4 x 4 pixels, learns to separate them on three
fifths of the patients; 15 % of the patients choose the best epoch. Grad-CAM explains
"diseased" on the test films with a mass, a quarter of all. Each network has its own
split. A map points right if its maximum is inside the mask, without a tolerance. A
random pixel does so as often as the mask is large, a sixtieth of the picture.

The lesion must be larger than a cell of the map, because the channels of a small
network may be bright one cell away from the lesion. At 64 pixels, where a mass is two
cells wide, two of three networks pointed right for 97 % of the films, and one, with
maps one cell too low, for 19 %.

Grad-CAM of the trained networks must point right for at least 90 % of the films. That
of the untrained networks may on average be at most 10 points better than a random
pixel: a mass is bright, and random weights sometimes react to brightness. The last line
and the exit status say whether both hold.
"""

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from detl.phantoms.sample import draw_nih
from detl.schemas.keras_model import KerasModel
from detl.schemas.parameters import (
    NetworkParameters,
    PhantomParameters,
    TrainingParameters,
)

TRAINED_LEAST, UNTRAINED_ABOVE_AREA_MOST = 0.9, 0.1
SIZE = 96
NETWORK = NetworkParameters(
    network="alexnet",
    width_multiplier=0.1,
    fully_connected_units=128,
    dropout=0.0,
    stem_stride=1,
    normalisation="batch",
    precision="float32",
)
TRAINING = TrainingParameters(
    epochs=10,
    batch_size=32,
    optimizer="adam",
    learning_rate=2e-3,
    momentum=0.0,
    schedule="cosine",
    warm_up_epochs=2,
    jit_compile="auto",
    distribution="none",
)

Film = tuple[np.ndarray, np.ndarray, str, int]
"""Pixels, mask, patient, and 1 where there is a mass."""


@dataclass(frozen=True)
class Films:
    """Phantoms, half of them with a mass.

    Attributes:
        pixels: (n, size, size), uint8.
        masks: (n, size, size), bool.
        patients: (n,), text.
        labels: 1 with a mass, else 0, (n,).
    """

    pixels: np.ndarray
    masks: np.ndarray
    patients: np.ndarray
    labels: np.ndarray

    @classmethod
    def of(cls, drawn: Iterable[Film]) -> "Films":
        """Return films that were drawn one by one."""
        pixels, masks, patients, labels = zip(*drawn, strict=True)
        return cls(
            np.stack(pixels), np.stack(masks), np.array(patients), np.array(labels)
        )

    def split(self, seed: int) -> Iterator[np.ndarray]:
        """Yield the rows for training, for choosing the epoch, and for testing."""
        names = np.unique(self.patients)
        part = np.random.default_rng(seed).permutation(len(names)) / len(names)
        part = part[np.searchsorted(names, self.patients)]
        yield np.flatnonzero(part < 0.6)
        yield np.flatnonzero((part >= 0.6) & (part < 0.75))
        yield np.flatnonzero((part >= 0.75) & (self.labels == 1))


def draw(finding: str, films: int, size: int = SIZE) -> list[Film]:
    """Return ``count`` films with a finding, of the given size in pixels."""
    parameters = PhantomParameters(
        seed=0,
        size=size,
        noise=1.5,
        lesion_strength=2.0,
        nih={finding: films},
        covid_chestxray={"No Finding": 1},
        dirt=False,
    )
    drawn = []
    for film in draw_nih(parameters):
        mask = film.mask > 0 if film.lesions else np.zeros((size, size), bool)
        name = f"{finding} {film.patient}"
        drawn.append((film.pixels, mask, name, int(bool(film.lesions))))
    return drawn


def draw_all(films: int) -> Films:
    """Return as many films with a mass as without finding."""
    with ProcessPoolExecutor(2) as pool:
        drawn = list(pool.map(draw, ["No Finding", "Mass"], [films, films]))
    return Films.of([*drawn[0], *drawn[1]])


def train(model: KerasModel, films: Films, seed: int) -> None:
    """Train a network on its part of the films, and keep the best epoch's weights."""
    from detl.training.batches import RowBatches
    from detl.training.fit import fit_network

    training, validation, _ = films.split(seed)
    fit_network(
        model,
        RowBatches(films.pixels, training, films.labels[training], 32, seed),
        RowBatches(films.pixels, validation, films.labels[validation], 32),
        TRAINING,
        "pointing game",
    )


def score(films: Films, seed: int, is_trained: bool) -> pd.DataFrame:
    """Return the table of scores of one network on the films of its test patients."""
    from detl.explanation.alignment import find_shift
    from detl.explanation.class_activation import METHODS, map_evidence
    from detl.explanation.grad_cam import upsample
    from detl.explanation.localisation import score_localisation
    from detl.networks import build_network
    from detl.networks.names import EXPLAINED_LAYER

    *_, test = films.split(seed)
    model = build_network(NETWORK, SIZE, 2, seed)
    if is_trained:
        train(model, films, seed)
    pixels = films.pixels[test][..., None].astype(np.float32)
    classes, shift = np.ones(len(test), int), find_shift([model], EXPLAINED_LAYER)
    maps = {
        method: upsample(
            map_evidence(model, pixels, classes, EXPLAINED_LAYER, method), SIZE, shift
        )
        for method in METHODS
    }
    findings = pd.Series(["Mass"] * len(test))
    labels = pd.Series(["other_disease"] * len(test))
    return score_localisation(
        maps, films.masks[test], findings, labels, films.patients[test], 0.8, seed
    )


def show(name: str, table: pd.DataFrame) -> None:
    """Print how often each method points right, with its interval."""
    is_all = (table["finding"] == "all") & (table["class"] == "")
    of_all = table[is_all].set_index(["method", "quantity"])
    for method in of_all.index.unique("method"):
        row = of_all.loc[(method, "pointing")]
        others = ", ".join(
            f"{quantity} {of_all.loc[(method, quantity), 'value']:.3f}"
            for quantity in ("area", "iou", "energy_in_region", "empty")
        )
        print(
            f"{name}, {method}: pointing {row['value']:.3f} "
            f"({row['low']:.3f} to {row['high']:.3f}), {others}; "
            f"{row['images']} films of {row['groups']} patients"
        )


def mean_of(tables: list[pd.DataFrame], method: str, quantity: str) -> float:
    """Return the mean over networks of one score."""
    joined = pd.concat(tables)
    chosen = (joined["method"] == method) & (joined["quantity"] == quantity)
    is_all = (joined["finding"] == "all") & (joined["class"] == "")
    return float(joined.loc[chosen & is_all, "value"].mean())


def main() -> int:
    """Score trained and untrained networks, and return 0 if both conditions hold."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--films", type=int, default=400, help="of each class")
    parser.add_argument("--networks", type=int, default=3, help="that are trained")
    parser.add_argument("--untrained", type=int, default=20, help="networks")
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    films = draw_all(options.films)
    trained = []
    for seed in range(options.networks):
        trained.append(score(films, seed, is_trained=True))
        show(f"network {seed}", trained[-1])
    untrained = [score(films, 100 + k, False) for k in range(options.untrained)]
    area = mean_of(untrained, "grad_cam", "area")
    for method in untrained[0]["method"].unique():
        of_trained, of_untrained = (
            mean_of(tables, method, "pointing") for tables in (trained, untrained)
        )
        print(
            f"mean of networks, {method}: trained {of_trained:.3f}, untrained "
            f"{of_untrained:.3f}, area {area:.3f}"
        )
    pointing = mean_of(trained, "grad_cam", "pointing")
    at_random = mean_of(untrained, "grad_cam", "pointing") - area
    holds = pointing >= TRAINED_LEAST and at_random <= UNTRAINED_ABOVE_AREA_MOST
    print("holds" if holds else "does not hold")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
