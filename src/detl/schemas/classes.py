"""The classes of Data-A and Data-B (paper, Table I), in the order of the logits."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from detl.errors import DetlError

DATA_A_CLASSES = ("normal", "diseased")
DATA_B_CLASSES = ("normal", "other_disease", "pneumonia", "covid_19")

PROBABILITIES = [f"p_{label}" for label in DATA_B_CLASSES]
"""The columns of the class probabilities, in the order of the classes."""


def class_indices(
    labels: pd.Series, classes: Sequence[str] = DATA_B_CLASSES
) -> np.ndarray:
    """Return the place of each label among the classes, int64 (n,).

    Args:
        labels: Names of classes.
        classes: All classes, in the order of the logits.

    Raises:
        DetlError: A label is no class.
    """
    indices = pd.Index(classes).get_indexer(pd.Index(labels))
    if (indices < 0).any():
        raise DetlError(
            f"Column {labels.name} holds {labels[indices < 0].iloc[0]}, expected are "
            f"{', '.join(classes)}: run what made the table again."
        )
    return indices
