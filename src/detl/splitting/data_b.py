"""Draws the images of Data-B, four classes."""

import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd

from detl.errors import DetlError
from detl.schemas.classes import DATA_B_CLASSES
from detl.schemas.parameters import ClassParameters, DataBParameters, SplitParameters
from detl.schemas.tables import DATA_B, validate
from detl.sources.findings import OTHER_DISEASE, carries, merge_causes_of_pneumonia
from detl.splitting.views import share_out

logger = logging.getLogger("detl.split")


def select_data_b(
    images: pd.DataFrame, parameters: SplitParameters, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return Data-B and its counts: four classes, drawn at random (paper, Table I).

    Args:
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
    """Return Data-B, and what was asked, available and taken (decisions 3, 4).

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
    images = images.assign(
        findings=images["findings"].map(merge_causes_of_pneumonia).astype(str)
    )
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
    """Return images with the finding alone, and with it among permitted others."""
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
    if not wanted.view_shares:
        return pool.head(asked)
    parts = [
        pool[pool["view"] == view].head(count)
        for view, count in share_out(asked, wanted.view_shares).items()
    ]
    return pd.concat(parts)
