import numpy as np
import pandas as pd
import pytest

from detl.classes import DATA_B_CLASSES


@pytest.fixture
def make_predictions():
    """Build a table of predictions from (label, predicted) pairs.

    The predicted class has the probability 0.7, each other class 0.1.
    """

    def make(*pairs, prefix="image"):
        labels, predicted = zip(*pairs, strict=True)
        table = {
            "image_id": [f"{prefix}_{k}" for k in range(len(pairs))],
            "label": labels,
            "predicted": predicted,
        }
        for name in DATA_B_CLASSES:
            table[f"p_{name}"] = np.where(np.array(predicted) == name, 0.7, 0.1)
        return pd.DataFrame(table)

    return make


@pytest.fixture
def make_matrix():
    """Build a confusion matrix from its rows."""

    def make(*rows):
        index = pd.Index(DATA_B_CLASSES, name="label")
        return pd.DataFrame(list(rows), index=index, columns=list(DATA_B_CLASSES))

    return make
