"""The COVID-19 image data collection: radiographs from publications and web pages.

It holds one or two images per patient, from papers, teaching files and hospitals of
many countries. Cohen et al., arXiv:2003.11597 and 2006.11988,
https://github.com/ieee8023/covid-chestxray-dataset
"""

from pathlib import Path

import pandas as pd

from detl.errors import DetlError
from detl.schemas.parameters import SourceParameters
from detl.sources.csv_table import read_text_table
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
from detl.sources.spelling import casefold_text

_CONTENT = "metadata.csv and images/ of the COVID-19 image data collection"
_COLUMNS = {
    "patient": ("patientid",),
    "sex": ("sex",),
    "age": ("age",),
    "findings": ("finding",),
    "view": ("view",),
    "modality": ("modality",),
    "folder": ("folder",),
    "name": ("filename",),
    "license": ("license",),
}


def read_covid_chestxray(
    folder: Path, source: str, parameters: SourceParameters
) -> SourceTable:
    """Return the X-rays of the collection, of every view.

    Numbers that differ by one letter at the end (313a, 313b) mean one patient.

    Args:
        folder: Holds ``metadata.csv`` and the folder of images that it names. An
            image may have another extension than in the csv.

    Raises:
        DetlError: The folder, the csv, a column or the image folder is missing.
    """
    require_folder(folder, source, _CONTENT)
    path = folder / "metadata.csv"
    if not path.is_file():
        raise DetlError(
            f"There is no {path}, the list of the images; {advise_on_folder(source)}."
        )
    table = read_text_table(path, _COLUMNS, verbatim=["name"])
    rows = table.rows
    contents = list_files(folder, _image_folders(folder, rows["folder"], source))
    log_hidden(source, contents.hidden)
    files = contents.files
    matched = match_files(_name_files(rows, folder), files, folder)
    patients = normalise_patients(rows["patient"], "covid_chestxray")
    spoilt = explain_spoilt_patients(patients, path)
    rows = rows.assign(
        name=[tidy_path(name, folder) if name.strip() else "" for name in rows["name"]],
        patient=patients,
        path=matched["path"],
        why_no_file=matched["reason"],
        reason=_explain_rejection(rows["modality"], rows["view"], spoilt),
    )
    unnamed = files[~files["path"].isin(rows["path"])]
    unnamed = unnamed.assign(name=unnamed["path"], reason="no row in metadata.csv")
    return build_source_table(
        rows,
        source,
        parameters,
        pd.concat([table.faults, contents.faults, unnamed[["name", "reason"]]]),
    )


def _name_files(rows: pd.DataFrame, folder: Path) -> pd.Series:
    """Return the path of each row's file: in its folder, unless its name has one."""
    has_folder = rows["name"].map(lambda name: "/" in tidy_path(name, folder))
    inside = rows["folder"].mask(rows["folder"] == "", "images")
    return rows["name"].where(has_folder.astype(bool), inside + "/" + rows["name"])


def _image_folders(folder: Path, named: pd.Series, source: str) -> list[str]:
    # Only subfolders count, since a csv must not lead outside the data set.
    wanted = {
        casefold_text(tidy_path(name, folder)) for name in {*named, "images"} - {""}
    }
    found = sorted(
        path.name
        for path in folder.iterdir()
        if casefold_text(path.name) in wanted and path.is_dir()
    )
    if not found:
        raise DetlError(
            f"There is no {folder / 'images'}, the images that metadata.csv names; "
            f"{advise_on_folder(source)}."
        )
    return found


def _explain_rejection(
    modality: pd.Series, view: pd.Series, spoilt: pd.Series
) -> pd.Series:
    reason = spoilt.mask((spoilt == "") & (view == ""), "no view")
    return reason.mask(modality != "X-ray", "modality: " + modality)
