"""How many images of Data-B a logistic regression tells by their thumbnails.

    python benchmarks/thumbnails.py [DATA]

DATA is a data folder in which ``kedro run --pipeline ingest`` and ``split`` have run,
by default ``data``. Prints the accuracy over all images of Data-B, in the folds of the
run, from 16 x 16 pixels. Where it is not below 70 %, which the exit status says, the
sample is too easy for a network to show anything.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SIDE = 16
STRENGTHS = (0.1, 0.01)
"""Inverse strengths of the penalty, of which the best one counts."""
LIMIT = 0.70


def shrink(pictures: np.ndarray) -> np.ndarray:
    """Return the thumbnails of square pictures, float (n, 256)."""
    small = [
        cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        for picture in pictures
    ]
    return np.stack(small).reshape(len(small), -1).astype(float)


def measure_accuracy(
    thumbnails: np.ndarray, labels: np.ndarray, tested_in: np.ndarray
) -> float:
    """Return the share of images that are told right when their fold is left out.

    Args:
        thumbnails: One row per image.
        labels: The class of each image.
        tested_in: The fold that tests each image.
    """
    accuracies = []
    for strength in STRENGTHS:
        right = np.zeros(len(labels), bool)
        for fold in np.unique(tested_in):
            test = tested_in == fold
            model = make_pipeline(
                StandardScaler(), LogisticRegression(C=strength, max_iter=2000)
            )
            model.fit(thumbnails[~test], labels[~test])
            right[test] = model.predict(thumbnails[test]) == labels[test]
        accuracies.append(right.mean())
    return float(max(accuracies))


def main(data: Path) -> int:
    """Print the accuracy; return 1 if it is not below the limit."""
    data_b = pd.read_parquet(data / "03_primary/data_b.parquet")
    folds = pd.read_parquet(data / "03_primary/folds.parquet")
    tested = folds[folds["subset"] == "test"].set_index("image_id")["fold"]
    pixels = np.load(data / "02_intermediate/pixels.npy", mmap_mode="r")
    accuracy = measure_accuracy(
        shrink(pixels[data_b["row"]]),
        data_b["label"].to_numpy(),
        tested.loc[data_b["image_id"]].to_numpy(),
    )
    print(f"{accuracy:.1%} of the {len(data_b):,} images of Data-B")
    return int(accuracy >= LIMIT)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "data")))
