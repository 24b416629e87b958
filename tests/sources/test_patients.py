import pandas as pd
import pytest

from detl.errors import DetlError
from detl.sources.patients import (
    explain_spoilt_patients,
    is_spoilt,
    normalise_patient,
    normalise_patients,
)


@pytest.mark.parametrize(
    "said",
    [
        *("17", "17.0", "17.", "00000017", " 17 ", "017", "+17", "\u00a017", "'17"),
        *("\uff11\uff17", "17.000", "\u200b17", "17,0", "17,00"),
        *('="17"', '="00017"', '= "17"'),
    ],
)
def test_a_number_is_one_patient_however_it_is_written(said):
    assert normalise_patient(said) == "17"
    assert normalise_patient(said, "nih") == "00000017"


@pytest.mark.parametrize(
    ("one", "other"),
    [("P12", "p12"), ("P 12", "P  12 "), ("1,234", "1234"), ("Mu\u0308ller", "Müller")],
)
def test_spellings_of_a_name_are_one_patient(one, other):
    assert normalise_patient(one) == normalise_patient(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *(
            ("17", "170"),
            ("17.5", "175"),
            ("17,5", "175"),
            ("1.234", "1234"),
            ("P1", "P01"),
            ("1", "-1"),
        ),
        *(("17a", "17b"), ("17a", "17"), ("1-2", "12"), ("5e10", "5e11"), ("0", "")),
        ("12345678901234567890", "12345678901234567891"),
    ],
)
def test_two_patients_stay_two(one, other):
    assert normalise_patient(one) != normalise_patient(other)


@pytest.mark.parametrize("said", ["17a", "17b", "17 C", "17.0a", "017A", "17.0"])
def test_a_letter_is_no_other_patient_in_the_covid_19_collection(said):
    assert normalise_patient(said, "covid_chestxray") == "17"


@pytest.mark.parametrize(
    "said", ["", "?", "-", "NaN", "N/A", "unknown", " Unknown ", "Anonymous", "NULL"]
)
def test_who_is_not_known_is_no_patient(said):
    assert normalise_patient(said) == ""


@pytest.mark.parametrize(
    "said",
    [
        *(
            "1.23457E+11",
            "1,23457E+11",
            "1E+05",
            "1.0e+05",
            "1.2E5",
            "#NAME?",
            "########",
        ),
        *("Jan-17", "17-Jan", "03-Mrz", "4. Okt 2020", "2020-03-04 00:00:00"),
        *("2020-03-04", "04.03.2020", "3/4/2020", "12:30", "#REF!"),
    ],
)
def test_what_a_spreadsheet_makes_of_numbers_is_told(said):
    assert is_spoilt(normalise_patient(said))


@pytest.mark.parametrize(
    "said", ["17", "5e10", "maria-12", "12.03.20", "1.2.840.113", "P-2020-03-04", "mar"]
)
def test_other_names_are_left_alone(said):
    assert not is_spoilt(normalise_patient(said))


def test_a_spoilt_patient_among_others_is_named():
    patients = normalise_patients(pd.Series(["1", "Jan-17", "2"]), "folder")

    assert explain_spoilt_patients(patients, "labels.csv").tolist() == [
        *("", "patient changed by a spreadsheet: jan-17", "")
    ]


def test_a_list_that_has_lost_its_patients_is_refused():
    patients = normalise_patients(pd.Series(["9.87654E+11"] * 2 + ["3", ""]), "folder")

    with pytest.raises(
        DetlError, match=r"labels\.csv names the patients of 2 rows"
    ) as told:
        explain_spoilt_patients(patients, "labels.csv")

    assert "9.87654" not in str(told.value).casefold()
