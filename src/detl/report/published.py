"""The accuracies of the paper, and what they can mean."""

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from detl.statistics.wilson import wilson_interval
from detl.wording import interval_in_percent, network_title

IMAGES = 1277
"""Images of the paper's Data-B (Table I)."""

FOLD_SIZES = (255, 255, 255, 256, 256)
"""Five folds of them that are as equal as can be."""


@dataclass(frozen=True)
class PublishedAccuracy:
    """An accuracy of the paper's section IV and the number after its ±, in per cent."""

    percent: float
    deviation: float

    @property
    def quotation(self) -> str:
        """The figure as the paper prints it."""
        return f"{self.percent:.2f} % ± {self.deviation:.2f}"

    @property
    def correct(self) -> int:
        """The nearest number of correct images in all folds."""
        return round(self.percent / 100 * IMAGES)

    @property
    def is_pooled(self) -> bool:
        """Whether this number of images gives the figure, to its two decimals."""
        return round(100 * self.correct / IMAGES, 2) == self.percent

    @cached_property
    def interval(self) -> tuple[float, float]:
        """The 95 % Wilson interval of this number of images, from 0 to 1."""
        return wilson_interval(self.correct, IMAGES)


PUBLISHED = {
    "alexnet": PublishedAccuracy(82.98, 0.02),
    "vgg16": PublishedAccuracy(90.13, 0.14),
    "resnet50": PublishedAccuracy(85.98, 0.07),
}


def smallest_deviation(correct: int) -> float:
    """Return the smallest possible SD of five folds with this many correct images.

    It is above 0, because a fold has a whole number of correct images.

    Args:
        correct: Correct images of all folds, 0 to ``IMAGES``.

    Returns:
        SD of the folds' accuracies in percentage points. Its denominator is n, which
        gives a smaller SD than n - 1.
    """
    share = correct / IMAGES
    near = [(math.floor(share * n), math.ceil(share * n)) for n in FOLD_SIZES]
    accuracies = [
        np.divide(counts, FOLD_SIZES)
        for counts in product(*near)
        if sum(counts) == correct
    ]
    return min(float(100 * fold.std()) for fold in accuracies)


def question_published() -> list[str]:
    """Return what each figure of the paper can and cannot be, a sentence each."""
    return [_question(name, figure) for name, figure in PUBLISHED.items()]


def _question(architecture: str, figure: PublishedAccuracy) -> str:
    share = 100 * figure.correct / IMAGES
    pooled = (
        f"is {figure.correct:,} of {IMAGES:,} images"
        if figure.is_pooled
        else f"is no whole number of {IMAGES:,} images ({figure.correct:,} are "
        f"{share:.2f} %)"
    )
    smallest = smallest_deviation(figure.correct)
    impossible = (
        f", so ± {figure.deviation:.2f} is no SD in percentage points"
        if figure.deviation < round(smallest, 2)
        else ""
    )
    return (
        f"{network_title(architecture)}: {figure.percent:.2f} % {pooled}; its own 95 % "
        f"interval is {interval_in_percent(*figure.interval)}. With folds of 255 and "
        f"256 images, the smallest possible SD is {smallest:.3f} points{impossible}."
    )
