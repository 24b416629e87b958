"""How far the answers of a bundle on this machine lie from those of the run."""

from collections.abc import Sequence

import numpy as np

from detl.errors import DetlError
from detl.serving.bundle import Bundle
from detl.serving.intake import take_in
from detl.serving.known_answers import digest_pixels
from detl.serving.predictor import Predictor

TOLERANCE = 1e-5
"""Most that a probability may differ: rounding of float32 makes less than 1e-6."""


def measure_deviation(bundle: Bundle) -> float:
    """Return how far an answer on this machine lies from the run's, at most.

    Each test image goes the whole way from its file to its probabilities: those of the
    fold that had not seen it, and those of all folds together.

    Args:
        bundle: Networks, and what belongs to them.

    Raises:
        DetlError: The bundle has no test images, or one is read otherwise here.
    """
    known = bundle.known_answers
    if not known:
        raise DetlError(
            "The bundle is whole, but has no test images to compare: no licence that a "
            "source tells allows a smaller copy of one, so none was made."
        )
    _, by_fold = Predictor(bundle, explains=False).run_networks(
        read_test_images(bundle)
    )
    folds = list(bundle.about.temperatures)
    tested_by = [folds.index(one.expected.fold) for one in known]
    of_fold = by_fold[tested_by, np.arange(len(known))]
    return max(
        _largest(of_fold, [one.expected.of_fold for one in known]),
        _largest(by_fold.mean(axis=0), [one.expected.probabilities for one in known]),
    )


def read_test_images(bundle: Bundle) -> np.ndarray:
    """Return the test images as the networks see them, uint8 (k, size, size).

    Args:
        bundle: Networks, and what belongs to them.

    Raises:
        DetlError: A test image is read otherwise here than in the run.
    """
    size = bundle.about.input_size
    pictures = [_read(number, bundle) for number in range(len(bundle.known_answers))]
    return np.array(pictures, "uint8").reshape(-1, size, size)


def _read(number: int, bundle: Bundle) -> np.ndarray:
    known = bundle.known_answers[number]
    taken = take_in(known.picture, bundle.expected)
    if (
        taken.pixels is None
        or digest_pixels(taken.pixels) != known.expected.pixels_sha256
    ):
        reasons = "; ".join(taken.reasons) or "it has other pixels"
        raise DetlError(
            f"Test image {number + 1} is not read as it was in the run ({reasons}): "
            "install the versions of opencv-python-headless and pillow that "
            "requirements.lock has."
        )
    return taken.pixels


def _largest(found: np.ndarray, expected: Sequence[Sequence[float]]) -> float:
    return float(np.abs(found - np.asarray(expected)).max())
