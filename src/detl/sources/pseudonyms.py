"""Pseudonyms of patients: keyed hashes of their numbers in DICOM headers.

With the same key a patient has the same pseudonym in every source and every run.
Without the key no pseudonym leads back to a patient, not even for someone who tries all
numbers of a hospital.
"""

import hmac
import os
import re
import secrets
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from detl.errors import DetlError
from detl.sources.patients import normalise_patient

PatientId = tuple[str, str]
"""The issuer of the number, "" if unknown, and the number."""

_KEY_BYTES = 32
_PSEUDONYM = "dicom/[0-9a-f]{8}-[0-9a-f]{32}"

# What anonymising programs and devices write in place of a number.
_NOBODY = re.compile(
    "0+|X+|"
    "ANON|ANONIMO|ANONIMIZADO|ANONYM|ANONYME|ANONYMI[SZ]ED?|ANONYMISIERT|ANONYMOUS|"
    "BLANK|CONFIDENTIAL|DEIDENTIFIED|DELETED|DUMMY|EMPTY|HIDDEN|ID|IDREMOVED|MASKED|"
    "NA|NAN|NIL|NOID|NONE|NOTAVAILABLE|NOVALUE|NULL|PATID|PATIENT|PATIENTID|REDACTED|"
    "REMOVED|SUBJECT|TEST|UNBEKANNT|UNDEFINED|UNKNOWN|UNSPECIFIED"
)


def read_patient_id(issuer: str, number: str) -> PatientId | None:
    """Return the patient of a header, or None if it names nobody.

    Capitals, blanks, carets, zeros before a number and ``.0`` after it make no
    difference. A word such as ``ANONYMOUS`` names nobody.

    Args:
        issuer: ``IssuerOfPatientID``.
        number: ``PatientID``.
    """
    patient, by = _normalise(number), _normalise(issuer)
    return (by, patient) if patient else None


def complete_issuers(ids: Sequence[PatientId | None]) -> list[PatientId | None]:
    """Return the patients with a missing issuer added if only one is possible.

    Some devices name the issuer and others do not, also for films of one patient.
    """
    issuers: dict[str, set[str]] = {}
    for issuer, patient in filter(None, ids):
        if issuer:
            issuers.setdefault(patient, set()).add(issuer)
    only = {
        patient: next(iter(known))
        for patient, known in issuers.items()
        if len(known) == 1
    }
    return [i and (i[0] or only.get(i[1], ""), i[1]) for i in ids]


def make_pseudonym(patient: PatientId, key: bytes) -> str:
    """Return the pseudonym of a patient: ``dicom/``, a sign of the key, and the hash.

    Args:
        patient: Result of ``read_patient_id``.
        key: Result of ``load_patient_key``.
    """
    sign = hmac.digest(key, b"sign of the key", "sha256").hex()[:8]
    name = hmac.digest(key, "\0".join(patient).encode(), "sha256").hex()[:32]
    return f"dicom/{sign}-{name}"


def is_pseudonym(patients: pd.Series) -> pd.Series:
    """Return whether each patient is a pseudonym, with or without a source.

    Args:
        patients: Such as ``dicom/0123abcd-...``, ``clinic/dicom/0123abcd-...`` or
            ``clinic/17``.
    """
    return patients.str.contains(rf"^(?:[^/]*/)?{_PSEUDONYM}$")


def drop_sources(patients: pd.Series) -> pd.Series:
    """Return the patients, with pseudonyms stripped of their source.

    A pseudonym means the same patient in every source.
    """
    return patients.str.replace(rf"^[^/]*/(?={_PSEUDONYM}$)", "", regex=True)


def replace_pseudonyms(patients: pd.Series, image_ids: pd.Series) -> pd.Series:
    """Return the patients, with pseudonyms replaced by the name of their first image.

    The order of these names does not depend on the key.
    """
    first = image_ids.groupby(patients).transform("first")
    return patients.mask(is_pseudonym(patients), first)


def require_one_key(patients: Iterable[str], others: Iterable[str]) -> None:
    """Raise if the pseudonyms of two sets of images were made with different keys.

    Raises:
        DetlError: The keys differ, so that one patient would count as two.
    """
    signs = [
        {name[:14] for name in side if re.fullmatch(_PSEUDONYM, name)}
        for side in (patients, others)
    ]
    if all(signs) and signs[0] != signs[1]:
        raise DetlError(
            "The patients of the DICOM files have pseudonyms of another key than those "
            "of the training, where one key for both was expected: put back the file "
            "conf/local/patient_key with which the training images were read (or name "
            "it in DETL_PATIENT_KEY_FILE), or run 'kedro run --pipeline detl' again."
        )


def load_patient_key(path: Path) -> bytes:
    """Return the key of the pseudonyms; a missing key file is created.

    Args:
        path: File with 64 hexadecimal digits. Only its owner may read it.

    Raises:
        DetlError: The file cannot be read or created, or holds something else.
    """
    try:
        if not path.exists():
            _make_key(path)
        key = bytes.fromhex(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DetlError(
            f"The key of the patients' pseudonyms, {path}, cannot be read or made "
            f"({error.strerror}): give the user the right to, or name another file in "
            "the environment variable DETL_PATIENT_KEY_FILE."
        ) from None
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise DetlError(
            f"{path} holds no key, where {2 * _KEY_BYTES} hexadecimal digits were "
            "expected: put back the earlier file, or delete it to get a new key and "
            "new pseudonyms for all patients."
        )
    return key


def _make_key(path: Path) -> None:
    # mkstemp lets only the owner read the file.
    descriptor, temporary = tempfile.mkstemp(prefix=".partial-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_KEY_BYTES) + "\n")
        try:
            # Unlike a renaming, this does not replace the key of a simultaneous run.
            os.link(temporary, path)
        except FileExistsError:
            pass
        except OSError:
            # The file system has no hard links.
            os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _normalise(text: str) -> str:
    """Return the text spelt like patients in lists, "" if it names nobody."""
    said = re.sub(r"\s", "", normalise_patient(re.sub(r"[\^\0]", " ", text)))
    letters = re.sub(r"[\W_]", "", said)
    return said if letters and not _NOBODY.fullmatch(letters.upper()) else ""
