"""Pseudonyms of patients: keyed hashes of what DICOM headers call them.

The same patient has the same pseudonym in every source and every run, as long as the
key is the same. Without the key no pseudonym leads back to a patient, not even by
trying all numbers that a hospital may give.
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
"""Who gives the number, "" where that is not said, and the number."""

_KEY_BYTES = 32
_PSEUDONYM = "dicom/[0-9a-f]{8}-[0-9a-f]{32}"

# What anonymising programs and consoles write in place of a number, beside zeros.
_NOBODY = re.compile(
    "0+|X+|"
    "ANON|ANONIMO|ANONIMIZADO|ANONYM|ANONYME|ANONYMI[SZ]ED?|ANONYMISIERT|ANONYMOUS|"
    "BLANK|CONFIDENTIAL|DEIDENTIFIED|DELETED|DUMMY|EMPTY|HIDDEN|ID|IDREMOVED|MASKED|"
    "NA|NAN|NIL|NOID|NONE|NOTAVAILABLE|NOVALUE|NULL|PATID|PATIENT|PATIENTID|REDACTED|"
    "REMOVED|SUBJECT|TEST|UNBEKANNT|UNDEFINED|UNKNOWN|UNSPECIFIED"
)


def read_patient_id(issuer: str, number: str) -> PatientId | None:
    """Return who a header says the patient is, or None where it says nobody.

    Capitals, blanks, carets and zeros before a number make no difference, nor does
    ``.0`` behind it. A word such as ``ANONYMOUS`` in its place is nobody.

    Args:
        issuer: ``IssuerOfPatientID``.
        number: ``PatientID``.
    """
    patient, by = _normalise(number), _normalise(issuer)
    return (by, patient) if patient else None


def name_issuers(ids: Sequence[PatientId | None]) -> list[PatientId | None]:
    """Return the same with an issuer where none was named and one only is possible.

    Of the films of one patient, some devices name the issuer and some do not.

    Args:
        ids: Of all images of a source.
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
        patient: What ``read_patient_id`` returns.
        key: What ``load_patient_key`` returns.
    """
    sign = hmac.digest(key, b"sign of the key", "sha256").hex()[:8]
    name = hmac.digest(key, "\0".join(patient).encode(), "sha256").hex()[:32]
    return f"dicom/{sign}-{name}"


def is_pseudonym(patients: pd.Series) -> pd.Series:
    """Return which patients are known by a pseudonym, with or without a source.

    Args:
        patients: Such as ``dicom/0123abcd-...``, ``clinic/dicom/0123abcd-...`` or
            ``clinic/17``.
    """
    return patients.str.contains(rf"^(?:[^/]*/)?{_PSEUDONYM}$")


def drop_sources(patients: pd.Series) -> pd.Series:
    """Return the patients, pseudonyms without the source in which they were found.

    A pseudonym means the same patient in every source.

    Args:
        patients: As ``is_pseudonym`` takes them.
    """
    return patients.str.replace(rf"^[^/]*/(?={_PSEUDONYM}$)", "", regex=True)


def replace_pseudonyms(patients: pd.Series, image_ids: pd.Series) -> pd.Series:
    """Return the patients, those with a pseudonym named after their first image.

    What is sorted by these names then comes in the same order with any key.

    Args:
        patients: ``patient_id`` of each image.
        image_ids: ``image_id`` of each image.
    """
    first = image_ids.groupby(patients).transform("first")
    return patients.mask(is_pseudonym(patients), first)


def require_one_key(patients: Iterable[str], others: Iterable[str]) -> None:
    """Raise where the pseudonyms of two sets of images were made with two keys.

    Raises:
        DetlError: They were: one patient would be two.
    """
    signs = [
        {name[:14] for name in side if re.fullmatch(_PSEUDONYM, name)}
        for side in (patients, others)
    ]
    if all(signs) and signs[0] != signs[1]:
        raise DetlError(
            "The patients of the DICOM files have pseudonyms of another key than those "
            "of the training, so that none would be recognised: put back the file "
            "conf/local/patient_key with which the training images were read (or name "
            "it in DETL_PATIENT_KEY_FILE), or run 'kedro run --pipeline detl' again."
        )


def load_patient_key(path: Path) -> bytes:
    """Return the key of the pseudonyms, which is made where there is none yet.

    Args:
        path: File with 64 hexadecimal digits, which only its owner may read.

    Raises:
        DetlError: It cannot be read or made, or holds something else.
    """
    try:
        if not path.exists():
            _make_key(path)
        key = bytes.fromhex(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DetlError(
            f"The key of the patients' pseudonyms, {path}, cannot be read or made "
            f"({error.strerror}): mend that, or name a file elsewhere in the "
            "environment variable DETL_PATIENT_KEY_FILE."
        ) from None
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise DetlError(
            f"{path} holds no key, which has {2 * _KEY_BYTES} hexadecimal digits: put "
            "back the one that was there, or delete the file, for a new one with which "
            "all patients get new pseudonyms."
        )
    return key


def _make_key(path: Path) -> None:
    # mkstemp lets only the owner read the file.
    descriptor, temporary = tempfile.mkstemp(prefix=".partial-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_KEY_BYTES) + "\n")
        try:
            # Unlike a renaming, this leaves the key of a run that was quicker.
            os.link(temporary, path)
        except FileExistsError:
            pass
        except OSError:
            # A file system without hard links.
            os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _normalise(text: str) -> str:
    """Return it as patients in lists are spelt, "" where it is nobody."""
    said = re.sub(r"\s", "", normalise_patient(re.sub(r"[\^\0]", " ", text)))
    letters = re.sub(r"[\W_]", "", said)
    return said if letters and not _NOBODY.fullmatch(letters.upper()) else ""
