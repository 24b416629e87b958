"""A plain folder of images, or a list of some: one's own, or what has no layout."""

import os
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pandas as pd

from detl.errors import DetlError
from detl.parameters import SourceParameters
from detl.sources.dicom_headers import use_headers
from detl.sources.files import (
    list_files,
    match_files,
    read_text_table,
    require_folder,
    where_to_set,
)
from detl.sources.pseudonyms import drop_sources
from detl.sources.source_table import SourceTable, build_source_table

_CONTENT = "labels.csv (file, label, patient) or one folder of images per class"
_LIST_ADVICE = (
    "write it with commas: the first line file,label,patient in small letters, then a "
    "row per image (whose patient may be left empty)"
)
_PUBLISHED_LISTS = ("Data_Entry_2017", "metadata.csv")
"""How the lists begin that belong to the layout of a whole folder."""

_COLUMNS = {"path": ("file",), "findings": ("label",), "patient": ("patient",)}


def read_folder(
    folder: Path,
    source: str,
    parameters: SourceParameters,
    patient_key: Path | None = None,
) -> SourceTable:
    """Return the images of a folder that a csv or its class folders label.

    A patient whom no csv names is the one whom the header of a DICOM file names, under
    a pseudonym, else this image's alone. View, age and sex are those of the headers.

    Args:
        folder: Holds ``labels.csv`` with the columns ``file`` (a path relative to
            the folder), ``label`` and ``patient`` (which may be empty); or, without
            that csv, one folder per class, named after its label. Or such a csv
            itself, whose paths are relative to its own folder.
        source: Name of the source.
        parameters: Its parameters; ``findings`` translates labels to findings.
        patient_key: File of the key of the pseudonyms, made at first need; None leaves
            the patients of headers unnamed.

    Raises:
        DetlError: The folder is missing or holds neither, or a column is missing; or
            the key cannot be used.
    """
    if folder.is_file():
        rows = _read_listing(folder)
        files = list_files(folder.parent, _named_folders(rows["path"]))
        files = files.assign(path=files["path"].str.removeprefix("./"))
        matched = _match(rows, files)
        return _build(matched, folder.parent, source, parameters, patient_key)
    require_folder(folder, source, _CONTENT)
    files = list_files(folder, _all_folders(folder))
    files = files.assign(path=files["path"].str.removeprefix("./"))
    files = files[files["path"] != "labels.csv"]
    if (folder / "labels.csv").is_file():
        rows = _match(_read_listing(folder / "labels.csv"), files)
        why_unnamed = "no row in labels.csv"
    else:
        rows = _rows_of_class_folders(files)
        why_unnamed = "not in a class folder"
    unnamed = files[~files["path"].isin(rows["path"])]
    if rows.empty:
        raise DetlError(
            f"{folder} holds no labelled image, where {_CONTENT} was expected; "
            f"{where_to_set(source)}."
        )
    unnamed = unnamed.assign(name=unnamed["path"], reason=why_unnamed)
    return _build(rows, folder, source, parameters, patient_key, unnamed)


def _build(
    rows: pd.DataFrame,
    folder: Path,
    source: str,
    parameters: SourceParameters,
    patient_key: Path | None,
    unnamed: pd.DataFrame | None = None,
) -> SourceTable:
    rows = rows.assign(view="", age="", sex="", license="", reason="")
    rows = use_headers(rows, folder, source, patient_key)
    # An image of whose patient nothing is known is a patient of its own.
    rows["patient"] = rows["patient"].mask(rows["patient"] == "", rows["name"])
    table = build_source_table(rows, source, parameters, unnamed)
    patients = drop_sources(table.candidates["patient_id"])
    return replace(table, candidates=table.candidates.assign(patient_id=patients))


def _all_folders(folder: Path) -> list[str]:
    return sorted(
        Path(parent).relative_to(folder).as_posix() for parent, _, _ in os.walk(folder)
    )


def _named_folders(paths: pd.Series) -> list[str]:
    return sorted({PurePosixPath(path).parent.as_posix() for path in paths})


def _read_listing(path: Path) -> pd.DataFrame:
    is_published = path.name.startswith(_PUBLISHED_LISTS)
    advice = f"name its folder {path.parent} instead" if is_published else _LIST_ADVICE
    rows = read_text_table(path, _COLUMNS, advice)
    return rows.assign(name=rows["path"])


def _match(rows: pd.DataFrame, files: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(path=match_files(rows["name"], files, "path"))


def _rows_of_class_folders(files: pd.DataFrame) -> pd.DataFrame:
    inside = files[files["path"].str.contains("/")]
    return pd.DataFrame(
        {
            "name": inside["path"],
            "path": inside["path"],
            "findings": inside["path"].str.split("/").str[0],
            "patient": "",
        }
    )
