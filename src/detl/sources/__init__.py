"""Readers: one function per published layout, all returning the same table.

A new source is one such function, entered in ``READERS``, and one block of
parameters under ``ingest.sources``.
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
    """Return what the source's reader finds in the source's folder, of every view.

    Args:
        raw: The raw data folder, to which the source's folder is relative.
        source: Name of the source.
        parameters: Its parameters.
        patient_key: File of the key of the pseudonyms of patients whom DICOM headers
            name, in a folder of one's own; None leaves these unnamed.

    Raises:
        DetlError: No such reader, or the reader misses something in the folder.
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
