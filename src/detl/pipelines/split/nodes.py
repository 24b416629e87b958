"""Nodes that draw Data-A, Data-B and the folds."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from detl.classes import DATA_A_CLASSES
from detl.errors import DetlError
from detl.evaluation.stratified_parts import split_units
from detl.parameters import DataAParameters, SplitParameters
from detl.pipelines.split.folding import (
    choose_validation,
    require_classes,
    require_units,
)
from detl.pipelines.split.selection import (
    draw_data_b,
    draw_validation,
    label_data_a,
    require_sources,
)
from detl.tables import DATA_A, DATA_B, FOLDS, LEAKS, validate

logger = logging.getLogger("detl.split")

PAPER_DATA_A = {
    ("normal", "train"): 47_560,
    ("normal", "validation"): 10_000,
    ("diseased", "train"): 40_819,
    ("diseased", "validation"): 10_000,
}
"""Number of images in the paper's Table I, by class and subset."""

LARGEST_IMBALANCE = 0.1
"""A validation part whose classes differ by more than this share is warned of."""


def note_parameters(parameters: SplitParameters) -> dict[str, Any]:
    """Return the parameters with which the split is drawn, as plain values."""
    return parameters.model_dump()


def select_data_b(
    images: pd.DataFrame, parameters: SplitParameters, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Data-B and its counts: four classes, drawn at random (paper, Table I).

    Args:
        images: Table ``images``.
        parameters: Numbers per finding, and what to do on shortage.
        seed: Seed of the draw.

    Returns:
        Table ``data_b``, and one row per class and finding with the number asked,
        available (alone, and among other findings), taken and short.

    Raises:
        DetlError: A class has no image; or there are fewer than asked and
            ``on_shortage`` is ``fail``; or a source is unknown.
    """
    rng = np.random.default_rng(seed)
    data_b, counts = draw_data_b(images, parameters.data_b, rng)
    _require_every_class(counts)
    _report_shortage(counts, parameters)
    return validate(data_b, DATA_B), counts


def _require_every_class(counts: pd.DataFrame) -> None:
    totals = counts.groupby("class", sort=False)[["asked", "taken"]].sum()
    for label, (asked, taken) in totals.iterrows():
        if taken == 0:
            findings = ", ".join(counts.loc[counts["class"] == label, "finding"])
            raise DetlError(
                f"Data-B's class {label} asks for {asked} images and 0 were found: "
                f"add images with the finding {findings}, or change "
                f"split.data_b.{label}."
            )


def _report_shortage(counts: pd.DataFrame, parameters: SplitParameters) -> None:
    """Warn of each class and finding that is short, or stop at all of them."""
    lines = [
        f"class {line['class']}, finding {line['finding']}: {line['taken']} taken of "
        f"{line['asked']} asked ({line['single_label_available']} single-label and "
        f"{line['multi_label_available']} multi-label images available, multi_label "
        f"is {getattr(parameters.data_b, line['class']).multi_label})"
        for line in counts[counts["short"] > 0].to_dict("records")
    ]
    if lines and parameters.on_shortage == "fail":
        raise DetlError(
            f"Data-B is short of images ({'; '.join(lines)}): add images, lower the "
            "numbers in split.data_b, or set split.on_shortage to use_all."
        )
    for line in lines:
        logger.warning("Data-B is short of images: %s", line)


def select_data_a(
    images: pd.DataFrame, data_b: pd.DataFrame, parameters: SplitParameters, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Data-A and its counts: normal against diseased (paper, Table I).

    Every group of Data-B is left out whole; under ``protocol: paper`` only the images
    of Data-B are, and their patients' other images stay (decision 8). The validation
    part is balanced, and no group is in both parts (decision 7).

    Args:
        images: Table ``images``.
        data_b: Table ``data_b``.
        parameters: Sources, handling of pneumonia, size of the validation part.
        seed: Seed of the draw.

    Returns:
        Table ``data_a``, and one row per class and subset with the columns class,
        subset, ours, paper.

    Raises:
        DetlError: A class, or one of its parts, has no image; or a source is unknown.
    """
    wanted = parameters.data_a
    require_sources(images, wanted.sources, "split.data_a.sources")
    rng = np.random.default_rng(seed)
    from_sources = images[images["source"].isin(wanted.sources)]
    unit = "image_id" if parameters.protocol == "paper" else "group"
    allowed = from_sources[~from_sources[unit].isin(data_b[unit])]
    labelled = label_data_a(allowed, wanted, rng)
    target = _size_validation(labelled, wanted)
    drawn = labelled.assign(subset=draw_validation(labelled, target, rng))
    data_a = drawn[drawn["subset"] != "neither"].reset_index(drop=True)
    counts = _count_data_a(data_a)
    _check_parts(counts, target)
    logger.info(
        "Data-A: %d images, after %d whose %s is in Data-B, %d with pneumonia or above "
        "the limit per class, and %d of patients of the validation part, whose classes "
        "are equal, were left out",
        len(data_a),
        len(from_sources) - len(allowed),
        unit,
        len(allowed) - len(labelled),
        len(labelled) - len(data_a),
    )
    columns = ["image_id", "row", "group", "label", "subset"]
    return validate(data_a[columns], DATA_A), counts


def _size_validation(labelled: pd.DataFrame, wanted: DataAParameters) -> int:
    """Number of validation images to aim at in each class."""
    sizes = labelled["label"].value_counts().reindex(list(DATA_A_CLASSES), fill_value=0)
    smaller = sizes.idxmin()
    if sizes.min() == 0:
        raise DetlError(
            f"Data-A's class {smaller} has 0 images and needs at least 2: add images "
            f"to {', '.join(wanted.sources)}, or lower the numbers in split.data_b, "
            "whose groups are left out of Data-A."
        )
    # Rounding first: 0.29 x 100 is 28.999... in binary.
    share = int(round(wanted.largest_validation_share * sizes.min(), 6))
    if share == 0:
        raise DetlError(
            f"Data-A's class {smaller} has {sizes.min()} images, of which "
            f"split.data_a.largest_validation_share {wanted.largest_validation_share} "
            "leaves 0 for validation: add images or raise the share."
        )
    return min(wanted.validation_per_class, share)


def _count_data_a(data_a: pd.DataFrame) -> pd.DataFrame:
    ours = data_a.groupby(["label", "subset"]).size()
    return pd.DataFrame(
        [
            {
                "class": label,
                "subset": subset,
                "ours": int(ours.get((label, subset), 0)),
                "paper": paper,
            }
            for (label, subset), paper in PAPER_DATA_A.items()
        ]
    )


def _check_parts(counts: pd.DataFrame, target: int) -> None:
    sizes = counts.pivot(index="class", columns="subset", values="ours")
    validation = sizes["validation"].loc[list(DATA_A_CLASSES)]
    if validation.min() == 0:
        raise DetlError(
            f"No group with images of class {validation.idxmin()} fits into Data-A's "
            f"validation part of {target} images per class: raise "
            "split.data_a.largest_validation_share or validation_per_class."
        )
    if sizes["train"].min() == 0:
        raise DetlError(
            f"All groups with images of class {sizes['train'].idxmin()} were drawn for "
            f"Data-A's validation part of {target} images per class, and 0 images of "
            "it are left to train on: add patients, choose another seed, or lower "
            "split.data_a.largest_validation_share."
        )
    if validation.max() - validation.min() > LARGEST_IMBALANCE * validation.max():
        logger.warning(
            "Data-A's validation part is out of balance, because groups that are "
            "larger than it stay in training: %s (%d asked of each)",
            ", ".join(f"{label} {size}" for label, size in validation.items()),
            target,
        )


def assign_folds(
    data_b: pd.DataFrame,
    parameters: SplitParameters,
    seed: int,
    folds: Sequence[str],
) -> pd.DataFrame:
    """Folds of the cross-validation: the subset of each image in each fold.

    Classes are spread evenly, and each image is tested in one fold (decision 18).
    Under ``protocol: grouped`` groups stay whole, and the best epoch is chosen on a
    validation part of the remaining groups, any one in ``round(1 /
    inner_validation_share)``. Under ``protocol: paper`` folds are drawn image by
    image, and there is no validation part: the epoch is chosen on the test part.

    Args:
        data_b: Table ``data_b``.
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
        if is_grouped:
            chosen = choose_validation(data_b.iloc[rest], parameters, rng, fold)
            subset[rest[chosen]] = "validation"
        require_classes(data_b["label"].to_numpy(), subset, fold)
        tables.append(
            pd.DataFrame(
                {"image_id": data_b["image_id"].array, "fold": fold, "subset": subset}
            )
        )
    folds_table = pd.concat(tables, ignore_index=True).astype({"subset": str})
    return validate(folds_table, FOLDS)


def check_leaks(
    images: pd.DataFrame,
    copies: pd.DataFrame,
    data_b: pd.DataFrame,
    drawn_data_a: pd.DataFrame,
    drawn_folds: pd.DataFrame,
    parameters: SplitParameters,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Data-A and the folds as they were drawn, once no group is on two sides.

    What belongs together is found anew, from patients, files and copies. Under
    ``protocol: paper`` crossings are allowed, and warned of.

    Args:
        images: Table ``images``.
        copies: Table ``copies``.
        data_b: Table ``data_b``.
        drawn_data_a: Table ``data_a``.
        drawn_folds: Table ``folds``.
        parameters: Protocol.

    Returns:
        Tables ``data_a`` and ``folds``, unchanged, and table ``leaks``.

    Raises:
        DetlError: A group crosses a boundary under ``protocol: grouped``.
    """
    from detl.evaluation.leaks import count_leaks, describe_leaks, require_no_leaks

    leaks = count_leaks(images, copies, drawn_data_a, data_b, drawn_folds)
    require_no_leaks(leaks, parameters.protocol)
    for crossed in describe_leaks(leaks):
        logger.warning(
            "Images of one patient, or of one picture, are on both sides, as protocol "
            "paper allows. %s",
            crossed,
        )
    return drawn_data_a, drawn_folds, validate(leaks, LEAKS)


def separate_folds(folds: pd.DataFrame) -> list[pd.DataFrame]:
    """One table per fold (image_id, fold, subset), in the order of the folds.

    Args:
        folds: Table ``folds``.
    """
    return [
        fold.reset_index(drop=True) for _, fold in folds.groupby("fold", sort=False)
    ]
