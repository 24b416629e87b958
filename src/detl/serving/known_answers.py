"""Test images of the run, and whether a bundle still answers them as the run did."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict

from detl.errors import DetlError
from detl.serving.intake import take_in

if TYPE_CHECKING:
    from detl.serving.bundle import Bundle

TOLERANCE = 1e-5
"""Most that a probability may differ: rounding of float32 makes less than 1e-6."""


class Expectation(BaseModel):
    """What is known of a test image, but for its picture."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    source: str
    license: str
    """As the source says; the picture is copied with the bundle."""
    pixels_sha256: str
    """Of the grey values that the networks see, row by row, a byte each."""
    fold: str
    """Whose networks have not been trained on it."""
    of_fold: list[float]
    """The probabilities of that fold in the run, at its temperature."""
    probabilities: list[float]
    """The mean of all folds, which is the answer."""


@dataclass(frozen=True)
class KnownAnswer:
    """A test image of the run, and its answer.

    Attributes:
        picture: A PNG of the grey values that the networks see.
        expected: The answer, and where the picture is from.
    """

    picture: bytes = field(repr=False)
    expected: Expectation


def encode_picture(pixels: np.ndarray) -> tuple[bytes, str]:
    """Return the PNG of some grey values, and the SHA-256 of these.

    Args:
        pixels: uint8 (size, size).
    """
    import cv2

    _, content = cv2.imencode(".png", pixels)
    return content.tobytes(), _digest(pixels)


def measure_difference(bundle: "Bundle") -> float:
    """Return how far an answer on this machine lies from the run's, at most.

    Each test image goes the whole way from its file to its probabilities: those of the
    fold that had not seen it, and those of all folds together.

    Args:
        bundle: Networks, and what belongs to them.

    Raises:
        DetlError: The bundle has no test images, or one is read otherwise here.
    """
    from detl.serving.predictor import Predictor

    known = bundle.known_answers
    if not known:
        raise DetlError(
            "The bundle is whole, but has no test images to compare: no licence that a "
            "source tells allows a smaller copy of one, so none was made."
        )
    _, by_fold = Predictor(bundle, explains=False).run_networks(read_pictures(bundle))
    folds = list(bundle.about.temperatures)
    tested_by = [folds.index(one.expected.fold) for one in known]
    of_fold = by_fold[tested_by, np.arange(len(known))]
    return max(
        _largest(of_fold, [one.expected.of_fold for one in known]),
        _largest(by_fold.mean(axis=0), [one.expected.probabilities for one in known]),
    )


def read_pictures(bundle: "Bundle") -> np.ndarray:
    """Return the test images as the networks see them, uint8 (k, size, size).

    Args:
        bundle: Networks, and what belongs to them.

    Raises:
        DetlError: A test image is read otherwise here than in the run.
    """
    size = bundle.about.input_size
    pictures = [_read(number, bundle) for number in range(len(bundle.known_answers))]
    return np.array(pictures, "uint8").reshape(-1, size, size)


def _read(number: int, bundle: "Bundle") -> np.ndarray:
    known = bundle.known_answers[number]
    taken = take_in(known.picture, bundle.expected)
    if taken.pixels is None or _digest(taken.pixels) != known.expected.pixels_sha256:
        reasons = "; ".join(taken.reasons) or "it has other pixels"
        raise DetlError(
            f"Test image {number + 1} is not read as it was in the run ({reasons}): "
            "install the versions of opencv-python-headless and pillow that "
            "requirements.lock has."
        )
    return taken.pixels


def _largest(found: np.ndarray, expected: Sequence[Sequence[float]]) -> float:
    return float(np.abs(found - np.asarray(expected)).max())


def _digest(pixels: np.ndarray) -> str:
    return sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()
