"""Test images of the run, and what it answered for them."""

from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np
from pydantic import BaseModel, ConfigDict


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
    return content.tobytes(), digest_pixels(pixels)


def digest_pixels(pixels: np.ndarray) -> str:
    """Return the SHA-256 of grey values, row by row, a byte each.

    Args:
        pixels: uint8 (size, size).
    """
    return sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()
