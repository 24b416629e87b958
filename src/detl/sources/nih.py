"""NIH ChestX-ray14: 112,120 frontal radiographs of 30,805 patients.

The findings come from the radiologists' reports by text analysis, and "No Finding" is
one of them. Wang et al., CVPR 2017, https://nihcc.app.box.com/v/ChestXray-NIHCC
"""

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd

from detl.errors import DetlError
from detl.schemas.parameters import SourceParameters
from detl.sources.csv_table import TextTable, read_text_table
from detl.sources.files import (
    advise_on_folder,
    list_files,
    log_hidden,
    require_folder,
)
from detl.sources.list_paths import tidy_path
from detl.sources.matching import match_files
from detl.sources.patients import explain_spoilt_patients, normalise_patients
from detl.sources.source_table import SourceTable, build_source_table

LICENSE = "NIH Clinical Center: free use with citation and acknowledgement"

_CONTENT = "Data_Entry_2017.csv and images/ (or images_001/ to images_012/) of NIH"
_COLUMNS = {
    "name": ("Image Index",),
    "findings": ("Finding Labels",),
    "patient": ("Patient ID",),
    "age": ("Patient Age",),
    "sex": ("Patient Gender", "Patient Sex"),
    "view": ("View Position",),
}


def read_nih(folder: Path, source: str, parameters: SourceParameters) -> SourceTable:
    """Return the images of a full or partial copy of NIH ChestX-ray14, of every view.

    Args:
        folder: Holds ``Data_Entry_2017*.csv``, also compressed as ``.csv.gz``, and
            the images in ``images/``, or in ``images_001/`` to ``images_012/``, with
            or without another ``images/`` inside.

    Raises:
        DetlError: The folder, the csv, a column or the image folders are missing.
    """
    require_folder(folder, source, _CONTENT)
    labels_path = find_nih_labels(folder, source)
    contents = list_files(folder, _image_folders(folder, source))
    log_hidden(source, contents.hidden)
    files = contents.files
    table = _read_table(labels_path)
    labels = table.rows
    matched = match_files(labels["name"], files, folder, "name")
    spoilt = explain_spoilt_patients(labels["patient"], labels_path)
    rows = labels.assign(
        name=labels["name"].map(lambda name: _name_file(name, folder)).astype(str),
        path=matched["path"],
        why_no_file=matched["reason"],
        license=LICENSE,
        reason=spoilt.mask((spoilt == "") & (labels["view"] == ""), "no view"),
    )
    unnamed = _find_unnamed(files, rows["path"].dropna(), labels_path.name)
    return build_source_table(
        rows, source, parameters, pd.concat([table.faults, contents.faults, unnamed])
    )


def _name_file(name: str, folder: Path) -> str:
    return tidy_path(name, folder).rpartition("/")[2] if name.strip() else ""


def read_nih_labels(path: Path) -> pd.DataFrame:
    """Return the labels of NIH ChestX-ray14, one row per image, all text.

    Both versions are read: 2017 (``Patient Gender``) and v2020 (``Patient Sex``), with
    or without a comma at the end of each line.

    Args:
        path: ``Data_Entry_2017.csv``, ``Data_Entry_2017_v2020.csv``, or either with
            ``.gz``.

    Returns:
        ``name`` ("00000001_000.png"), ``findings`` ("A|B"), ``patient`` (eight
        digits), ``age`` (as in the file), ``sex`` and ``view``.

    Raises:
        DetlError: The file is not a csv table, or lacks a column.
    """
    labels = _read_table(path).rows.drop(columns="where")
    return labels.assign(name=labels["name"].str.strip())


def _read_table(path: Path) -> TextTable:
    table = read_text_table(path, _COLUMNS, verbatim=["name"])
    patient = normalise_patients(table.rows["patient"], "nih")
    return replace(table, rows=table.rows.assign(patient=patient))


def find_nih_labels(folder: Path, source: str) -> Path:
    """Return the path of the label file in a copy of NIH ChestX-ray14.

    Raises:
        DetlError: There is no label file, or more than one.
    """
    found = sorted(
        path
        for path in folder.glob("Data_Entry_2017*")
        if path.name.endswith((".csv", ".csv.gz"))
    )
    if not found:
        raise DetlError(
            f"There is no {folder / 'Data_Entry_2017.csv'} (nor Data_Entry_2017*.csv "
            f"or .csv.gz), the labels of NIH ChestX-ray14; {advise_on_folder(source)}."
        )
    if len(found) > 1:
        names = " and ".join(path.name for path in found)
        raise DetlError(
            f"{folder} holds {names}, where one label file was expected; keep one."
        )
    return found[0]


def _image_folders(folder: Path, source: str) -> list[str]:
    # A longer name does not match: images_64px/ holds other sizes.
    found = sorted(
        path.name
        for path in folder.iterdir()
        if re.fullmatch(r"images(_\d{3})?", path.name, re.IGNORECASE) and path.is_dir()
    )
    if not found:
        raise DetlError(
            f"There is no {folder / 'images'} (nor images_001 to images_012), the "
            f"images of NIH ChestX-ray14; {advise_on_folder(source)}."
        )
    # Windows unpacks images_001.zip into images_001/images_001.
    inner = ("", "/images", "/{outer}")
    return [outer + name.format(outer=outer) for outer in found for name in inner]


def _find_unnamed(
    files: pd.DataFrame, taken: pd.Series, labels_name: str
) -> pd.DataFrame:
    left = files[~files["path"].isin(taken)]
    second = left["name"].isin(files.loc[files["path"].isin(taken), "name"])
    reason = pd.Series(f"no row in {labels_name}", left.index)
    return pd.DataFrame(
        {"name": left["path"], "reason": reason.mask(second, "second file of its name")}
    )
