"""Headers of DICOM files: patient, age, sex, part of the body, and view.

Nothing else of a header is read. Reasons quote only words of the standard, because a
failed anonymisation may have left a name anywhere.
"""

import logging
import os
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd

from detl.sources.dicom_words import judge_modality, judge_part, judge_view
from detl.sources.pseudonyms import (
    PatientId,
    complete_issuers,
    load_patient_key,
    make_pseudonym,
    read_patient_id,
)

logger = logging.getLogger("detl.ingest")

HEADER_ELEMENTS = (
    "PatientID",
    "IssuerOfPatientID",
    "PatientAge",
    "PatientSex",
    "Modality",
    "BodyPartExamined",
    "AnatomicRegionSequence",
    "ViewPosition",
    "ViewCodeSequence",
    "PatientOrientation",
    "Rows",
)
"""The elements that are read from a header, apart from those of the pixels."""

_SEXES = {"M": "M", "MALE": "M", "F": "F", "FEMALE": "F"}

_MOST_OF_A_PATIENT = 5
"""A patient with more films than this, and than a tenth of a source, gets a warning."""


@dataclass(frozen=True)
class Header:
    """The used elements of the header of one DICOM file.

    Attributes:
        patient: The patient in clear text, or None if none is named.
        view: ``PA``, ``AP``, ``AP Supine`` or ``L``; "" if unknown.
        age: Such as ``058Y``; "" if unknown or impossible.
        sex: ``M`` or ``F``; "" if unknown.
        reason: Why the file is not a chest film; "" if it may be one.
    """

    patient: PatientId | None = field(repr=False)
    view: str
    age: str
    sex: str
    reason: str


def fill_from_headers(
    rows: pd.DataFrame, folder: Path, source: str, patient_key: Path | None
) -> pd.DataFrame:
    """Return the rows of a source, with empty fields filled from their DICOM headers.

    Args:
        rows: One row per image, columns of text: ``path`` relative to ``folder``, NA
            without a file; ``patient``, ``view``, ``age``, ``sex`` and ``reason``. A
            field that is not "" stays as it is.
        patient_key: File with the key of the pseudonyms, created if missing. None
            leaves patients unnamed.

    Returns:
        The rows. The patient is the one of the row, else of another row with the same
        patient in its header, else a pseudonym.

    Raises:
        DetlError: The key cannot be used.
    """
    named = rows.loc[rows["path"].notna(), "path"]
    found = dict(zip(named.index, read_headers(folder / p for p in named), strict=True))
    headers = {row: header for row, header in found.items() if header}
    if not headers:
        return rows
    said = pd.DataFrame(
        [(h.view, h.age, h.sex, h.reason) for h in headers.values()],
        index=pd.Index(headers),
        columns=["view", "age", "sex", "reason"],
        dtype=object,
    )
    rows = rows.copy()
    for column in said:
        rows[column] = rows[column].mask(rows[column] == "", said[column]).fillna("")
    ids = complete_issuers([header.patient for header in headers.values()])
    patients = pd.Series(ids, pd.Index(headers), dtype=object)
    patients = patients[patients.notna()]
    _report(patients, said, rows["patient"], source)
    if patient_key and len(patients):
        rows["patient"] = _name_patients(rows["patient"], patients, patient_key)
    return rows


def read_headers(paths: Iterable[Path]) -> list[Header | None]:
    """Return the header of each file, or None if it is not a DICOM file.

    DICOM files are read up to their pixels. A header that cannot be read is a reason to
    reject the film, since it may name a patient.
    """
    # Python's own default for threads that wait for files.
    with ThreadPoolExecutor(min(32, (os.cpu_count() or 1) + 4)) as pool:
        return list(pool.map(_read_header, paths))


def _read_header(path: Path) -> Header | None:
    from detl.imaging.grey import ImageRejected
    from detl.imaging.signatures import is_dicom

    try:
        with path.open("rb") as file:
            beginning = file.read(132)
        if not is_dicom(beginning):
            return None
        # Most folders hold no DICOM files, and pydicom takes time to import.
        from detl.imaging.dicom import read_dicom_dataset

        return _judge(read_dicom_dataset(path, HEADER_ELEMENTS))
    except OSError as error:
        return Header(None, "", "", "", f"file cannot be read: {error.strerror}")
    except ImageRejected as rejected:
        return Header(None, "", "", "", str(rejected))


def judge_header(content: bytes) -> Header | None:
    """Return what the header of a file says, or None if it is not a DICOM file.

    Args:
        content: The bytes of the file.
    """
    from detl.imaging.grey import ImageRejected
    from detl.imaging.signatures import is_dicom

    if not is_dicom(content[:132]):
        return None
    from detl.imaging.dicom import read_dicom_dataset

    try:
        return _judge(read_dicom_dataset(BytesIO(content), HEADER_ELEMENTS))
    except ImageRejected as rejected:
        return Header(None, "", "", "", str(rejected))


def _judge(dataset: Any) -> Header:
    part = _text(dataset, "BodyPartExamined")
    view, why_no_view = judge_view(
        _text(dataset, "ViewPosition"),
        _codes(dataset, "ViewCodeSequence"),
        _text(dataset, "PatientOrientation"),
        part,
    )
    reasons = (
        judge_modality(_text(dataset, "Modality")),
        "" if "Rows" in dataset else "DICOM without a picture",
        judge_part(part, _codes(dataset, "AnatomicRegionSequence")),
        why_no_view,
    )
    return Header(
        patient=read_patient_id(
            _text(dataset, "IssuerOfPatientID"), _text(dataset, "PatientID")
        ),
        view=view,
        age=_clean_age(_text(dataset, "PatientAge")),
        sex=_SEXES.get(_text(dataset, "PatientSex").upper(), ""),
        reason=next(filter(None, reasons), ""),
    )


def _text(dataset: Any, keyword: str) -> str:
    """Return an element's text, "" if the element is missing."""
    element = dataset.get_item(keyword)
    # pydicom's own conversion fails on unexpected values, or quotes them in a warning.
    value = element.value if element is not None else None
    if not isinstance(value, bytes):
        return "" if value is None else str(value)
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    return text.strip(" \0\t\r\n")


def _codes(dataset: Any, keyword: str) -> list[str]:
    """Return the SNOMED codes of a sequence.

    Raises:
        ImageRejected: The sequence is broken, and the film may not show a chest.
    """
    from detl.imaging.grey import ImageRejected

    # pydicom fails in many ways on broken sequences, or returns text for the items.
    try:
        items = list(dataset[keyword].value or []) if keyword in dataset else []
        return [
            _text(item, "CodeValue").upper()
            for item in items
            if _text(item, "CodingSchemeDesignator").upper() in ("SCT", "SRT", "SNM3")
        ]
    except Exception as error:
        raise ImageRejected(f"broken DICOM: {type(error).__name__}") from None


def _clean_age(text: str) -> str:
    """Return the age unchanged if it is possible, else ""."""
    found = re.fullmatch(r"(\d{1,3})\s*([DWMY]?)", text.upper())
    if not found:
        return ""
    most = 120 if found[2] in ("Y", "") else 999
    # Anonymising programs write 000Y. The age of a newborn is given in days.
    return text.upper() if 0 < int(found[1]) <= most else ""


def _name_patients(
    named: pd.Series, patients: pd.Series, patient_key: Path
) -> pd.Series:
    """Return the patient of each row, "" if unknown."""
    given = named[patients.index]
    is_given = given != ""
    by_others = dict(zip(patients[is_given][::-1], given[is_given][::-1], strict=True))
    key = load_patient_key(patient_key)
    known = {p: by_others.get(p) or make_pseudonym(p, key) for p in set(patients)}
    found = patients.map(lambda patient: known[patient])
    return named.mask(named == "", found).fillna("")


def _report(
    patients: pd.Series, said: pd.DataFrame, named: pd.Series, source: str
) -> None:
    logger.info(
        "DICOM headers of source %s: %d; the patient stands in %d of them, the view in "
        "%d, the age in %d, the sex in %d; %d are rejected because of their headers",
        *(source, len(said), len(patients)),
        *((said[column] != "").sum() for column in ("view", "age", "sex", "reason")),
    )
    counts = patients[named[patients.index] == ""].value_counts()
    if counts.max() > max(_MOST_OF_A_PATIENT, len(said) / 10):
        logger.warning(
            "One patient's number stands in %d of the %d DICOM headers of source %s, "
            "which count as films of one patient. If they are of several people, name "
            "the patient of each file in labels.csv.",
            *(counts.max(), len(said), source),
        )
