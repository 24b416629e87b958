"""Nodes that read the sources and bring their images to one size."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from detl.errors import DetlError
from detl.schemas.parameters import IngestParameters
from detl.schemas.tables import CANDIDATES, COPIES, IMAGES, REJECTED, validate
from detl.sources import read_source
from detl.sources.source_table import count_reasons, select_views

logger = logging.getLogger("detl.ingest")


def read_sources(
    radiographs: Path,
    parameters: IngestParameters,
    patient_key: Path | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the images that the sources offer, and the rows that they do not.

    Args:
        radiographs: The raw data folder.
        parameters: Which sources there are, and where; which views are taken.
        patient_key: File of the key of the pseudonyms of patients whom DICOM headers
            name; None leaves these unnamed.

    Returns:
        Table ``candidates``, with ``path`` relative to the raw data folder where the
        source is inside it, else absolute; and a table ``rejected``.

    Raises:
        DetlError: A reader misses a file or folder.
    """
    candidates, rejected = [], []
    for source, source_parameters in parameters.sources.items():
        found = read_source(radiographs, source, source_parameters, patient_key)
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
    decoded_files: Path | None = None,
) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame, pd.DataFrame]:
    """Return the accepted images, their pixels, what was rejected, and the copies.

    Which are accepted, ``detl.sources.decoding.decode_candidates`` says.

    Args:
        radiographs: The raw data folder.
        candidates: Table of the images on offer.
        rejected_rows: Table of what the sources did not offer.
        parameters: Size and shape of the stored images.
        decoded_files: File that remembers between runs what was decoded.

    Returns:
        Table ``images`` in the order of the candidates; ``pixels``, shape (n, size,
        size), uint8, on disk and not in memory; table ``rejected``; and table
        ``copies``, the pairs of accepted images that show one picture.

    Raises:
        DetlError: Not one image was accepted.
    """
    from detl.imaging.read import PixelFormat
    from detl.sources.decoding import decode_candidates

    decoded = decode_candidates(
        candidates,
        [radiographs / path for path in candidates["path"]],
        PixelFormat(parameters.input_size, parameters.fit, parameters.largest_image),
        decoded_files,
    )
    rejected = pd.concat([rejected_rows, decoded.rejected], ignore_index=True)
    _report(decoded.images, rejected, list(parameters.sources))
    copies = _name_copies(decoded.copies, decoded.images)
    return (
        validate(decoded.images, IMAGES),
        decoded.pixels,
        validate(rejected, REJECTED),
        validate(copies, COPIES),
    )


def _path_from(raw: Path, folder: Path) -> str:
    inside = folder.is_relative_to(raw)
    return (folder.relative_to(raw) if inside else folder.absolute()).as_posix()


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


def _report(images: pd.DataFrame, rejected: pd.DataFrame, sources: list[str]) -> None:
    taken = images["source"].value_counts().reindex(sources, fill_value=0)
    reasons = count_reasons(rejected["reason"])
    if images.empty:
        raise DetlError(
            f"Not one image of the sources {', '.join(sources)} could be taken "
            f"({reasons}); see ingest.sources and the raw data folder (environment "
            "variable DETL_DATA)."
        )
    counts = ", ".join(f"{source} {count}" for source, count in taken.items())
    logger.info("Images taken: %s; not taken: %s", counts, reasons)
    for source in taken.index[taken == 0]:
        logger.warning(
            "Source %s gave no image; the table of rejected images says why.", source
        )
