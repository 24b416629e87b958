"""A plain folder of images: one's own, or a source that publishes no csv."""

import os
from pathlib import Path

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
_COLUMNS = {"path": ("file",), "findings": ("label",), "patient": ("patient",)}


def read_folder(folder: Path, source: str, parameters: SourceParameters) -> SourceTable:
    """Return the images of a folder that a csv or its class folders label.

    Args:
        folder: Holds ``labels.csv`` with the columns ``file`` (a path relative to
            the folder), ``label`` and ``patient`` (empty: this image's alone); or,
            without that csv, one folder per class, named after its label. Then
            each image counts as a patient of its own.
        source: Name of the source.
        parameters: Its parameters; ``findings`` translates labels to findings.

    Raises:
        DetlError: The folder is missing or holds neither, or a column is missing.
    """
    require_folder(folder, source, _CONTENT)
    files = list_files(folder, _all_folders(folder))
    files = files.assign(path=files["path"].str.removeprefix("./"))
    files = files[files["path"] != "labels.csv"]
    if (folder / "labels.csv").is_file():
        rows = _rows_of_csv(folder, files)
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
    return build_source_table(
        rows.assign(view="", age="", sex="", license="", reason=""),
        source,
        parameters,
        unnamed.assign(name=unnamed["path"], reason=why_unnamed),
    )


def _all_folders(folder: Path) -> list[str]:
    return sorted(
        Path(parent).relative_to(folder).as_posix() for parent, _, _ in os.walk(folder)
    )


def _rows_of_csv(folder: Path, files: pd.DataFrame) -> pd.DataFrame:
    rows = read_text_table(folder / "labels.csv", _COLUMNS)
    name = rows["path"]
    return rows.assign(
        name=name,
        path=match_files(name, files, "path"),
        patient=rows["patient"].mask(rows["patient"] == "", name),
    )


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
