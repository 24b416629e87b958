"""Copies as pictures get about: resized, compressed, brightened, and all of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
import pandas as pd

from detl.imaging.copies import find_copies
from detl.imaging.decode import decode_image
from detl.imaging.fingerprint import perceptual_hash
from detl.imaging.grey import ImageRejected
from detl.imaging.resize import make_square

Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def resize(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    factor = 2 ** rng.uniform(-1, 1)
    height, width = (round(side * factor) for side in image.shape)
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return cv2.resize(image, (width, height), interpolation=how)


def compress(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    quality = int(rng.integers(30, 91))
    content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(content, cv2.IMREAD_GRAYSCALE)


def scale_brightness(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _to_bytes(image * rng.uniform(0.8, 1.2))


def shift_brightness(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _to_bytes(image + 255 * rng.uniform(-0.2, 0.2))


def change_contrast(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    mean = image.mean()
    return _to_bytes((image - mean) * rng.uniform(0.75, 1.33) + mean)


def change_gamma(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _to_bytes(255 * (image / 255) ** (2 ** rng.uniform(-0.5, 0.5)))


def squeeze(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """As collections are published that have all their pictures square."""
    side = int(rng.choice([224, 256, 512]))
    return cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)


def _to_bytes(values: np.ndarray) -> np.ndarray:
    return np.rint(values).clip(0, 255).astype(np.uint8)


CHANGES: dict[str, tuple[Change, ...]] = {
    "resized": (resize,),
    "compressed": (compress,),
    "scaled brightness": (scale_brightness,),
    "shifted brightness": (shift_brightness,),
    "contrast": (change_contrast,),
    "gamma": (change_gamma,),
    "resized, scaled brightness, compressed": (resize, scale_brightness, compress),
    "all": (resize, change_contrast, change_gamma, scale_brightness, compress),
    "all, shifted": (resize, change_contrast, shift_brightness, compress),
    "squeezed": (squeeze,),
    "squeezed, scaled brightness, compressed": (squeeze, scale_brightness, compress),
}


@dataclass(frozen=True)
class Outcome:
    """What became of planted copies.

    Attributes:
        recall: Share of the copies that are joined to their originals.
        wrong: Share of all images that are joined to a picture of another patient.
        wrong_pairs: Names of the images that are wrongly joined.
    """

    recall: float
    wrong: float
    wrong_pairs: list[tuple[str, str]]


def read_films(folder: Path, every: int = 1) -> pd.DataFrame:
    """Return the pictures of both collections: image_id, patient_id and image.

    Exact copies are left out: they are not taken a second time, so no matter here.
    """
    covid = folder / "covid-chestxray"
    metadata = pd.read_csv(covid / "metadata.csv")
    stems = [PurePosixPath(name).stem for name in metadata["filename"]]
    patients = dict(zip(stems, metadata["patientid"].astype(str), strict=True))
    paths = sorted([*(folder / "nih/images").iterdir(), *(covid / "images").iterdir()])
    films = {}
    for path in paths[::every]:
        # Names of the NIH begin with the patient.
        patient = patients.get(path.stem, path.name.split("_")[0])
        try:
            image = decode_image(path.read_bytes(), 10**8)
        except ImageRejected:
            continue
        films.setdefault(image.tobytes(), (path.name, patient, image))
    return pd.DataFrame(films.values(), columns=["image_id", "patient_id", "image"])


def plant_copies(films: pd.DataFrame, kind: str, every: int) -> pd.DataFrame:
    """Return copies of every so many films; ``original`` is the position of each.

    Those that are squeezed are of films that were not square.
    """
    originals = np.arange(0, len(films))
    if squeeze in CHANGES[kind]:
        is_square = [image.shape[0] == image.shape[1] for image in films["image"]]
        originals = originals[~np.array(is_square)]
    originals = originals[::every]
    copies = []
    for original in originals:
        image, rng = films["image"][original], np.random.default_rng(original)
        for change in CHANGES[kind]:
            image = change(image, rng)
        copies.append(image)
    return films.iloc[originals].assign(image=copies, original=originals)


def store(films: pd.DataFrame, size: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Return what ``ingest`` says of films, and their pixels as it stores them."""
    shapes = np.array([image.shape for image in films["image"]])
    table = pd.DataFrame(
        {
            "perceptual_hash": [perceptual_hash(image) for image in films["image"]],
            "width": shapes[:, 1],
            "height": shapes[:, 0],
            "row": np.arange(len(films)),
        }
    )
    pixels = [make_square(image, size, "crop") for image in films["image"]]
    return table, np.stack(pixels)


def score(films: pd.DataFrame, copies: pd.DataFrame, size: int) -> Outcome:
    """Return what ``find_copies`` makes of films and copies stored at a size."""
    every = pd.concat([films, copies], ignore_index=True)
    found = find_copies(*store(every, size), "crop")
    planted = set(zip(copies["original"], range(len(films), len(every)), strict=True))
    hits = planted & set(zip(found["first"], found["second"], strict=True))
    patients, names = every["patient_id"].to_numpy(), every["image_id"].to_numpy()
    is_wrong = patients[found["first"]] != patients[found["second"]]
    wrong = found[is_wrong]
    images = len(set(wrong["first"]) | set(wrong["second"]))
    pairs = zip(names[wrong["first"]], names[wrong["second"]], strict=True)
    return Outcome(len(hits) / len(planted), images / len(every), list(pairs))
