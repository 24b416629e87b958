"""Images from elsewhere, as a test set: a folder or a list, in any known layout."""

from collections.abc import Collection, Mapping
from pathlib import Path

import pandas as pd

from detl.errors import DetlError
from detl.schemas.classes import DATA_B_CLASSES
from detl.schemas.parameters import SourceParameters
from detl.sources import read_source
from detl.sources.files import EXTERNAL, where_to_set
from detl.sources.patients import is_spoilt, normalise_patient
from detl.sources.pseudonyms import drop_sources
from detl.sources.source_table import SourceTable, drop_patients, select_views
from detl.sources.spelling import fold, is_utf8, show


def read_external(
    path: Path,
    known: Mapping[str, SourceParameters],
    views: Collection[str],
    patient_key: Path | None = None,
) -> SourceTable:
    """Return the images of a folder, or of a csv that lists some.

    The layout is told from what lies there: ``Data_Entry_2017*`` (ChestX-ray14),
    ``metadata.csv`` (covid-chestxray), else ``labels.csv`` or class folders. Where a
    source with that published layout was ingested, the images and patients take its
    name, so that those which training has seen are recognised. In a list of one's own
    a patient may be named with the source, ``nih/00000001``, to the same end.

    Args:
        path: A folder, or a csv with the columns ``file``, ``label`` and ``patient``.
        known: The sources that were ingested.
        views: Views to take, spelt as in column ``view``.
        patient_key: File of the key of the pseudonyms of patients whom DICOM headers
            name, which are the same everywhere; None makes none.

    Raises:
        DetlError: There is no such path, its reader misses something, or not one image
            can be taken.
    """
    if not is_utf8(str(path)):
        raise DetlError(
            f"The path {show(str(path))} of the external test is not UTF-8, in which "
            "names are written: rename it."
        )
    if not path.exists():
        raise DetlError(
            f"There is no {path}, where the images of the external test should be: "
            "name a folder or a csv with --params source=PATH."
        )
    reader = _tell_layout(path)
    parameters = SourceParameters(reader=reader, folder=str(path))
    # Under the name that its errors know how to mend, until it is read.
    found = read_source(Path(), EXTERNAL, parameters, patient_key)
    same = [name for name, p in known.items() if p.reader == reader != "folder"]
    source = same[0] if same else EXTERNAL
    table = _name_after(select_views(found, views), source, known)
    _require_candidates(path, table)
    return table


def _tell_layout(path: Path) -> str:
    if path.is_dir() and list(path.glob("Data_Entry_2017*")):
        return "nih"
    return "covid_chestxray" if (path / "metadata.csv").is_file() else "folder"


def _require_candidates(path: Path, table: SourceTable) -> None:
    if not table.candidates.empty:
        return
    counts = drop_patients(table.rejected["reason"]).value_counts()
    named = [f"{reason} {count}" for reason, count in counts.head(3).items()]
    if len(counts) > 3:
        named.append(f"other reasons {counts.iloc[3:].sum()}")
    raise DetlError(
        f"None of the {len(table.rejected)} images of {path} could be taken "
        f"({', '.join(named) or 'it names none'}), where class folders directly in it, "
        "or paths from where the csv lies, written with /, were expected, and as "
        f"classes findings or {', '.join(DATA_B_CLASSES)}: mend that, or "
        f"{where_to_set(EXTERNAL)}."
    )


def _name_after(
    table: SourceTable, source: str, known: Mapping[str, SourceParameters]
) -> SourceTable:
    """Return the table of another source; named patients keep their own source."""
    images = table.candidates
    files = images["image_id"].str.removeprefix(f"{EXTERNAL}/")
    said = images["patient_id"].str.removeprefix(f"{EXTERNAL}/")
    patients = [
        f"{source}/{patient}"
        # Of an image whose patient is not known the patient is its file.
        if patient == file
        else _name_patient(patient, source, known)
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


def _name_patient(said: str, source: str, known: Mapping[str, SourceParameters]) -> str:
    """Return a patient with the source, as that source's reader would name both."""
    sources = {fold(name): name for name in known}
    own, _, patient = said.replace("\\", "/").partition("/")
    named = sources.get(own.strip())
    if named is None:
        return f"{source}/{said}"
    return f"{named}/{normalise_patient(patient, known[named].reader)}"
