"""What the fill at the border does to a picture's contrast: black, or its edge again.

    python benchmarks/augmentation_fill.py [FOLDER] [--size 64] [--seed 0]

Rotates and zooms the films below a folder, by default the base sample, in the
ranges of every environment, and made smaller as far as they allow, with each fill. The
networks divide a picture by the standard deviation of its grey values: by as much as
that has grown, the contrast of all tissue is divided.
"""

import argparse
from pathlib import Path

import keras
import numpy as np
from base_sample import sample_folder

from detl.imaging.decode import decode_image
from detl.imaging.grey import ImageRejected
from detl.imaging.resize import make_square

ANGLE, WINDOW = 10 / 360, (1 / 1.15 - 1, 1 / 0.85 - 1)


def read_films(folder: Path, size: int) -> np.ndarray:
    """Return the films below a folder that can be read, float32 (n, size, size, 1)."""
    films = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in {".png", ".jpg", ".jpeg"}:
            try:
                film = decode_image(path.read_bytes(), 10**8)
            except ImageRejected:
                continue
            films.append(make_square(film, size, "crop"))
    return np.stack(films)[..., np.newaxis].astype("float32")


def measure(films: np.ndarray, fill: str, window: tuple[float, float], seed: int):
    """Return by how much contrast is divided, and the shift of the mean grey value.

    Both of each film, (n,); the shift in standard deviations of the film.
    """
    turn = keras.layers.RandomRotation(ANGLE, fill_mode=fill, seed=seed)
    zoom = keras.layers.RandomZoom(window, fill_mode=fill, seed=seed + 1)
    seen = np.asarray(zoom(turn(films, training=True), training=True))
    axes = (1, 2, 3)
    spread = films.std(axis=axes)
    shift = seen.mean(axis=axes) - films.mean(axis=axes)
    return seen.std(axis=axes) / spread, shift / spread


def main(arguments: argparse.Namespace) -> None:
    """Print a line per range and fill."""
    films = read_films(arguments.folder or sample_folder(), arguments.size)
    print(f"{len(films)} films of {arguments.size} px: mean (SD) over films")
    smallest = (WINDOW[1], WINDOW[1])
    for name, window in (("zoom 0.85 to 1.15", WINDOW), ("zoom 0.85", smallest)):
        for fill in ("constant", "nearest"):
            divided, shift = measure(films, fill, window, arguments.seed)
            print(
                f"{name}, {'black' if fill == 'constant' else 'edge repeated'}: "
                f"contrast divided by {divided.mean():.2f} ({divided.std():.2f}), "
                f"grey shifted by {shift.mean():+.2f} ({shift.std():.2f}) SD"
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    main(parser.parse_args())
