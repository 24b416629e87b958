"""What the page on another model's predictions shows."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from detl.report.inputs import Study

MODEL = "model"
"""The name that the audited model has in all tables."""

MOST_NAMED = 3
"""Images that are named of those that were left out for one reason."""


@dataclass(frozen=True, kw_only=True)
class Audited(Study):
    """All that the page shows of another model's predictions.

    Attributes:
        predictions: Name of the csv.
        source: Where the images are, as the user typed it; None for the raw data.
        classes: Those that the model tells apart.
        joined: Those that are judged as ``other_disease``, if the csv joins some.
        has_threshold: Whether the csv says from where on a class is named.
        left_out: What ``describe_left_out`` returns.
        answers_by_source: What ``count_answers`` returns.
    """

    predictions: str
    source: str | None
    classes: Sequence[str]
    joined: Sequence[str]
    has_threshold: bool
    left_out: pd.DataFrame
    answers_by_source: pd.DataFrame

    @property
    def has_normal(self) -> bool:
        """Whether normal is a class of its own, so that disease can be missed."""
        return "normal" in self.classes and "normal" not in self.joined


def describe_left_out(
    of_csv: pd.DataFrame,
    without_image: pd.DataFrame,
    rejected: pd.DataFrame,
    undecoded: pd.DataFrame,
    without_class: pd.DataFrame,
) -> pd.DataFrame:
    """Return what is not judged: ``reason``, ``count`` and the first ``names``.

    Args:
        of_csv: ``name`` and ``reason`` of rows that say nothing.
        without_image: The same of rows that name no image on offer.
        rejected: The same of images that are not on offer, which may be why.
        undecoded: The same of images that cannot be decoded.
        without_class: The same of images whose class the model cannot name.
    """
    why = dict(zip(rejected["name"], rejected["reason"], strict=True))
    reasons = [
        why.get(name.partition("/")[2], why.get(name, reason))
        for name, reason in without_image[["name", "reason"]].itertuples(index=False)
    ]
    tables = [of_csv, without_image.assign(reason=reasons), undecoded, without_class]
    every = pd.concat([table[["name", "reason"]] for table in tables])
    rows = [
        (reason, len(names), ", ".join(names.head(MOST_NAMED)))
        for reason, names in every.groupby("reason", sort=False)["name"]
    ]
    return pd.DataFrame(rows, columns=["reason", "count", "names"])
