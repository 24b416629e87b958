"""Divides the units of Data-B, groups or images, into stratified parts."""

import numpy as np
import pandas as pd

from detl.classes import DATA_B_CLASSES
from detl.errors import DetlError
from detl.evaluation.stratified_parts import draw_part
from detl.parameters import SplitParameters


def choose_validation(
    remaining: pd.DataFrame,
    parameters: SplitParameters,
    rng: np.random.Generator,
    fold: str,
) -> np.ndarray:
    """Return the positions of whole groups on which the fold's epoch is chosen."""
    parts = round(1 / parameters.folds.inner_validation_share)
    require_units(
        remaining["label"],
        remaining["group"],
        parts,
        f"the inner validation of {fold}",
        "add patients or raise split.folds.inner_validation_share",
    )
    return draw_part(remaining["label"], remaining["group"], parts, rng)


def require_units(
    labels: pd.Series, units: pd.Series, needed: int, purpose: str, remedy: str
) -> None:
    """Raise ``DetlError`` where a class has fewer groups or images than needed."""
    found_of_class = units.groupby(labels).nunique()
    classes = found_of_class.reindex(list(DATA_B_CLASSES), fill_value=0)
    for label, found in classes.items():
        if found < needed:
            raise DetlError(
                f"Class {label} has {found} groups of patients, but {purpose} need at "
                f"least {needed}: {remedy}."
            )


def require_classes(labels: np.ndarray, subset: np.ndarray, fold: str) -> None:
    """Raise where a subset of the fold lacks a class: groups may be too uneven."""
    sizes = pd.crosstab(labels, subset).reindex(
        index=list(DATA_B_CLASSES),
        columns=sorted(set(subset)),
        fill_value=0,
    )
    for label, row in sizes.iterrows():
        if row.min() == 0:
            raise DetlError(
                f"In {fold} the {row.idxmin()} part has 0 images of class {label} and "
                "needs at least 1: add patients, choose another seed, or change "
                "split.folds.inner_validation_share."
            )
