"""NIH ChestX-ray14: 112,120 frontal radiographs of 30,805 patients.

Findings were mined from the radiologists' reports by text analysis; "No Finding"
is a finding of its own. Wang et al., CVPR 2017,
https://nihcc.app.box.com/v/ChestXray-NIHCC
"""

import re
from pathlib import Path

import numpy as np
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
    """Return the images of a copy of NIH ChestX-ray14, whole or in part, of every view.

    Args:
        folder: Holds ``Data_Entry_2017*.csv``, also compressed as ``.csv.gz``, and
            the images in ``images/``, or in ``images_001/`` to ``images_012/``
            (below which there may be one more ``images/``).
        source: Name of the source.
        parameters: Its parameters.

    Raises:
        DetlError: The folder, the csv, a column or the image folders are missing.
    """
    require_folder(folder, source, _CONTENT)
    labels_path = find_nih_labels(folder, source)
    files = list_files(folder, _image_folders(folder, source))
    labels = read_nih_labels(labels_path)
    rows = labels.assign(
        path=match_files(labels["name"], files, "name"),
        license=LICENSE,
        reason=np.where(labels["view"] == "", "no view", ""),
    )
    return build_source_table(
        rows, source, parameters, _find_unnamed(files, rows["path"], labels_path.name)
    )


def read_nih_labels(path: Path) -> pd.DataFrame:
    """Return the labels of NIH ChestX-ray14, one row per image, all text.

    Reads the spellings of 2017 (``Patient Gender``) and of v2020 (``Patient Sex``),
    with or without a comma at the end of each line.

    Args:
        path: ``Data_Entry_2017.csv``, ``Data_Entry_2017_v2020.csv``, or either with
            ``.gz``.

    Returns:
        ``name`` ("00000001_000.png"), ``findings`` ("A|B"), ``patient`` (eight
        digits), ``age`` (as in the file), ``sex`` and ``view``.

    Raises:
        DetlError: The file is no csv table, or lacks a column.
    """
    labels = read_text_table(path, _COLUMNS)
    patient = labels["patient"].str.zfill(8).mask(labels["patient"] == "", "")
    return labels.assign(patient=patient)


def find_nih_labels(folder: Path, source: str) -> Path:
    """Return the path of the label file in a copy of NIH ChestX-ray14.

    Args:
        folder: The copy.
        source: Name of the source, for the error.

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
            f"or .csv.gz), the labels of NIH ChestX-ray14; {where_to_set(source)}."
        )
    if len(found) > 1:
        names = " and ".join(path.name for path in found)
        raise DetlError(
            f"{folder} holds {names}, where one label file was expected; keep one."
        )
    return found[0]


def _image_folders(folder: Path, source: str) -> list[str]:
    # Not every folder that begins so: images_64px/ holds other sizes.
    found = sorted(
        path.name
        for path in folder.iterdir()
        if re.fullmatch(r"images(_\d{3})?", path.name) and path.is_dir()
    )
    if not found:
        raise DetlError(
            f"There is no {folder / 'images'} (nor images_001 to images_012), the "
            f"images of NIH ChestX-ray14; {where_to_set(source)}."
        )
    return [name for outer in found for name in (outer, f"{outer}/images")]


def _find_unnamed(
    files: pd.DataFrame, taken: pd.Series, labels_name: str
) -> pd.DataFrame:
    left = files[~files["path"].isin(taken)]
    second = left["name"].isin(files.loc[files["path"].isin(taken), "name"])
    reason = pd.Series(f"no row in {labels_name}", left.index)
    return pd.DataFrame(
        {"name": left["path"], "reason": reason.mask(second, "second file of its name")}
    )
