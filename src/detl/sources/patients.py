"""Patient numbers in one spelling, so that each patient stays exactly one patient."""

import re
import unicodedata
from pathlib import Path

import pandas as pd

from detl.errors import DetlError
from detl.sources.spelling import casefold_text

_NOT_KNOWN = {
    *("", "-", "--", "---", ".", "?", "??", "???", "xxx", "n/a", "n.a.", "na"),
    *("nan", "<na>", "nat", "null", "none", "nil", "unknown", "unk", "unbekannt"),
    *("unknown patient", "not known", "not available", "not given", "missing", "tbd"),
    *("anonymous", "anonymized", "anonymised", "anonym", "anon", "undefined", "no id"),
    *("anonymous patient", "#n/a"),
}
"""Words in lists for an unknown patient, in small letters."""

_MONTH = (
    r"(jan(uary?)?|feb(ruary?)?|m[aä]r(ch|z)?|mrz|apr(il)?|ma[iy]|june?|juni|july?|juli"
    r"|aug(ust)?|sept?(ember)?|o[ck]t(ober)?|nov(ember)?|de[cz](ember)?)"
)
_SPOILT = re.compile(
    r"\d+([.,]\d+)?e[+-]\d+|\d+[.,]\d+e\d+"  # 1.23457E+11
    r"|#(name\?|ref!|value!|num!|null!|div/0!)|#{2,}"
    rf"|\d{{1,2}}[-. ]+{_MONTH}([-. ]+\d{{2,4}})?|{_MONTH}[- ]\d{{2,4}}"  # 17-Jan
    r"|\d{4}-\d{1,2}-\d{1,2}([ t]\d{1,2}:\d{2}.*)?"  # 2020-03-04 00:00:00
    r"|\d{1,2}(?P<separator>[./])\d{1,2}(?P=separator)\d{4}|\d{1,2}:\d{2}(:\d{2})?",
    re.IGNORECASE,
)
"""What a spreadsheet makes of long or hyphenated numbers. Several patients can end up
with one such text."""

_NUMBER = re.compile(r"\+?(\d+|\d{1,3}(,\d{3})+)(\.0*|,0{1,2})?")
_FORMULA = re.compile(r'= ?"(.*)"')
"""A number that Excel must not change, such as ``="00017"``."""


def normalise_patient(said: str, reader: str = "folder") -> str:
    """Return the patient in one spelling, "" if the patient is unknown.

    These make no difference: capitals, blanks, zeros before a number or after its
    decimal point or comma, a plus, commas between thousands, full-width digits, and
    the ``="..."`` that keeps Excel from changing a number.

    Args:
        said: The patient as it stands in the list.
        reader: Reader of the source. In ``nih`` a number has eight digits. In
            ``covid_chestxray`` a letter after the number is ignored (313a and 313b are
            one patient).
    """
    text = casefold_text(unicodedata.normalize("NFKC", said))
    text = _FORMULA.sub(r"\1", text).strip("'\"").strip()
    if text in _NOT_KNOWN:
        return ""
    if reader == "covid_chestxray":
        text = re.sub(r"^(\d+(\.0+)?) ?[a-z]$", r"\1", text)
    match = _NUMBER.fullmatch(text)
    if not match:
        return text
    number = str(int(match[1].replace(",", "")))
    return number.zfill(8) if reader == "nih" else number


def normalise_patients(said: pd.Series, reader: str) -> pd.Series:
    """Return the result of ``normalise_patient`` for each row."""
    known = {text: normalise_patient(text, reader) for text in set(said)}
    return said.map(known).astype(str)


def explain_spoilt_patients(patients: pd.Series, path: Path | str) -> pd.Series:
    """Return for each row the reason if a spreadsheet has changed its patient, else "".

    Args:
        patients: Result of ``normalise_patients``.
        path: The list, or words for it, for the error.

    Raises:
        DetlError: At least half of the patients are changed, so that the list is of
            no use.
    """
    spoilt = patients.isin([text for text in set(patients) if is_spoilt(text)])
    if spoilt.any() and 2 * spoilt.sum() >= (patients != "").sum():
        raise DetlError(
            f"{path} names the patients of {spoilt.sum()} rows like 1.23457E+11 or "
            "17-Jan, which a spreadsheet has made of their numbers, where a different "
            "number for each patient was expected: format the column as text, enter "
            "the numbers again and save the list."
        )
    words = "patient changed by a spreadsheet: " + patients
    return pd.Series("", patients.index).mask(spoilt, words)


def is_spoilt(patient: str) -> bool:
    """Return whether a spreadsheet has changed a patient, as in ``1.23457e+11``.

    Other examples are ``17-jan`` and ``########``.
    """
    return _SPOILT.fullmatch(patient) is not None
