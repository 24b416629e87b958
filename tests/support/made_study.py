"""A small study, for the tests of the shortcut card and of the sources."""

import numpy as np
import pandas as pd

from detl.schemas.classes import DATA_B_CLASSES

SIZE = 8


def make_study(*sources, per_class=24):
    """Return Data-B with every class in each source, its images and pixels."""
    rows = [
        (f"{source}/{label}-{k}", source, label)
        for source in sources
        for label in DATA_B_CLASSES
        for k in range(per_class)
    ]
    images = pd.DataFrame(rows, columns=["image_id", "source", "label"])
    images = images.assign(
        group=images["image_id"],
        row=range(len(images)),
        width=64,
        height=64,
        view="PA",
        age=50.0,
        sex="F",
        findings=images["label"].map(
            dict(
                zip(
                    DATA_B_CLASSES,
                    ("No Finding", "Mass", "Pneumonia", "COVID-19"),
                    strict=True,
                )
            )
        ),
    )
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (len(images), SIZE, SIZE), dtype=np.uint8)
    return images[["image_id", "row", "group", "label"]], images, pixels


def make_folds(data_b):
    place = np.arange(len(data_b)) % 4
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "image_id": data_b["image_id"],
                    "fold": fold,
                    "subset": np.where(place // 2 == number, "test", "train"),
                }
            )
            for number, fold in enumerate(("fold_1", "fold_2"))
        ],
        ignore_index=True,
    )
