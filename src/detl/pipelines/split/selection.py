"""Draws images for Data-A and Data-B, and whole groups for a validation part."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from detl.classes import DATA_A_CLASSES, DATA_B_CLASSES
from detl.errors import DetlError
from detl.parameters import ClassParameters, DataAParameters, DataBParameters
from detl.sources.findings import (
    NO_FINDING,
    OTHER_DISEASE,
    PNEUMONIA,
    name_pneumonia,
)


def carries(findings: pd.Series, finding: str) -> pd.Series:
    """True for each image that has the finding, alone or among others.

    Args:
        findings: One string per image, findings joined by ``|``.
        finding: The finding looked for, spelt as in ``findings``.
    """
    return ("|" + findings + "|").str.contains(f"|{finding}|", regex=False)


def require_sources(
    images: pd.DataFrame, sources: Sequence[str], parameter: str
) -> None:
    """Raise ``DetlError`` where a source is asked for that no image comes from."""
    found = sorted(images["source"].unique())
    unknown = sorted(set(sources) - set(found))
    if unknown:
        raise DetlError(
            f"{parameter} names the source {', '.join(unknown)}, but the images come "
            f"from {', '.join(found) or 'nowhere'}: correct the name or ingest it."
        )


def draw_data_b(
    images: pd.DataFrame, parameters: DataBParameters, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Images of Data-B, and what was asked, available and taken (decisions 3, 4).

    Images are shuffled once and taken from the front, so that asking for more adds
    images and exchanges none. No image is taken twice.

    Returns:
        ``data_b`` (image_id, row, group, finding, label), ordered by row, and one
        row per class and finding with class, finding, asked,
        single_label_available, multi_label_available, taken, short.
    """
    remaining = images.sample(frac=1, random_state=rng, ignore_index=True)
    drawn, counts = [], []
    for label in DATA_B_CLASSES:
        wanted: ClassParameters = getattr(parameters, label)
        if wanted.sources is not None:
            require_sources(images, wanted.sources, f"split.data_b.{label}.sources")
        for finding, asked in wanted.findings.items():
            single, multi = _find_candidates(remaining, finding, wanted)
            taken = _take(single, multi, asked, wanted)
            remaining = remaining.drop(taken.index)
            drawn.append(taken.assign(finding=finding, label=label))
            counts.append(
                {
                    "class": label,
                    "finding": finding,
                    "asked": asked,
                    "single_label_available": len(single),
                    "multi_label_available": len(multi),
                    "taken": len(taken),
                    "short": asked - len(taken),
                }
            )
    data_b = pd.concat(drawn).sort_values("row", ignore_index=True)
    return (
        data_b[["image_id", "row", "group", "finding", "label"]],
        pd.DataFrame(counts),
    )


def label_as_data_b(images: pd.DataFrame, parameters: DataBParameters) -> pd.Series:
    """Return the class of Data-B that each image's findings make it, "" if none.

    The rules are those by which Data-B is drawn, but from any source, and a cause of
    pneumonia (Streptococcus, Viral, Aspiration) counts as pneumonia, as the COVID-19
    collection has it (decision 3). Of an image that fits several classes the last one
    is taken: COVID-19 before pneumonia, and this before other disease.

    Args:
        images: One row per image, with ``findings``.
        parameters: Findings of each class, and when an image with several fits.
    """
    images = images.assign(findings=images["findings"].map(name_pneumonia).astype(str))
    labels = pd.Series("", images.index).mask(
        images["findings"] == OTHER_DISEASE, "other_disease"
    )
    for label in DATA_B_CLASSES:
        wanted: ClassParameters = getattr(parameters, label)
        everywhere = wanted.model_copy(update={"sources": None})
        for finding in wanted.findings:
            single, multi = _find_candidates(images, finding, everywhere)
            labels[single.index] = label
            if wanted.multi_label != "never":
                labels[multi.index] = label
    return labels


def _find_candidates(
    images: pd.DataFrame, finding: str, wanted: ClassParameters
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Images with the finding alone, and those with it among permitted others."""
    if wanted.sources is not None:
        images = images[images["source"].isin(wanted.sources)]
    single = images["findings"] == finding
    multi = carries(images["findings"], finding) & ~single
    for unwanted in wanted.never_with:
        multi &= ~carries(images["findings"], unwanted)
    return images[single], images[multi]


def _take(
    single: pd.DataFrame, multi: pd.DataFrame, asked: int, wanted: ClassParameters
) -> pd.DataFrame:
    match wanted.multi_label:
        case "never":
            pool = single
        case "if_short":
            pool = pd.concat([single, multi])
        case "always":
            # The index still tells the shuffled order: both kinds alike.
            pool = pd.concat([single, multi]).sort_index()
    return pool.head(asked)


def label_data_a(
    images: pd.DataFrame, parameters: DataAParameters, rng: np.random.Generator
) -> pd.DataFrame:
    """Images of Data-A with their label, normal or diseased (decisions 5, 6).

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
    if parameters.most_per_class is not None:
        shuffled = labelled.sample(frac=1, random_state=rng)
        labelled = shuffled.groupby("label").head(parameters.most_per_class)
    return labelled.sort_values("row", ignore_index=True)


def draw_validation(
    data_a: pd.DataFrame, per_class: int, rng: np.random.Generator
) -> np.ndarray:
    """Subset of each image, so that the validation part is balanced and a fair draw.

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
    """Return groups in random order, of which any beginning is like the whole.

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
