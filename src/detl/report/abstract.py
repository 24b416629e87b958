"""The accuracies at the head of the report, and the paragraph on the data."""

import numpy as np
import pandas as pd

from detl.report.blocks import Table
from detl.report.inputs import Study
from detl.report.trainings import count_seeds, name_held
from detl.wording import (
    class_title,
    count_of,
    enumerate_names,
    in_percent,
    interval_in_percent,
    network_title,
)


def tabulate_accuracies(run: Study) -> Table:
    """Return the accuracy of every network with its interval, a row each."""
    rows = [
        {
            "network": network_title(name),
            "accuracy": in_percent(result["accuracy"]),
            "95 % interval": interval_in_percent(
                result["accuracy_low"], result["accuracy_high"]
            ),
        }
        for name, result in run.results.items()
    ]
    seeds = count_seeds(run)
    mean = f", mean of {count_of(seeds, 'training')}" if seeds > 1 else ""
    return Table(
        pd.DataFrame(rows),
        f"Share of test images classified correctly{mean}; intervals over "
        f"{name_held(run)}.",
    )


def write_abstract(run: Study) -> str:
    """Return the paragraph with the images and the source's rule."""
    data_b = run.data_b
    sources = _sources_of(run.images, data_b)
    kind = "synthetic radiographs (phantoms)" if run.is_synthetic else "radiographs"
    return (
        f"Tested on {len(data_b):,} {kind} of {data_b['group'].nunique():,} groups of "
        f"patients, in {data_b['label'].nunique()} classes, from "
        f"{enumerate_names(sorted(sources.unique()))}. "
        f"{_describe_source_rule(sources, data_b)} This is no medical device."
    )


def score_source_rule(sources: np.ndarray, labels: np.ndarray) -> float:
    """Return the accuracy of naming each source's commonest class, from 0 to 1.

    Args:
        sources: The source of each image, (n,).
        labels: Its class, (n,).
    """
    counts = pd.crosstab(pd.Series(sources), pd.Series(labels))
    return float(counts.max(axis=1).sum() / counts.to_numpy().sum())


def _sources_of(images: pd.DataFrame, data_b: pd.DataFrame) -> pd.Series:
    return data_b["image_id"].map(images.set_index("image_id")["source"])


def _describe_source_rule(sources: pd.Series, data_b: pd.DataFrame) -> str:
    if sources.nunique() == 1:
        return "All images are of one source, which therefore tells nothing."
    labels = data_b["label"]
    rule = in_percent(score_source_rule(sources.to_numpy(), labels.to_numpy()))
    told = [
        class_title(str(label))
        for label, own in sources.groupby(labels, sort=False)
        if not set(own) & set(sources[labels != label])
    ]
    apart = (
        f", and tells {enumerate_names(told)} from the rest without error"
        if told
        else ""
    )
    return (
        f"A rule that knows nothing but the source of an image reaches {rule}{apart}."
    )
