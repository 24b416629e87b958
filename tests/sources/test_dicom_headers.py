import logging
from io import BytesIO

import pandas as pd
import pydicom
import pytest

from detl.schemas.parameters import SourceParameters
from detl.sources import read_source
from detl.sources.dicom_headers import HEADER_ELEMENTS, read_headers
from detl.sources.dicom_words import OTHER_CODE, UNKNOWN_WORD
from detl.sources.source_table import select_views
from made_dicoms import code, make_dicom, write_dicom
from project_copy import PROJECT


@pytest.fixture
def clinic(tmp_path):
    """Return the folder of a source with one class."""
    return tmp_path / "clinic"


@pytest.fixture
def read(tmp_path):
    """Return a function that reads the source, with the key of the test."""

    def read(source="clinic", key="patient_key"):
        parameters = SourceParameters(reader="folder", folder=source)
        return read_source(tmp_path, source, parameters, tmp_path / key)

    return read


def _header(tmp_path, **elements):
    (header,) = read_headers([write_dicom(tmp_path / "a.dcm", **elements)])
    return header


def _patients(table):
    return list(table.candidates["patient_id"])


def test_the_header_tells_view_age_and_sex(clinic, read):
    write_dicom(
        clinic / "Mass/a.dcm", ViewPosition="AP", PatientAge="058Y", PatientSex="F"
    )

    image = read().candidates.iloc[0]

    assert (image["view"], image["age"], image["sex"]) == ("AP", 58, "F")


def test_what_a_header_does_not_say_is_unknown(clinic, read):
    write_dicom(clinic / "Mass/a.dcm")

    image = read().candidates.iloc[0]

    assert (image["view"], image["sex"]) == ("unknown", "unknown")
    assert pd.isna(image["age"])
    assert image["patient_id"] == "clinic/Mass/a.dcm"


def test_two_films_of_a_patient_are_of_one_patient(clinic, read):
    for name, number in (("a", "17"), ("b", "00017 "), ("c", "18")):
        write_dicom(clinic / f"Mass/{name}.dcm", PatientID=number)

    first, second, other = _patients(read())

    assert first == second != other
    assert first.startswith("dicom/")


def test_one_number_of_two_issuers_is_two_patients(clinic, read):
    for name in "ab":
        write_dicom(clinic / f"Mass/{name}.dcm", PatientID="17", IssuerOfPatientID=name)

    first, second = _patients(read())

    assert first != second


def test_a_patient_is_one_across_sources_and_runs(clinic, tmp_path, read):
    write_dicom(clinic / "Mass/a.dcm", PatientID="17")
    write_dicom(tmp_path / "ward/Mass/b.dcm", PatientID="17")

    assert _patients(read("clinic")) == _patients(read("ward"))
    assert _patients(read("clinic")) == _patients(read("clinic"))


def test_another_key_makes_other_pseudonyms(clinic, read):
    write_dicom(clinic / "Mass/a.dcm", PatientID="17")

    assert _patients(read(key="patient_key")) != _patients(read(key="other_key"))


def test_no_key_is_made_where_nobody_is_named(clinic, tmp_path, read):
    write_dicom(clinic / "Mass/a.dcm", PatientID="ANONYMOUS")
    (clinic / "Mass/b.png").write_bytes(b"\x89PNG")

    assert _patients(read()) == ["clinic/Mass/a.dcm", "clinic/Mass/b.png"]
    assert not (tmp_path / "patient_key").exists()


def test_without_a_key_file_patients_stay_unnamed(clinic, tmp_path):
    write_dicom(clinic / "Mass/a.dcm", PatientID="17", ViewPosition="PA")
    parameters = SourceParameters(reader="folder", folder="clinic")

    candidates = read_source(tmp_path, "clinic", parameters).candidates

    assert list(candidates["patient_id"]) == ["clinic/Mass/a.dcm"]
    assert list(candidates["view"]) == ["PA"]


def test_a_patient_named_in_the_csv_goes_before_the_header(clinic, read):
    for name, number in (("a", "17"), ("b", "17"), ("c", "18")):
        write_dicom(clinic / f"{name}.dcm", PatientID=number)
    (clinic / "labels.csv").write_text(
        "file,label,patient\na.dcm,Mass,mine 1\nb.dcm,Mass,\nc.dcm,Mass,\n"
    )

    named, same, other = _patients(read())

    assert named == same == "clinic/mine 1"
    assert other.startswith("dicom/")


def test_a_csv_can_say_that_each_file_is_a_patient(clinic, read):
    for name in "ab":
        write_dicom(clinic / f"{name}.dcm", PatientID="STUDY")
    (clinic / "labels.csv").write_text(
        "file,label,patient\na.dcm,Mass,a.dcm\nb.dcm,Mass,b.dcm\n"
    )

    assert _patients(read()) == ["clinic/a.dcm", "clinic/b.dcm"]


def test_a_lateral_film_is_rejected_as_in_other_sources(clinic, read):
    write_dicom(clinic / "Mass/a.dcm", ViewPosition="LL")
    write_dicom(clinic / "Mass/b.dcm", ViewPosition="PA")

    table = select_views(read(), ["PA", "AP"])

    assert list(table.candidates["image_id"]) == ["clinic/Mass/b.dcm"]
    assert table.rejected.to_dict("records") == [
        {"source": "clinic", "name": "Mass/a.dcm", "reason": "view: L"}
    ]


@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        ({"BodyPartExamined": "HAND"}, "part of the body: HAND"),
        (
            {"AnatomicRegionSequence": code("85562004")},
            f"part of the body: {OTHER_CODE}",
        ),
        ({"BodyPartExamined": "SECRET PERSON"}, f"part of the body: {UNKNOWN_WORD}"),
        ({"Modality": "CT"}, "modality: CT"),
        ({"Modality": "SR", "Rows": None, "PixelData": None}, "modality: SR"),
        (
            {"Modality": None, "Rows": None, "PixelData": None},
            "DICOM without a picture",
        ),
        ({"ViewPosition": "LAO"}, "view: oblique"),
        ({"ViewPosition": "SECRET"}, f"view: {UNKNOWN_WORD}"),
    ],
)
def test_what_is_no_chest_film_is_rejected_with_its_reason(
    clinic, read, elements, reason
):
    write_dicom(clinic / "Mass/a.dcm", **elements)

    assert list(read().rejected["reason"]) == [reason]


@pytest.mark.parametrize(
    ("age", "read_as"),
    [
        ("058Y", "058Y"),
        ("58", "58"),
        ("58 Y", "58 Y"),
        ("012M", "012M"),
        ("003d", "003D"),
        ("000Y", ""),
        ("120Y", "120Y"),
        ("121Y", ""),
        ("413", ""),
        ("old", ""),
        ("", ""),
    ],
)
def test_an_age_that_nobody_has_is_unknown(tmp_path, age, read_as):
    assert _header(tmp_path, PatientAge=age).age == read_as


@pytest.mark.parametrize(
    ("sex", "read_as"), [("M", "M"), ("f", "F"), ("Female", "F"), ("O", ""), ("", "")]
)
def test_a_sex_that_is_neither_is_unknown(tmp_path, sex, read_as):
    assert _header(tmp_path, PatientSex=sex).sex == read_as


def test_codes_of_the_standard_tell_the_view(tmp_path):
    assert _header(tmp_path, ViewCodeSequence=code("R-10206", "SRT")).view == "AP"


def test_codes_of_a_maker_say_nothing(tmp_path):
    header = _header(tmp_path, ViewCodeSequence=code("399173006", "99MAKER"))

    assert (header.view, header.reason) == ("", "")


def test_rows_from_front_to_back_are_those_of_a_lateral(tmp_path):
    assert _header(tmp_path, PatientOrientation=["A", "F"]).view == "L"


def test_files_that_are_no_dicom_have_no_header(tmp_path):
    contents = [b"\x89PNG\r\n", b"", b"\xff\xd8\xff", b"<!DOCTYPE html>" + bytes(200)]
    paths = [tmp_path / str(number) for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)

    assert read_headers(paths) == [None] * 4


def test_a_film_whose_header_cannot_be_read_is_not_taken(tmp_path):
    broken = tmp_path / "a.dcm"
    broken.write_bytes(bytes(128) + b"DICM" + b"\xff" * 20)

    headers = read_headers([broken, tmp_path / "missing"])

    assert "DICOM" in headers[0].reason
    assert headers[1].reason == "file cannot be read: No such file or directory"


def test_a_film_is_not_taken_whose_codes_are_text_in_place_of_a_sequence(tmp_path):
    modality, rows = b"\x08\0\x60\0CS\x02\0DX", b"\x28\0\x10\0US\x02\0\x10\0"
    text = b"\x54\0\x20\x02SH\x08\0R-10206 "
    path = tmp_path / "a.dcm"
    path.write_bytes(bytes(128) + b"DICM" + modality + rows + text)

    (header,) = read_headers([path])

    assert header.reason == "broken DICOM: AttributeError"


def test_a_file_without_preamble_has_a_header(tmp_path):
    dataset = make_dicom(PatientAge="058Y")
    del dataset.file_meta
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    dataset["PixelData"].VR = "OW"
    content = BytesIO()
    dataset.save_as(content, implicit_vr=True, little_endian=True)
    path = tmp_path / "IM0001"
    path.write_bytes(content.getvalue())

    (header,) = read_headers([path])

    assert header.age == "058Y"


def test_letters_of_any_character_set_name_the_same_patient(tmp_path):
    headers = [
        _header(tmp_path, PatientID="MÜ-17", SpecificCharacterSet=character_set)
        for character_set in ("ISO_IR 100", "ISO_IR 192")
    ]

    assert headers[0].patient == headers[1].patient == ("", "mü-17")


def test_a_header_cut_short_anywhere_does_not_stop_the_run(tmp_path):
    path = write_dicom(
        tmp_path / "a.dcm",
        PatientID="17",
        ViewCodeSequence=code("R-10206", "SRT"),
        AnatomicRegionSequence=code("816094009"),
    )
    content = path.read_bytes()

    for length in range(128, 900, 3):
        path.write_bytes(content[:length])
        read_headers([path])


def test_a_header_does_not_show_who_the_patient_is(tmp_path):
    assert "Secret" not in repr(_header(tmp_path, PatientID="Secret-17"))


def test_the_documentation_names_all_that_is_used_of_a_header():
    documented = (PROJECT / "docs" / "data.md").read_text()

    assert [tag for tag in HEADER_ELEMENTS if f"`{tag}`" not in documented] == []


def test_one_number_for_everyone_is_told_with_what_to_do(clinic, read, caplog):
    for number in range(8):
        write_dicom(clinic / f"Mass/{number}.dcm", PatientID="STUDY")

    with caplog.at_level(logging.WARNING, "detl.ingest"):
        read()

    assert "in 8 of the 8 DICOM headers of source clinic" in caplog.text
    assert "labels.csv" in caplog.text
    assert "STUDY" not in caplog.text


def test_a_few_films_of_a_patient_are_nothing_to_warn_of(clinic, read, caplog):
    for number in range(5):
        write_dicom(clinic / f"Mass/{number}.dcm", PatientID="17")

    with caplog.at_level(logging.WARNING, "detl.ingest"):
        read()

    assert not caplog.text


def test_no_log_or_table_tells_who_the_patient_is(clinic, read, caplog):
    secret = "SECRET4711"
    names = (
        *("PatientName", "PatientID", "IssuerOfPatientID", "ViewPosition"),
        *("BodyPartExamined", "Modality", "PatientAge", "PatientSex"),
    )
    for name in names:
        write_dicom(clinic / f"Mass/{name}.dcm", **{name: secret})

    with caplog.at_level(logging.DEBUG):
        table = read()

    shown = caplog.text + table.candidates.to_csv() + table.rejected.to_csv()
    assert secret not in shown
    assert len(table.candidates) + len(table.rejected) == len(names)


def test_pixels_are_not_read(tmp_path):
    path = write_dicom(tmp_path / "a.dcm", PatientAge="058Y")
    content = path.read_bytes()
    pixels = content.index(pydicom.dcmread(path).PixelData)
    path.write_bytes(content[:pixels])

    (header,) = read_headers([path])

    assert (header.age, header.reason) == ("058Y", "")
