"""Means over images of what was measured on each, with intervals over patients."""

import numpy as np

from detl.statistics.bootstrap import Kind, divide, measure

MEAN_COLUMNS = ["value", "low", "high", "images", "groups", "note"]
"""What ``measure_mean`` says."""


def measure_mean(
    values: np.ndarray,
    weights: np.ndarray,
    groups: np.ndarray,
    kind: Kind = "number",
) -> dict[str, float | int | str]:
    """Return the mean of the images' values, with its interval and what it rests on.

    Args:
        values: One number per image, (n,); NaN where the image does not count.
        weights: Result of ``draw_weights`` for the same images, (draws, n).
        groups: The group of patients of each image, (n,).
        kind: What the mean is.

    Returns:
        ``value``, ``low`` and ``high`` (95 %), NaN where there is no number or no
        interval; the numbers of ``images`` and ``groups`` that count; and ``note``,
        empty or why there is none: ``not enough data (n = 7)``.
    """
    counts = np.isfinite(values)

    def mean(drawn: np.ndarray) -> np.ndarray:
        of_those = drawn[:, counts]
        # A resample may hold none of them: it is undefined, and ``measure`` skips it.
        return divide(of_those @ values[counts], of_those.sum(axis=1))

    result = measure(mean, weights, groups[counts], kind=kind)
    return {
        "value": result.value,
        "low": result.low,
        "high": result.high,
        "images": int(counts.sum()),
        "groups": result.groups,
        "note": result.note,
    }
