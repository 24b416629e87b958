"""Divides Data-B into the folds of the cross-validation."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from detl.errors import DetlError
from detl.schemas.classes import DATA_B_CLASSES
from detl.schemas.parameters import SplitParameters
from detl.schemas.tables import FOLDS, validate
from detl.splitting.stratified_parts import draw_part, split_units


def assign_folds(
    data_b: pd.DataFrame,
    parameters: SplitParameters,
    seed: int,
    folds: Sequence[str],
) -> pd.DataFrame:
    """Return the folds of the cross-validation: the subset of each image in each fold.

    Classes are spread evenly, and each image is tested in one fold (decision 18).
    Under ``protocol: grouped`` groups stay whole, and the best epoch may be chosen on a
    validation part of the remaining groups, any one in ``round(1 /
    inner_validation_share)``; with a share of None there is none. Under ``protocol:
    paper`` folds are drawn image by image, and there is no validation part: the epoch
    may be chosen on the test part.

    Args:
        parameters: Protocol, and share of the inner validation part.
        seed: Seed of the shuffle.
        folds: Names of the folds, at least two.

    Returns:
        Table ``folds``: one row per fold and image, with image_id, fold, subset
        (train, validation, test), the folds in the order of ``folds``.

    Raises:
        DetlError: A class has fewer groups than folds, or than inner parts; or a
            subset of a fold lacks a class.
    """
    is_grouped = parameters.protocol == "grouped"
    units = data_b["group"] if is_grouped else data_b["image_id"]
    require_units(data_b["label"], units, len(folds), "the folds", "add patients")
    tables = []
    rng = np.random.default_rng(seed)
    splits = split_units(data_b["label"], units, len(folds), seed)
    for fold, (rest, _) in zip(folds, splits, strict=True):
        subset = np.full(len(data_b), "test", dtype=object)
        subset[rest] = "train"
        share = parameters.folds.inner_validation_share
        if is_grouped and share is not None:
            chosen = choose_validation(data_b.iloc[rest], share, rng, fold)
            subset[rest[chosen]] = "validation"
        require_every_class(data_b["label"].to_numpy(), subset, fold)
        tables.append(
            pd.DataFrame(
                {"image_id": data_b["image_id"].array, "fold": fold, "subset": subset}
            )
        )
    folds_table = pd.concat(tables, ignore_index=True).astype({"subset": str})
    return validate(folds_table, FOLDS)


def separate_folds(folds: pd.DataFrame) -> list[pd.DataFrame]:
    """Return one table per fold (image_id, fold, subset), in the order of the folds."""
    return [
        fold.reset_index(drop=True) for _, fold in folds.groupby("fold", sort=False)
    ]


def choose_validation(
    remaining: pd.DataFrame,
    share: float,
    rng: np.random.Generator,
    fold: str,
) -> np.ndarray:
    """Return the positions of whole groups on which the fold's epoch is chosen."""
    parts = round(1 / share)
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


def require_every_class(labels: np.ndarray, subset: np.ndarray, fold: str) -> None:
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
