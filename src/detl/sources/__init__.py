"""Readers: one function per published layout, and all return the same table.

A new source is one such function in ``READERS`` and one block of parameters under
``ingest.sources``.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from detl.errors import DetlError
from detl.schemas.parameters import SourceParameters
from detl.sources.covid_chestxray import read_covid_chestxray
from detl.sources.folder import read_folder
from detl.sources.nih import find_nih_labels, read_nih, read_nih_labels
from detl.sources.source_table import SourceTable, build_source_table

Reader: TypeAlias = Callable[[Path, str, SourceParameters], SourceTable]

READERS: dict[str, Reader] = {
    "nih": read_nih,
    "covid_chestxray": read_covid_chestxray,
    "folder": read_folder,
}

__all__ = [
    "READERS",
    "Reader",
    "SourceTable",
    "build_source_table",
    "find_nih_labels",
    "read_nih_labels",
    "read_source",
]


def read_source(
    raw: Path,
    source: str,
    parameters: SourceParameters,
    patient_key: Path | None = None,
) -> SourceTable:
    """Return the images of a source, of every view, and what was rejected.

    Args:
        raw: The raw data folder. The source's folder is relative to it.
        patient_key: File with the key for pseudonyms of the patients in DICOM headers
            of an own folder. None leaves these patients unnamed.

    Raises:
        DetlError: There is no such reader, or the folder lacks something.
    """
    if parameters.reader not in READERS:
        raise DetlError(
            f"ingest.sources.{source}.reader is {parameters.reader}, where one of "
            f"{', '.join(READERS)} was expected; correct it."
        )
    folder = raw / parameters.folder
    if parameters.reader == "folder":
        return read_folder(folder, source, parameters, patient_key)
    return READERS[parameters.reader](folder, source, parameters)
