"""Deletion and insertion: does the network need the pixels that a map points at?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import pandas as pd
from scipy.special import softmax

from detl.errors import DetlError
from detl.networks.keras_settings import plain_keras
from detl.schemas.keras_model import KerasModel
from detl.statistics.bootstrap import Kind, draw_weights
from detl.statistics.means import MEAN_COLUMNS, measure_mean

STEPS = 20
"""Number of steps that replace the pixels of an image, 5 % each."""

BLUR = 0.1
"""Standard deviation of the blur, as a part of the picture's side. It also sets the
size of the patches of the random order."""

BATCH_SIZE = 256

RANDOM = "random"
"""Name of the curves of a random order."""

CURVES = {"deletion": -1, "insertion": 1}
"""Each curve, and the sign of a better area below it: smaller (-1) or larger (1)."""

CURVE_COLUMNS = ["method", "curve", "fraction", "probability"]
AREA_COLUMNS = ["method", "quantity", *MEAN_COLUMNS]


@dataclass(frozen=True)
class Curves:
    """Probability of the explained class while pixels are replaced.

    The pixels with the highest values of the map come first.

    Attributes:
        deletion: (n, steps + 1), from the image to its blurred copy.
        insertion: (n, steps + 1), from the blurred copy to the image.
    """

    deletion: np.ndarray
    insertion: np.ndarray

    @property
    def steps(self) -> int:
        """Number of steps that replace all pixels."""
        return self.deletion.shape[1] - 1

    def area(self, curve: str) -> np.ndarray:
        """Return the area below a curve, deletion or insertion, of each image, (n,)."""
        return np.trapezoid(getattr(self, curve), dx=1 / self.steps, axis=1)


def trace_curves(
    trunk: KerasModel,
    tail: KerasModel,
    pixels: np.ndarray,
    class_indices: np.ndarray,
    maps: Mapping[str, np.ndarray],
    seed: int,
    steps: int = STEPS,
) -> dict[str, Curves]:
    """Return the curves for each method's maps, and for a random order of pixels.

    The random order goes from patch to patch, as the maps do. Single random pixels
    would cover the picture with grains, which networks react to: such an order would
    beat every map at deletion and lose to every map at insertion.

    Pixels of a blurred copy replace the original ones. RISE uses black pixels for
    deletion, but black means air in a radiograph, as in a healthy lung; its edges are
    new shapes, and much of it changes how the networks standardise the rest. The blur
    is wide enough to remove a lesion. Every deletion curve ends at the probability of
    the class in the blurred copy.

    Args:
        trunk: From pixels, 0 to 255, to features.
        tail: From features to logits, without softmax.
        pixels: Images, (n, size, size), uint8.
        class_indices: Column of the explained class of each image, (n,), integers.
        maps: Method to maps, (n, size, size), float. Pixels of equal value come in the
            random order, for a map of zeros all of them.
        seed: Seed of the random order of each image.
        steps: Number of steps that replace all pixels.

    Returns:
        Method to its curves, and ``RANDOM`` to those of the random order.

    Raises:
        DetlError: The maps are not of the images' size.

    Reference:
        Petsiuk, Das, Saenko, "RISE: Randomized Input Sampling for Explanation of
        Black-box Models", BMVC 2018, section 4.2.
    """
    for method, of_method in maps.items():
        if of_method.shape != pixels.shape:
            raise DetlError(
                f"The maps of {method} have the shape {of_method.shape} and the images "
                f"{pixels.shape}: bring the maps to the size of the pixels with "
                "detl.explanation.grad_cam.upsample."
            )
    grains = np.random.default_rng(seed).standard_normal(pixels.shape)
    chance = blur(grains.astype(np.float32))
    every = {**maps, RANDOM: np.zeros(pixels.shape)}
    curves = {}
    for method, of_method in every.items():
        steps_of = rank_pixels(of_method, chance, steps)
        traced = (
            _trace(trunk, tail, pixels, class_indices, steps_of, steps, curve)
            for curve in CURVES
        )
        curves[method] = Curves(*traced)
    return curves


def rank_pixels(maps: np.ndarray, chance: np.ndarray, steps: int) -> np.ndarray:
    """Return the step that replaces each pixel, 0 to steps - 1, (n, h, w).

    Args:
        maps: (n, h, w), float; the highest values come first.
        chance: (n, h, w), the order of pixels with equal values.
        steps: Number of steps, with equally many pixels each.
    """
    images = len(maps)
    flat, order = maps.reshape(images, -1), chance.reshape(images, -1)
    first_to_last = np.lexsort((order, -flat), axis=1)
    step = np.arange(flat.shape[1]) * steps // flat.shape[1]
    steps_of = np.empty(flat.shape, np.int32)
    np.put_along_axis(steps_of, first_to_last, np.broadcast_to(step, flat.shape), 1)
    return steps_of.reshape(maps.shape)


def blur(pixels: np.ndarray) -> np.ndarray:
    """Return blurred copies of the images, (n, size, size), float32.

    Args:
        pixels: (n, size, size), uint8 or float32.
    """
    blurred = np.empty(pixels.shape, np.float32)
    for copy, image in zip(blurred, pixels, strict=True):
        cv2.GaussianBlur(image.astype(np.float32), (0, 0), BLUR * len(image), dst=copy)
    return blurred


def _trace(
    trunk: KerasModel,
    tail: KerasModel,
    pixels: np.ndarray,
    class_indices: np.ndarray,
    steps_of: np.ndarray,
    steps: int,
    curve: str,
) -> np.ndarray:
    probabilities = np.empty((len(pixels), steps + 1))
    at_once = max(1, BATCH_SIZE // (steps + 1))
    done = np.arange(steps + 1)[None, :, None, None]
    for start in range(0, len(pixels), at_once):
        batch = slice(start, start + at_once)
        images, copies = pixels[batch].astype(np.float32), blur(pixels[batch])
        before, after = (images, copies) if curve == "deletion" else (copies, images)
        replaced = steps_of[batch][:, None] < done
        mixed = np.where(replaced, after[:, None], before[:, None])
        of_classes = _predict(trunk, tail, mixed.reshape(-1, *pixels.shape[1:]))
        of_classes = of_classes.reshape(len(images), steps + 1, -1)
        explained = class_indices[batch][:, None, None]
        probabilities[batch] = np.take_along_axis(of_classes, explained, 2)[..., 0]
    return probabilities


@plain_keras()
def _predict(trunk: KerasModel, tail: KerasModel, images: np.ndarray) -> np.ndarray:
    features = trunk.predict_on_batch(images[..., None])
    return softmax(tail.predict_on_batch(features).astype("float64"), axis=-1)


def join_curves(parts: Sequence[Mapping[str, Curves]]) -> dict[str, Curves]:
    """Return the curves of several sets of images, such as folds, joined together.

    Args:
        parts: Results of ``trace_curves`` for the same methods and steps, at least one.
    """
    return {
        method: Curves(
            *(
                np.concatenate([getattr(part[method], curve) for part in parts])
                for curve in CURVES
            )
        )
        for method in parts[0]
    }


def tabulate_curves(curves: Mapping[str, Curves]) -> pd.DataFrame:
    """Return the mean curves, a row per method, curve and step.

    Args:
        curves: Result of ``trace_curves``.

    Returns:
        ``method``, ``curve`` (deletion, insertion), replaced ``fraction`` of the
        pixels, 0 to 1, and mean ``probability`` of the explained class.
    """
    rows = [
        (method, curve, step / of_method.steps, probability)
        for method, of_method in curves.items()
        for curve in CURVES
        for step, probability in enumerate(getattr(of_method, curve).mean(axis=0))
    ]
    return pd.DataFrame(rows, columns=CURVE_COLUMNS)


def score_curves(
    curves: Mapping[str, Curves], groups: np.ndarray, seed: int
) -> pd.DataFrame:
    """Return the areas below the curves, and their gain over a random order.

    Args:
        curves: Result of ``trace_curves``.
        groups: The group of patients of each image, (n,).

    Returns:
        A row per method and ``quantity``, with ``value``, ``low`` and ``high`` (95 %,
        over groups of patients), ``images``, ``groups`` and ``note``. Quantities:
        ``deletion_area`` (0 to 1, lower is better), ``insertion_area`` (0 to 1, higher
        is better), and the paired differences to the random order, ``deletion_gain``
        and ``insertion_gain``. A gain above 0 means that the map is better than chance.
    """
    weights = draw_weights(groups, seed)
    rows = []

    def add(method: str, quantity: str, of_images: np.ndarray, kind: Kind) -> None:
        mean = measure_mean(of_images, weights, groups, kind)
        rows.append({"method": method, "quantity": quantity, **mean})

    for method, of_method in curves.items():
        for curve, better in CURVES.items():
            area = of_method.area(curve)
            add(method, f"{curve}_area", area, "score")
            if method != RANDOM:
                gain = better * (area - curves[RANDOM].area(curve))
                add(method, f"{curve}_gain", gain, "number")
    return pd.DataFrame(rows, columns=AREA_COLUMNS)
