"""Patients: one stays one, and two stay two, however a list writes them."""

import re
import unicodedata
from pathlib import Path

import pandas as pd

from detl.errors import DetlError
from detl.sources.spelling import fold

_NOT_KNOWN = {
    *("", "-", "--", "---", ".", "?", "??", "???", "xxx", "n/a", "n.a.", "na"),
    *("nan", "<na>", "nat", "null", "none", "nil", "unknown", "unk", "unbekannt"),
    *("unknown patient", "not known", "not available", "not given", "missing", "tbd"),
    *("anonymous", "anonymized", "anonymised", "anonym", "anon", "undefined", "no id"),
    *("anonymous patient", "#n/a"),
}
"""What lists write where they do not know the patient, in small letters."""

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
"""What a spreadsheet makes of long or hyphenated numbers: patients can become one."""

_NUMBER = re.compile(r"\+?(\d+|\d{1,3}(,\d{3})+)(\.0*|,0{1,2})?")
_FORMULA = re.compile(r'= ?"(.*)"')
"""How numbers are written that Excel is to leave as they are: ``="00017"``."""


def normalise_patient(said: str, reader: str = "folder") -> str:
    """Return the patient in one spelling, "" where the list knows none.

    Capitals make no difference, nor do blanks, zeros before a number or after its
    decimal point or comma, a plus, commas between thousands, full-width digits, and the
    ``="..."`` in which Excel is to leave a number as it is.

    Args:
        said: What the list says.
        reader: Reader of the source. In ``nih`` a number has eight digits; in
            ``covid_chestxray`` one letter after a number is no other patient (313a and
            313b are one).
    """
    text = fold(unicodedata.normalize("NFKC", said))
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
    """Return ``normalise_patient`` of each row.

    Args:
        said: What the list says of each row.
        reader: Reader of the source.
    """
    known = {text: normalise_patient(text, reader) for text in set(said)}
    return said.map(known).astype(str)


def name_spoilt_patients(patients: pd.Series, path: Path) -> pd.Series:
    """Return why a patient cannot be used whom a spreadsheet has changed, "" if not.

    Args:
        patients: Of each row, as ``normalise_patients`` returns them.
        path: The list, for the error.

    Raises:
        DetlError: Half of the patients or more are so: the list has lost them.
    """
    spoilt = patients.map(is_spoilt).astype(bool)
    if spoilt.any() and 2 * spoilt.sum() >= (patients != "").sum():
        raise DetlError(
            f"{path} names the patients of {spoilt.sum()} rows in the way of "
            "1.23457E+11 or 17-Jan, which a spreadsheet has made of their numbers so "
            "that several can be one, where each patient's own was expected: format "
            "the column as text, enter them anew and save it again."
        )
    words = "patient changed by a spreadsheet: " + patients
    return pd.Series("", patients.index).mask(spoilt, words)


def is_spoilt(patient: str) -> bool:
    """Return whether a spreadsheet has made of a patient what may be that of others.

    Args:
        patient: Such as ``1.23457e+11``, ``17-jan`` or ``########``.
    """
    return _SPOILT.fullmatch(patient) is not None
