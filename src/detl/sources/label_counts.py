"""Counts of the labels of NIH ChestX-ray14, and which findings occur together."""

import numpy as np
import pandas as pd

from detl.sources.findings import NO_FINDING, PNEUMONIA, carries


def count_labels(labels: pd.DataFrame) -> dict[str, int]:
    """Return counts of images that identify the version of the label file.

    Args:
        labels: Result of ``detl.sources.read_nih_labels``.

    Returns:
        ``images``, ``patients``; images with ``no_finding``, and how many of them are
        ``no_finding_pa`` and ``no_finding_ap``; ``finding_without_pneumonia``;
        ``pneumonia_alone``; and ``pneumonia``, alone or with other findings.
    """
    findings = labels["findings"]
    normal = findings == NO_FINDING
    pneumonia = carries(findings, PNEUMONIA)
    counts = {
        "no_finding": normal,
        "no_finding_pa": normal & (labels["view"] == "PA"),
        "no_finding_ap": normal & (labels["view"] == "AP"),
        "finding_without_pneumonia": ~normal & ~pneumonia,
        "pneumonia_alone": findings == PNEUMONIA,
        "pneumonia": pneumonia,
    }
    return {
        "images": len(labels),
        "patients": labels["patient"].nunique(),
        **{name: int(chosen.sum()) for name, chosen in counts.items()},
    }


def count_cooccurrence(labels: pd.DataFrame) -> pd.DataFrame:
    """Return how many images have two findings together, the commonest finding first.

    Args:
        labels: Result of ``detl.sources.read_nih_labels``.

    Returns:
        ``finding``, then a column per finding with the number of images that have
        both, on the diagonal all images with the finding; last ``alone``, images with
        no other finding.
    """
    # Counting a few hundred combinations is faster than counting all images.
    images = labels.loc[labels["findings"] != NO_FINDING, "findings"].value_counts()
    if images.empty:
        return pd.DataFrame({"finding": [], "alone": []})
    has = images.index.to_series().str.get_dummies("|")
    pairs = has.T @ has.mul(images, axis=0)
    totals = pd.Series(np.diag(pairs), pairs.index)
    order = totals.sort_index().sort_values(ascending=False, kind="stable").index
    table = pairs.loc[order, order].rename_axis(index="finding", columns=None)
    alone = images.reindex(order, fill_value=0)
    return table.assign(alone=alone).reset_index()
