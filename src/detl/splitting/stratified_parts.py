"""Whole groups of patients, dealt out to parts in which classes have equal shares."""

from collections.abc import Iterator

import numpy as np
import pandas as pd


def split_units(
    labels: pd.Series, units: pd.Series, parts: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield positions of the rest and of the part, for each stratified part.

    Args:
        labels: Class of each image, (n,).
        units: What stays together, groups or single images, (n,).
        parts: How many, at least 2.
        seed: Of the shuffle.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    splitter = StratifiedGroupKFold(parts, shuffle=True, random_state=seed)
    yield from splitter.split(labels, labels, units)


def draw_part(
    labels: pd.Series, units: pd.Series, parts: int, rng: np.random.Generator
) -> np.ndarray:
    """Return the positions of one of the stratified parts, each as likely.

    Not always of the first: whatever the seed, the largest group is in the same part.

    Args:
        labels: Class of each image, (n,).
        units: What stays together, groups or single images, (n,).
        parts: How many there are, at least 2.
        rng: Deals out the units, and chooses the part.
    """
    splits = split_units(labels, units, parts, int(rng.integers(2**31)))
    every = [part for _, part in splits]
    return every[rng.integers(parts)]
