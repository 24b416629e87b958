"""Nodes that read the sources and bring their images to one size."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from detl.errors import DetlError
from detl.parameters import IngestParameters
from detl.sources import read_source
from detl.sources.groups import join_patients
from detl.sources.source_table import select_views
from detl.tables import CANDIDATES, COPIES, IMAGES, REJECTED, validate

logger = logging.getLogger("detl.ingest")


def read_sources(
    radiographs: Path, parameters: IngestParameters
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the images that the sources offer, and the rows that they do not.

    Args:
        radiographs: The raw data folder.
        parameters: Which sources there are, and where; which views are taken.

    Returns:
        Table ``candidates``, with ``path`` relative to the raw data folder where the
        source is inside it, else absolute; and a table ``rejected``.

    Raises:
        DetlError: A reader misses a file or folder.
    """
    candidates, rejected = [], []
    for source, source_parameters in parameters.sources.items():
        found = read_source(radiographs, source, source_parameters)
        table = select_views(found, parameters.views)
        folder = _path_from(radiographs, radiographs / source_parameters.folder)
        candidates.append(
            table.candidates.assign(path=f"{folder}/" + table.candidates["path"])
        )
        rejected.append(table.rejected)
    return (
        validate(pd.concat(candidates, ignore_index=True), CANDIDATES),
        validate(pd.concat(rejected, ignore_index=True), REJECTED),
    )


def decode_images(
    radiographs: Path,
    candidates: pd.DataFrame,
    rejected_rows: pd.DataFrame,
    parameters: IngestParameters,
) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame, pd.DataFrame]:
    """Return the accepted images, their pixels, what was rejected, and the copies.

    An image is accepted if it can be decoded and is not the same picture as one
    before it: the same file, or the same pixels under the same perceptual hash. Copies
    that differ in their pixels (scaled, compressed, brightened) are accepted, and named
    in ``copies``. The patients of copies of either kind become one ``group``.

    Args:
        radiographs: The raw data folder.
        candidates: Table of the images on offer.
        rejected_rows: Table of what the sources did not offer.
        parameters: Size and shape of the stored images.

    Returns:
        Table ``images`` in the order of the candidates; ``pixels``, shape (n, size,
        size), uint8, on disk and not in memory; table ``rejected``; and table
        ``copies``, the pairs of accepted images that show one picture.

    Raises:
        DetlError: Not one image was accepted.
    """
    from detl.imaging.copies import find_copies
    from detl.imaging.store import store_pictures

    candidates = candidates.reset_index(drop=True)
    found, pixels = store_pictures(
        [radiographs / path for path in candidates["path"]],
        parameters.input_size,
        parameters.fit,
        parameters.largest_image,
    )
    table = candidates.join(_name_duplicates(found, candidates["image_id"]))
    accepted = table["reason"] == ""
    # The pixels are those of the accepted images, in this order.
    pairs = find_copies(list(table.loc[accepted, "perceptual_hash"]), pixels)
    positions = np.flatnonzero(accepted)[pairs[["first", "second"]].to_numpy()]
    table["group"] = join_patients(
        table["patient_id"], found["original"].to_numpy(), positions
    )
    images = table.loc[accepted, list(IMAGES.columns)].reset_index(drop=True)
    undecoded = table.assign(name=_names(table))[~accepted]
    rejected = pd.concat(
        [rejected_rows, undecoded[list(REJECTED.columns)]], ignore_index=True
    )
    _report(images, rejected, list(parameters.sources))
    copies = _name_copies(pairs, images)
    return (
        validate(images, IMAGES),
        pixels,
        validate(rejected, REJECTED),
        validate(copies, COPIES),
    )


def _path_from(raw: Path, folder: Path) -> str:
    inside = folder.is_relative_to(raw)
    return (folder.relative_to(raw) if inside else folder.absolute()).as_posix()


def _name_duplicates(found: pd.DataFrame, image_ids: pd.Series) -> pd.DataFrame:
    original = image_ids.iloc[found["original"]].set_axis(found.index)
    is_copy = found["original"] != found.index
    return found.assign(
        reason=found["reason"].mask(is_copy, "duplicate of " + original)
    )


def _name_copies(pairs: pd.DataFrame, images: pd.DataFrame) -> pd.DataFrame:
    """Return the table ``copies``, and say how many there are."""
    first, second = (images.iloc[pairs[place]] for place in ("first", "second"))
    if len(pairs):
        logger.info(
            "Pairs of images that show one picture, by their perceptual hashes: %d, "
            "%d of them of two patients, who are one group",
            len(pairs),
            (first["patient_id"].array != second["patient_id"].array).sum(),
        )
    return pd.DataFrame(
        {
            "image_id": first["image_id"].array,
            "other_id": second["image_id"].array,
            "bits": pairs["bits"],
            "correlation": pairs["correlation"],
        }
    )


def _names(table: pd.DataFrame) -> list[str]:
    """Return the names within the source, which the readers use for rejected rows."""
    return [
        image_id.removeprefix(f"{source}/")
        for image_id, source in zip(table["image_id"], table["source"], strict=True)
    ]


def _report(images: pd.DataFrame, rejected: pd.DataFrame, sources: list[str]) -> None:
    taken = images["source"].value_counts().reindex(sources, fill_value=0)
    kinds = rejected["reason"].str.replace(r"(:| of ).*", "", regex=True).value_counts()
    if images.empty:
        raise DetlError(
            f"Not one image of the sources {', '.join(sources)} could be taken "
            f"({_in_words(kinds)}); see ingest.sources and the raw data folder "
            "(environment variable DETL_DATA)."
        )
    logger.info("Images taken: %s; not taken: %s", _in_words(taken), _in_words(kinds))
    for source in taken.index[taken == 0]:
        logger.warning(
            "Source %s gave no image; the table of rejected images says why.", source
        )


def _in_words(counts: pd.Series) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"
