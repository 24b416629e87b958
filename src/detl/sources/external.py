"""Images of an external test set: a folder or a list, in any known layout."""

from collections.abc import Collection, Mapping
from pathlib import Path

import pandas as pd

from detl.errors import DetlError
from detl.schemas.classes import DATA_B_CLASSES
from detl.schemas.parameters import IngestParameters, SourceParameters
from detl.schemas.tables import CANDIDATES, REJECTED, validate
from detl.sources import read_source
from detl.sources.files import EXTERNAL, advise_on_folder
from detl.sources.patients import is_spoilt, normalise_patient
from detl.sources.pseudonyms import drop_sources
from detl.sources.source_table import SourceTable, hide_patients, select_views
from detl.sources.spelling import casefold_text, is_utf8, show


def read_external_images(
    source: str | None, ingest: IngestParameters, patient_key: Path | None = None
) -> tuple[str, pd.DataFrame, pd.DataFrame]:
    """Return the source, the images that it offers, and the rows that are not taken.

    Args:
        source: A folder, or a csv that lists images.
        ingest: The sources that were ingested, and which views are taken.
        patient_key: File of the key of the pseudonyms of patients whom DICOM headers
            name; None leaves these unnamed.

    Returns:
        The path of the source as it was given; table ``candidates`` with absolute
        paths; and a table ``rejected``.

    Raises:
        DetlError: No source is named, or it cannot be read.
    """
    if source is None:
        raise DetlError(
            "The external test has no images: name a folder or a csv with --params "
            "source=PATH."
        )
    path = Path(source).absolute()
    table = read_external(path, ingest.sources, ingest.views, patient_key)
    folder = path if path.is_dir() else path.parent
    candidates = table.candidates.assign(
        path=[(folder / name).as_posix() for name in table.candidates["path"]]
    )
    return source, validate(candidates, CANDIDATES), validate(table.rejected, REJECTED)


def read_external(
    path: Path,
    known: Mapping[str, SourceParameters],
    views: Collection[str],
    patient_key: Path | None = None,
) -> SourceTable:
    """Return the images of a folder, or of a csv that lists some.

    The files in the folder show its layout: ``Data_Entry_2017*`` (ChestX-ray14),
    ``metadata.csv`` (covid-chestxray), else ``labels.csv`` or class folders. If a
    source with the same published layout was ingested, images and patients get its
    name, so that images and patients of the training are recognised. An own list can
    name a patient with the source, ``nih/00000001``, for the same purpose.

    Args:
        path: A folder, or a csv with the columns ``file``, ``label`` and ``patient``.
        views: Wanted views, spelt as in column ``view``.
        patient_key: File with the key for pseudonyms of the patients in DICOM headers.
            None leaves these patients unnamed.

    Raises:
        DetlError: There is no such path, it lacks something, or no image can be used.
    """
    if not is_utf8(str(path)):
        raise DetlError(
            f"The path {show(str(path))} of the external test is not UTF-8, where only "
            "UTF-8 can be written to the tables: rename it."
        )
    if not path.exists():
        raise DetlError(
            f"There is no {path}, where the images of the external test should be: "
            "name a folder or a csv with --params source=PATH."
        )
    reader = _detect_layout(path)
    parameters = SourceParameters(reader=reader, folder=str(path))
    # The name is EXTERNAL during reading, so that errors give the right advice.
    found = read_source(Path(), EXTERNAL, parameters, patient_key)
    same = [name for name, p in known.items() if p.reader == reader != "folder"]
    source = same[0] if same else EXTERNAL
    table = _rename_source(select_views(found, views), source, known)
    _require_candidates(path, table)
    return table


def _detect_layout(path: Path) -> str:
    if path.is_dir() and list(path.glob("Data_Entry_2017*")):
        return "nih"
    return "covid_chestxray" if (path / "metadata.csv").is_file() else "folder"


def _require_candidates(path: Path, table: SourceTable) -> None:
    if not table.candidates.empty:
        return
    counts = hide_patients(table.rejected["reason"]).value_counts()
    named = [f"{reason} {count}" for reason, count in counts.head(3).items()]
    if len(counts) > 3:
        named.append(f"other reasons {counts.iloc[3:].sum()}")
    raise DetlError(
        f"None of the {len(table.rejected)} images of {path} can be used "
        f"({', '.join(named) or 'it names none'}), where class folders directly in it, "
        "or paths relative to the csv, written with /, were expected, labelled with "
        f"findings or {', '.join(DATA_B_CLASSES)}: correct it, or "
        f"{advise_on_folder(EXTERNAL)}."
    )


def _rename_source(
    table: SourceTable, source: str, known: Mapping[str, SourceParameters]
) -> SourceTable:
    """Return the table under another source's name.

    Patients that the list names with their source keep that source.
    """
    images = table.candidates
    files = images["image_id"].str.removeprefix(f"{EXTERNAL}/")
    said = images["patient_id"].str.removeprefix(f"{EXTERNAL}/")
    patients = [
        f"{source}/{patient}"
        # An unknown patient has the name of the file.
        if patient == file
        else _qualify_patient(patient, source, known)
        for patient, file in zip(said, files, strict=True)
    ]
    named = images.assign(
        source=source,
        image_id=f"{source}/" + files,
        patient_id=drop_sources(pd.Series(patients, images.index, dtype="str")),
    )
    is_lost = named["patient_id"].map(_is_lost).astype(bool)
    lost = pd.DataFrame(
        {
            "source": source,
            "name": files[is_lost],
            "reason": "no patient of that source: " + said[is_lost],
        }
    )
    rejected = pd.concat([table.rejected.assign(source=source), lost])
    return SourceTable(
        candidates=named[~is_lost].reset_index(drop=True),
        rejected=rejected.astype(str).reset_index(drop=True),
    )


def _is_lost(patient_id: str) -> bool:
    patient = patient_id.partition("/")[2]
    return not patient or is_spoilt(patient)


def _qualify_patient(
    said: str, source: str, known: Mapping[str, SourceParameters]
) -> str:
    """Return source and patient, spelt as the reader of that source spells them."""
    sources = {casefold_text(name): name for name in known}
    own, _, patient = said.replace("\\", "/").partition("/")
    named = sources.get(own.strip())
    if named is None:
        return f"{source}/{said}"
    return f"{named}/{normalise_patient(patient, known[named].reader)}"
