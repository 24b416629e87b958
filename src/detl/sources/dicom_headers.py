"""What the headers of DICOM files say: whose film it is, of what, and from where.

Nothing else of a header is used, and nothing of it is quoted in a reason but words of
the standard: an anonymisation that failed may have left a name anywhere.
"""

import logging
import os
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from detl.sources.dicom_words import judge_modality, judge_part, judge_view
from detl.sources.pseudonyms import (
    PatientId,
    load_patient_key,
    make_pseudonym,
    name_issuers,
    read_patient_id,
)

logger = logging.getLogger("detl.ingest")

USED_OF_A_HEADER = (
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
"""All that is read of a header, beside what describes the pixels."""

_SEXES = {"M": "M", "MALE": "M", "F": "F", "FEMALE": "F"}

_MOST_OF_A_PATIENT = 5
"""So many films of one patient are nothing to warn of, nor is a tenth of a source."""


@dataclass(frozen=True)
class Header:
    """What is used of the header of one DICOM file.

    Attributes:
        patient: Who it is, in clear, or None where nobody is named.
        view: ``PA``, ``AP``, ``AP Supine`` or ``L``; "" where nothing is said.
        age: Such as ``058Y``; "" where nothing is said, or nothing that can be.
        sex: ``M`` or ``F``; "" where neither is said.
        reason: Why the file is no chest film; "" where it may be one.
    """

    patient: PatientId | None = field(repr=False)
    view: str
    age: str
    sex: str
    reason: str


def use_headers(
    rows: pd.DataFrame, folder: Path, source: str, patient_key: Path | None
) -> pd.DataFrame:
    """Return the rows of a source with what the headers of their DICOM files say.

    Args:
        rows: One row per image, columns of text: ``path`` relative to ``folder``, NA
            where there is no file; ``patient``, "" where it is not named; ``view``,
            ``age``, ``sex`` and ``reason``, which are "" or stand as they are.
        folder: Folder of the source.
        source: Name of the source, for the log.
        patient_key: File of the key of the pseudonyms, made at first need; None leaves
            patients unnamed.

    Returns:
        The rows, with a patient where one is named: by the row, else by the row of
        another file whose header names the same one, else by a pseudonym.

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
    ids = name_issuers([header.patient for header in headers.values()])
    patients = pd.Series(ids, pd.Index(headers), dtype=object)
    patients = patients[patients.notna()]
    _report(patients, said, rows["patient"], source)
    if patient_key and len(patients):
        rows["patient"] = _name_patients(rows["patient"], patients, patient_key)
    return rows


def read_headers(paths: Iterable[Path]) -> list[Header | None]:
    """Return what is used of each file's header; None where it is no DICOM file.

    Of other files the first bytes are read, of DICOM files what comes before the
    pixels. Where that fails, it is the reason, so that no film is taken without the
    patient whom it names.

    Args:
        paths: Files of any kind.
    """
    # As many threads as Python thinks right where files are waited for.
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
        # Most folders have no DICOM, and pydicom takes time to import.
        from detl.imaging.dicom import read_dicom_dataset

        return _judge(read_dicom_dataset(path, USED_OF_A_HEADER))
    except OSError as error:
        return Header(None, "", "", "", f"file cannot be read: {error.strerror}")
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
    """Return an element's text, "" where there is none."""
    element = dataset.get_item(keyword)
    # Not converted by pydicom, which fails on what it does not expect, or warns and
    # quotes it.
    value = element.value if element is not None else None
    if not isinstance(value, bytes):
        return "" if value is None else str(value)
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    return text.strip(" \0\t\r\n")


def _codes(dataset: Any, keyword: str) -> list[str]:
    """Return the values of a sequence of codes of SNOMED.

    Raises:
        ImageRejected: The sequence is broken: it may say that this is no chest film.
    """
    from detl.imaging.grey import ImageRejected

    # pydicom fails in many ways on broken sequences, or has text where items should be.
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
    """Return the age as it stands, if it is one that people have, else ""."""
    found = re.fullmatch(r"(\d{1,3})\s*([DWMY]?)", text.upper())
    if not found:
        return ""
    most = 120 if found[2] in ("Y", "") else 999
    # Programs that remove ages write 000Y; a newborn has days.
    return text.upper() if 0 < int(found[1]) <= most else ""


def _name_patients(
    named: pd.Series, patients: pd.Series, patient_key: Path
) -> pd.Series:
    """Return the patient of each row, "" where nobody names one."""
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
        "%d, the age in %d, the sex in %d; for what they say, %d are not taken",
        *(source, len(said), len(patients)),
        *((said[column] != "").sum() for column in ("view", "age", "sex", "reason")),
    )
    counts = patients[named[patients.index] == ""].value_counts()
    if counts.max() > max(_MOST_OF_A_PATIENT, len(said) / 10):
        logger.warning(
            "One patient's number stands in %d of the %d DICOM headers of source %s, "
            "which are taken for one patient's films. If it stands for several people, "
            "name the patient of each file in labels.csv.",
            *(counts.max(), len(said), source),
        )
