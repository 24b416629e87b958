"""Draws Data-A, normal against diseased, with whole groups for its validation part."""

import logging

import numpy as np
import pandas as pd

from detl.errors import DetlError
from detl.schemas.classes import DATA_A_CLASSES
from detl.schemas.parameters import DataAParameters, SplitParameters
from detl.schemas.tables import DATA_A, validate
from detl.sources.findings import NO_FINDING, PNEUMONIA, carries
from detl.splitting.data_b import require_sources
from detl.splitting.views import keep_view_shares

logger = logging.getLogger("detl.split")

PAPER_DATA_A = {
    ("normal", "train"): 47_560,
    ("normal", "validation"): 10_000,
    ("diseased", "train"): 40_819,
    ("diseased", "validation"): 10_000,
}
"""Number of images in the paper's Table I, by class and subset."""


LARGEST_IMBALANCE = 0.1
"""A warning says where the classes of the validation part differ by more."""


def select_data_a(
    images: pd.DataFrame, data_b: pd.DataFrame, parameters: SplitParameters, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return Data-A and its counts: normal against diseased (paper, Table I).

    Every group of Data-B is left out whole; under ``protocol: paper`` only the images
    of Data-B are, and their patients' other images stay (decision 8). The validation
    part is balanced, and no group is in both parts (decision 7).

    Args:
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
        "Data-A: %d images, after %d whose %s is in Data-B, %d with pneumonia, above "
        "the limit per class or the shares of views, and %d of patients of the "
        "validation part, whose classes are equal, were left out",
        len(data_a),
        len(from_sources) - len(allowed),
        unit,
        len(allowed) - len(labelled),
        len(labelled) - len(data_a),
    )
    columns = ["image_id", "row", "group", "label", "subset"]
    return validate(data_a[columns], DATA_A), counts


def _size_validation(labelled: pd.DataFrame, wanted: DataAParameters) -> int:
    """Return the number of validation images to aim at in each class."""
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


def label_data_a(
    images: pd.DataFrame, parameters: DataAParameters, rng: np.random.Generator
) -> pd.DataFrame:
    """Return Data-A's images with their label, normal or diseased (decisions 5, 6).

    Args:
        images: The images that may be taken: Data-B's groups are left out already.
        parameters: Sources, handling of pneumonia, and upper limit per class.
        rng: Chooses the images where the limit leaves some out.

    Returns:
        Columns of ``images`` and ``label``, ordered by row.
    """
    normal = images["findings"] == NO_FINDING
    if parameters.pneumonia == "exclude_any":
        pneumonia = carries(images["findings"], PNEUMONIA)
    else:
        pneumonia = images["findings"] == PNEUMONIA
    labels = np.where(normal, *DATA_A_CLASSES)
    labelled = images.assign(label=labels)[~pneumonia]
    if parameters.view_shares:
        classes = labelled.groupby("label", sort=True)
        shares = parameters.view_shares
        labelled = pd.concat([keep_view_shares(c, shares, rng) for _, c in classes])
    if parameters.most_per_class is not None:
        shuffled = labelled.sample(frac=1, random_state=rng)
        labelled = shuffled.groupby("label").head(parameters.most_per_class)
    return labelled.sort_values("row", ignore_index=True)


def draw_validation(
    data_a: pd.DataFrame, per_class: int, rng: np.random.Generator
) -> np.ndarray:
    """Return the subset of each image; the validation part is balanced and a fair draw.

    Groups come in random order, and a class takes its images from them until it has its
    number. The scarcer class goes on for longer, and meets groups with images of both:
    the other takes as many images from mixed groups as it had found there, but at
    random from all that were drawn, and the rest of these images are in neither part.
    So all images of a class are as likely to be in the validation part, whatever else
    their patients have. Two exceptions: a group that is larger than the part is trained
    on, and in a part of few groups large ones are a little more likely, as the one with
    which a class gets its number is larger than most.

    Args:
        data_a: One row per image, with ``group`` and ``label``.
        per_class: Images of each class in the validation part. A group that has more of
            a class is trained on. Where the others have fewer, so has the part.
        rng: Orders the groups, and chooses among images.

    Returns:
        (n,), ``train``, ``validation`` or ``neither``.
    """
    sizes = pd.crosstab(data_a["group"], data_a["label"])
    sizes = sizes.reindex(columns=list(DATA_A_CLASSES), fill_value=0)
    ordered = _shuffle_evenly(sizes[(sizes <= per_class).all(axis=1)], rng)
    is_wanted = ordered.cumsum() - ordered < per_class
    mixed = ordered.index[(ordered > 0).all(axis=1) & is_wanted.any(axis=1)]
    kept = []
    for label in DATA_A_CLASSES:
        of_class = data_a[data_a["label"] == label]
        found = of_class[of_class["group"].isin(ordered.index[is_wanted[label]])]
        found = found.sample(min(per_class, len(found)), random_state=rng)
        is_mixed = found["group"].isin(mixed)
        pool = of_class[of_class["group"].isin(mixed)]
        kept += [found[~is_mixed], pool.sample(is_mixed.sum(), random_state=rng)]
    validation = pd.concat(kept)
    is_validation = data_a.index.isin(validation.index)
    is_beside = data_a["group"].isin(validation["group"])
    return np.select([is_validation, is_beside], ["validation", "neither"], "train")


def _shuffle_evenly(sizes: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return groups in random order, such that any beginning resembles the whole.

    Ten groups that are alike, in the classes they have and in their number of images,
    are a stratum; places within it are random, and strata take turns.

    Args:
        sizes: Images of each class, a row per group.
        rng: Orders the groups.
    """
    shuffled = sizes.sample(frac=1, random_state=rng)
    has_normal, has_diseased = (shuffled.to_numpy() > 0).T
    alike = np.lexsort((shuffled.sum(axis=1), has_normal, has_diseased))
    stratum = np.arange(len(alike)) // 10
    places = pd.Series(rng.random(len(alike))).groupby(stratum)
    # Each group comes at a time that is uniform between 0 and 1.
    times = (places.rank() - rng.random(len(alike))) / places.transform("size")
    return shuffled.iloc[alike[np.argsort(times)]]
