"""A user's own images: class folders, or a folder or list with labels.csv."""

import logging
import os
from dataclasses import replace
from pathlib import Path

import pandas as pd

from detl.errors import DetlError
from detl.schemas.parameters import SourceParameters
from detl.sources.csv_table import TextTable, read_text_table
from detl.sources.dicom_headers import fill_from_headers
from detl.sources.files import (
    Contents,
    advise_on_folder,
    list_files,
    log_hidden,
    require_folder,
    walk_files,
)
from detl.sources.list_paths import find_folders, tidy_path
from detl.sources.matching import match_files
from detl.sources.non_films import explain_non_films
from detl.sources.patients import explain_spoilt_patients, normalise_patients
from detl.sources.pseudonyms import drop_sources
from detl.sources.source_table import SourceTable, build_source_table

_CONTENT = "labels.csv (file, label, patient) or one folder of images per class"
_LIST_ADVICE = (
    "write it with commas: the first line file,label,patient in small letters, then a "
    "row per image (the patient may be left empty)"
)
_LIST = "labels.csv"
_PUBLISHED_LISTS = ("Data_Entry_2017", "metadata.csv")
"""Beginnings of the names of published lists, which belong to a whole folder."""

_COLUMNS = {"path": ("file",), "findings": ("label",), "patient": ("patient",)}
_MORE_COLUMNS = ("group", "view", "age", "sex")
"""Columns that a list may have."""

_NONE = pd.DataFrame(columns=["name", "reason"], dtype=str)

logger = logging.getLogger("detl.sources")


def read_folder(
    folder: Path,
    source: str,
    parameters: SourceParameters,
    patient_key: Path | None = None,
) -> SourceTable:
    """Return the images of a folder, labelled by a csv or by class folders.

    The patient comes from the csv, else from the DICOM header under a pseudonym; else
    each image counts as a patient of its own. View, age and sex come from the csv where
    it has these columns, else from the headers.

    Args:
        folder: Holds ``labels.csv`` with the columns ``file`` (a path relative to
            the folder), ``label`` and ``patient`` (may be empty), and maybe ``view``,
            ``age``, ``sex`` and ``group``: films of several patients' numbers that
            belong together, and count as one patient. Without that csv it holds one
            folder per class, named after its label. Or the path of such a csv; its
            paths are relative to the csv's folder.
        parameters: ``findings`` translates labels to findings.
        patient_key: File with the key of the pseudonyms, created if missing. None
            leaves the patients of headers unnamed.

    Raises:
        DetlError: The folder is missing, holds neither a csv nor class folders, a
            column is missing, or the key cannot be used.
    """
    if os.path.isfile(folder):
        return _read_list(folder, source, parameters, patient_key)
    require_folder(folder, source, _CONTENT)
    contents = walk_files(folder)
    _require_list_as_named(folder, contents)
    files = contents.files[contents.files["path"] != _LIST]
    listing = folder / _LIST
    if listing.is_file():
        table = _read_table(listing)
        rows, faults = _find_files(table.rows, files, listing), table.faults
        why_not_film = _explain_non_film(files, first=0)
        why_unnamed = "no row in labels.csv"
    else:
        why_not_film = _explain_non_film(files, first=1)
        rows, faults = _rows_of_class_folders(files, why_not_film), _NONE
        why_unnamed = "not in a class folder"
    left = files.assign(name=files["path"], reason=why_not_film)
    left = left[~files["path"].isin(rows["path"])].replace(
        {"reason": {"": why_unnamed}}
    )
    _log_left_aside(source, contents, left["reason"])
    if rows.empty:
        raise DetlError(
            f"{folder} holds no labelled image{_quote_first(contents.faults)}, where "
            f"{_CONTENT} was expected; {advise_on_folder(source)}."
        )
    unnamed = pd.concat([faults, contents.faults, left[["name", "reason"]]])
    return _build(rows, unnamed, folder, source, parameters, patient_key)


def _require_list_as_named(folder: Path, contents: Contents) -> None:
    """Raise if a list exists that would not be read, since its patients would be lost.

    Raises:
        DetlError: ``labels.csv`` has other capitals, or is a link that leads nowhere.
    """
    files, faults = set(contents.files["path"]), contents.faults
    found = dict.fromkeys(files, "other capitals")
    found |= dict(zip(faults["name"], faults["reason"], strict=True))
    for name, reason in found.items():
        if name.casefold() == _LIST and _LIST not in files:
            raise DetlError(
                f"{folder / name} ({reason}) was found where {_LIST}, the list of the "
                "images, was expected: rename it, replace it, or remove it if the "
                "folders name the classes."
            )


def _quote_first(faults: pd.DataFrame) -> str:
    first = faults.head(1).to_dict("records")
    return "".join(f" ({fault['name']}: {fault['reason']})" for fault in first)


def _build(
    rows: pd.DataFrame,
    unnamed: pd.DataFrame,
    folder: Path,
    source: str,
    parameters: SourceParameters,
    patient_key: Path | None,
) -> SourceTable:
    rows = rows.assign(license="")
    rows = fill_from_headers(rows, folder, source, patient_key)
    # An image without a known patient counts as a patient of its own.
    rows["patient"] = rows["patient"].mask(rows["patient"] == "", rows["name"])
    table = build_source_table(rows, source, parameters, unnamed)
    patients = drop_sources(table.candidates["patient_id"])
    return replace(table, candidates=table.candidates.assign(patient_id=patients))


def _read_list(
    path: Path, source: str, parameters: SourceParameters, patient_key: Path | None
) -> SourceTable:
    """Return the images of a list; other files in its folder are ignored."""
    table = _read_table(path)
    folders = find_folders(path.parent, table.rows["path"])
    contents = list_files(path.parent, folders)
    rows = _find_files(table.rows, contents.files, path)
    of_rows = contents.faults["name"].isin({*rows["name"], *folders})
    faults = pd.concat([table.faults, contents.faults[of_rows]])
    return _build(rows, faults, path.parent, source, parameters, patient_key)


def _read_table(path: Path) -> TextTable:
    is_published = path.name.startswith(_PUBLISHED_LISTS)
    advice = f"name its folder {path.parent} instead" if is_published else _LIST_ADVICE
    columns = _COLUMNS | {name: (name,) for name in _MORE_COLUMNS}
    return read_text_table(path, columns, advice, ["path"], _MORE_COLUMNS)


def _find_files(rows: pd.DataFrame, files: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return the rows of a list with their files and patients."""
    matched = match_files(rows["path"], files, path.parent)
    # The file's own name is used, since the list may hold paths of another computer.
    tidied = [
        tidy_path(name, path.parent) if name else ""
        for name in rows["path"].str.strip()
    ]
    name = matched["path"].fillna(pd.Series(tidied, rows.index)).astype(str)
    named = rows["patient"].mask(rows["group"] != "", rows["group"])
    patient = normalise_patients(named, "folder")
    return rows.assign(
        name=name,
        path=matched["path"],
        why_no_file=matched["reason"],
        patient=patient,
        reason=explain_spoilt_patients(patient, path),
    )


def _explain_non_film(files: pd.DataFrame, first: int) -> pd.Series:
    return pd.Series(explain_non_films(files["path"], first), files.index, dtype=str)


def _rows_of_class_folders(
    files: pd.DataFrame, why_not_film: pd.Series
) -> pd.DataFrame:
    inside = files.loc[(why_not_film == "") & files["path"].str.contains("/"), "path"]
    return pd.DataFrame(
        {
            "name": inside,
            "path": inside,
            "findings": inside.str.split("/").str[0],
            "patient": "",
            **dict.fromkeys(("view", "age", "sex"), ""),
            "why_no_file": "",
            "where": "",
            "reason": "",
        }
    )


def _log_left_aside(source: str, contents: Contents, reasons: pd.Series) -> None:
    log_hidden(source, contents.hidden)
    if aside := int(reasons.str.startswith("no film").sum()):
        logger.info(
            "Source %s: files that are not films (masks, thumbnails, documents): %d; "
            "the table of rejected images names each.",
            source,
            aside,
        )
