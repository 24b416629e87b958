"""Confidence intervals of proportions, and the warnings they give rise to."""

import pandas as pd
from scipy.stats import binomtest

from detl.errors import DetlError


def wilson_interval(
    successes: int, trials: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Lower and upper end of the Wilson score interval of a proportion.

    Args:
        successes: Number of images classified correctly, 0 to ``trials``.
        trials: Number of images, at least 1.
        confidence: Coverage, between 0 and 1.

    Raises:
        DetlError: The numbers are no proportion.

    Reference:
        E. B. Wilson, "Probable inference, the law of succession, and statistical
        inference", J. Am. Stat. Assoc. 22 (1927), 209-212.
    """
    if trials < 1 or not 0 <= successes <= trials:
        raise DetlError(
            f"An interval was asked for {successes} of {trials} images, expected are "
            "at least 1 image and 0 up to all of them correct: check the predictions."
        )
    interval = binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def warn_unlearned(
    successes: int, trials: int, chance: float, pooled: pd.DataFrame
) -> list[str]:
    """Sentences that say where a network has not learned; none if it has.

    One where the 95 % interval of the Data-A validation accuracy includes chance or
    lies below it, and one for each class that is never predicted on Data-B.

    Args:
        successes: Data-A validation images classified correctly.
        trials: Data-A validation images.
        chance: Share of the largest class in Data-A's validation part.
        pooled: Confusion matrix of all folds (rows true, columns predicted).

    Raises:
        DetlError: ``successes`` of ``trials`` is no proportion.
    """
    low, high = wilson_interval(successes, trials)
    sentences = []
    if low <= chance:
        sentences.append(
            f"The accuracy on Data-A's validation part, {successes / trials:.3f} "
            f"({successes} of {trials}, 95 % interval {low:.3f} to {high:.3f}), is not "
            f"above chance, {chance:.3f}."
        )
    images = pooled.to_numpy().sum()
    sentences += [
        f"Class {label} is never predicted for any of the {images} test images."
        for label, predicted in pooled.sum(axis=0).items()
        if predicted == 0
    ]
    return sentences
