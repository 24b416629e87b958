"""What can be said of an image without looking at the lungs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from detl.schemas.tables import UNKNOWN

VIEWS = ("PA", "AP", "AP Supine", "L", UNKNOWN)
SEXES = ("M", "F", UNKNOWN)

THUMBNAIL_SIDE = 16
"""Height and width of a thumbnail, in pixels: of the lungs it shows where they are."""


@dataclass(frozen=True)
class Pictures:
    """The images of Data-B, and what is known of them.

    Attributes:
        known: Table ``images``, the rows of Data-B's images in the order of Data-B.
        pixels: Their stored pixels in the same order, uint8 (n, size, size).
        border_share: Width of the border as a share of each side, between 0 and 0.5.
    """

    known: pd.DataFrame
    pixels: np.ndarray
    border_share: float


def choose_pictures(
    data_b: pd.DataFrame, images: pd.DataFrame, pixels: np.ndarray, border_share: float
) -> Pictures:
    """Return the images of Data-B with what the source says of them.

    Args:
        pixels: Stored pixels of all images, uint8 (n, size, size).
        border_share: Width of the border as a share of each side.
    """
    known = images.set_index("image_id").loc[data_b["image_id"]].reset_index()
    rows = data_b["row"].to_numpy("int64")
    return Pictures(known, np.asarray(pixels[rows]), border_share)


def encode_source(pictures: Pictures) -> pd.DataFrame:
    """Return 1 in the column ``source_<name>`` of each image's source, else 0."""
    return pd.get_dummies(pictures.known["source"], prefix="source", dtype=float)


def encode_metadata(pictures: Pictures) -> pd.DataFrame:
    """Return what can be known of each image without seeing what it shows.

    Returns:
        ``width`` and ``height`` of the file in pixels, ``aspect`` (width by height);
        ``view_<view>`` and ``sex_<sex>``, 0 or 1; ``age`` in years, NaN where it is
        not known, and ``age_missing``, 0 or 1; ``mean_brightness`` of the stored
        pixels, 0 to 255.
    """
    known = pictures.known
    age = known["age"].astype(float)
    columns = {
        "width": known["width"].astype(float),
        "height": known["height"].astype(float),
        "aspect": known["width"] / known["height"],
        **{f"view_{view}": (known["view"] == view).astype(float) for view in VIEWS},
        "age": age,
        "age_missing": age.isna().astype(float),
        **{f"sex_{sex}": (known["sex"] == sex).astype(float) for sex in SEXES},
        "mean_brightness": pictures.pixels.mean(axis=(1, 2)),
    }
    return pd.DataFrame(columns)


def cut_out_border(pictures: Pictures) -> np.ndarray:
    """Return the grey levels of a frame along each image's edges, float64 (n, m).

    Row by row from the top; the frame is ``border_share`` of each side wide, and at
    least one pixel.
    """
    size = pictures.pixels.shape[1]
    frame = np.ones((size, size), bool)
    frame[_centre(size, 1 - 2 * pictures.border_share)] = False
    return pictures.pixels[:, frame].astype("float64")


def make_thumbnails(pictures: Pictures) -> np.ndarray:
    """Return each image reduced to 16 x 16 grey levels, float64 (n, 256)."""
    import cv2

    side = (THUMBNAIL_SIDE, THUMBNAIL_SIDE)
    small = [
        cv2.resize(image, side, interpolation=cv2.INTER_AREA)
        for image in pictures.pixels
    ]
    return np.reshape(small, (len(small), -1)).astype("float64")


CUES: Mapping[str, Callable[[Pictures], np.ndarray | pd.DataFrame]] = {
    "source": encode_source,
    "metadata": encode_metadata,
    "border": cut_out_border,
    "thumbnail": make_thumbnails,
}
"""The inputs of a simple model, (n, inputs), by the name of the cue; NaN is unknown."""


def black_out_centre(pixels: np.ndarray, centre_share: float) -> np.ndarray:
    """Return the images with one grey level in place of most of the lungs.

    It is the mean of the frame that is left, and not black: next to the edge that black
    makes, a network that was pretrained on whole images sees little of the frame, and
    misses shortcuts that are there (``benchmarks/shortcut_instrument.py``).

    Args:
        pixels: uint8 (n, size, size); left as they are.
        centre_share: Share of each side that the square about the centre takes, between
            0 and 1; a frame of at least one pixel is left.

    Returns:
        uint8 (n, size, size).

    Reference:
        G. Maguolo, L. Nanni, "A critic evaluation of methods for COVID-19 automatic
        detection from X-ray images", arXiv:2004.12823 (2020).
    """
    blackened = np.array(pixels)
    rows, columns = _centre(pixels.shape[1], centre_share)
    frame = np.ones(pixels.shape[1:], bool)
    frame[rows, columns] = False
    grey = np.round(blackened[:, frame].mean(axis=1)).astype("uint8")
    blackened[:, rows, columns] = grey[:, np.newaxis, np.newaxis]
    return blackened


def _centre(size: int, share: float) -> tuple[slice, slice]:
    """Return the rows and columns of a square about the centre."""
    edge = max(1, round(size * (1 - share) / 2))
    inner = slice(edge, size - edge)
    return inner, inner
