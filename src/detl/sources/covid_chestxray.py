"""The COVID-19 image data collection: radiographs from publications and web pages.

One or two images per patient, gathered from papers, teaching files and hospitals
of many countries; an empty age or sex is not known. Cohen et al., arXiv:2003.11597
and 2006.11988, https://github.com/ieee8023/covid-chestxray-dataset
"""

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

    Patients whose numbers differ by one letter at the end (313a, 313b) are one.

    Args:
        folder: Holds ``metadata.csv`` and the folder of images that it names. An
            image with another extension than in the csv is taken too.
        source: Name of the source.
        parameters: Its parameters.

    Raises:
        DetlError: The folder, the csv, a column or the image folder is missing.
    """
    require_folder(folder, source, _CONTENT)
    path = folder / "metadata.csv"
    if not path.is_file():
        raise DetlError(
            f"There is no {path}, the list of the images; {where_to_set(source)}."
        )
    rows = read_text_table(path, _COLUMNS)
    files = list_files(folder, _image_folders(folder, rows["folder"], source))
    rows = rows.assign(
        patient=rows["patient"].str.replace(r"^(\d+)[A-Za-z]$", r"\1", regex=True),
        path=match_files(rows["folder"] + "/" + rows["name"], files, "path"),
        reason=_why_not(rows["modality"], rows["view"]),
    )
    unnamed = files[~files["path"].isin(rows["path"])]
    return build_source_table(
        rows,
        source,
        parameters,
        unnamed.assign(name=unnamed["path"], reason="no row in metadata.csv"),
    )


def _image_folders(folder: Path, named: pd.Series, source: str) -> list[str]:
    # Only folders right here: a csv must not lead outside the data set.
    here = {path.name for path in folder.iterdir() if path.is_dir()}
    found = sorted(here & {*named, "images"})
    if not found:
        raise DetlError(
            f"There is no {folder / 'images'}, the images that metadata.csv names; "
            f"{where_to_set(source)}."
        )
    return found


def _why_not(modality: pd.Series, view: pd.Series) -> pd.Series:
    reason = pd.Series("", view.index).mask(view == "", "no view")
    return reason.mask(modality != "X-ray", "modality: " + modality)
