"""A plain folder of images, or a list of some: one's own, or what has no layout."""

import os
from pathlib import Path, PurePosixPath

import pandas as pd

from detl.errors import DetlError
from detl.parameters import SourceParameters
from detl.sources.files import (
    list_files,
    match_files,
    read_text_table,
    require_folder,
    where_to_set,
)
from detl.sources.source_table import SourceTable, build_source_table

_CONTENT = "labels.csv (file, label, patient) or one folder of images per class"
_LIST_ADVICE = (
    "write it with commas: the first line file,label,patient in small letters, then a "
    "row per image (whose patient may be left empty)"
)
_PUBLISHED_LISTS = ("Data_Entry_2017", "metadata.csv")
"""How the lists begin that belong to the layout of a whole folder."""

_COLUMNS = {"path": ("file",), "findings": ("label",), "patient": ("patient",)}


def read_folder(folder: Path, source: str, parameters: SourceParameters) -> SourceTable:
    """Return the images of a folder that a csv or its class folders label.

    Args:
        folder: Holds ``labels.csv`` with the columns ``file`` (a path relative to
            the folder), ``label`` and ``patient`` (empty: this image's alone); or,
            without that csv, one folder per class, named after its label. Then
            each image counts as a patient of its own. Or such a csv itself, whose
            paths are relative to its own folder.
        source: Name of the source.
        parameters: Its parameters; ``findings`` translates labels to findings.

    Raises:
        DetlError: The folder is missing or holds neither, or a column is missing.
    """
    if folder.is_file():
        rows = _read_listing(folder)
        files = list_files(folder.parent, _named_folders(rows["path"]))
        files = files.assign(path=files["path"].str.removeprefix("./"))
        return _build(_match(rows, files), source, parameters)
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
    return _build(rows, source, parameters, unnamed)


def _build(
    rows: pd.DataFrame,
    source: str,
    parameters: SourceParameters,
    unnamed: pd.DataFrame | None = None,
) -> SourceTable:
    rows = rows.assign(view="", age="", sex="", license="", reason="")
    return build_source_table(rows, source, parameters, unnamed)


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
    patient = rows["patient"].mask(rows["patient"] == "", rows["path"])
    return rows.assign(name=rows["path"], patient=patient)


def _match(rows: pd.DataFrame, files: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(path=match_files(rows["name"], files, "path"))


def _rows_of_class_folders(files: pd.DataFrame) -> pd.DataFrame:
    inside = files[files["path"].str.contains("/")]
    return pd.DataFrame(
        {
            "name": inside["path"],
            "path": inside["path"],
            "findings": inside["path"].str.split("/").str[0],
            "patient": inside["path"],
        }
    )
