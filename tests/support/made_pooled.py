"""Predictions of all folds as ``pool_predictions`` returns them, for several tests."""

import numpy as np
import pandas as pd
from scipy.special import softmax

from detl.schemas.classes import DATA_B_CLASSES


def make_pooled(images=300, groups=None, lift=1.5, seed=0, folds=3):
    """Return predictions that are better than chance by a lift of the true logit.

    Args:
        images: Their number; every fourth is of the same class.
        groups: The group of each; by default each image is its own.
        lift: What is added to the logit of the true class, for all or by image.
        seed: Of the logits, which else are normal.
        folds: Their number; image k is tested in fold k // 4 modulo this.
    """
    numbers = np.arange(images)
    label = numbers % len(DATA_B_CLASSES)
    logits = np.random.default_rng(seed).normal(size=(images, len(DATA_B_CLASSES)))
    logits[numbers, label] += lift
    groups = numbers if groups is None else groups
    table = pd.DataFrame(
        {
            "fold": [f"fold_{k // 4 % folds + 1}" for k in numbers],
            "image_id": [f"image_{k}" for k in numbers],
            "label": np.array(DATA_B_CLASSES)[label],
            "predicted": np.array(DATA_B_CLASSES)[logits.argmax(axis=1)],
        }
    )
    columns = zip(DATA_B_CLASSES, softmax(logits, axis=1).T, strict=True)
    return table.assign(
        **{f"p_{name}": column for name, column in columns},
        group=[f"patient_{k}" for k in groups],
    )


def make_by_seed(seeds=3, spread=0.7, lifts=(), **fields):
    """Return predictions of several seeds: what they share, and noise of their own.

    Args:
        seeds: Their number, from 0.
        spread: SD of each seed's own part of a logit.
        lifts: What a seed lifts the true class by; 1.5 by default.
        **fields: As ``make_pooled`` takes them.
    """
    tables = []
    for seed in range(seeds):
        lift = lifts[seed] if lifts else fields.get("lift", 1.5)
        table = make_pooled(**{**fields, "lift": lift})
        columns = [f"p_{name}" for name in DATA_B_CLASSES]
        noise = np.random.default_rng((7, seed)).normal(size=(len(table), 4))
        logits = np.log(table[columns].to_numpy()) + spread * noise
        table[columns] = softmax(logits, axis=1)
        table["predicted"] = np.array(DATA_B_CLASSES)[logits.argmax(axis=1)]
        table.insert(2, "seed", seed)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
