import logging
import math

import pandas as pd
import pytest

from detl.errors import DetlError
from detl.schemas.parameters import SourceParameters
from detl.schemas.tables import CANDIDATES, REJECTED, validate
from detl.sources import build_source_table
from detl.sources.source_table import count_reasons, hide_patients, select_views


def _row(**changes):
    row = {
        "name": "a.png",
        "patient": "7",
        "findings": "Mass",
        "view": "PA",
        "age": "57",
        "sex": "M",
        "license": "",
        "path": "images/a.png",
        "why_no_file": "",
        "where": "labels.csv, row 2",
        "reason": "",
    }
    return row | changes


def _build(*rows, findings=None, unnamed=None):
    parameters = SourceParameters(reader="r", folder="f", findings=findings or {})
    return build_source_table(pd.DataFrame(rows), "mine", parameters, unnamed)


def _reason(**changes):
    table = _build(_row(**changes))
    assert table.candidates.empty
    return table.rejected.loc[0, "reason"]


def _candidate(**changes):
    table = _build(_row(**changes))
    assert table.rejected.empty
    return table.candidates.loc[0]


def test_a_candidate_is_qualified_by_its_source():
    candidate = _candidate()

    assert candidate["image_id"] == "mine/a.png"
    assert candidate["patient_id"] == "mine/7"


@pytest.mark.parametrize(
    ("age", "years"),
    [("57", 57), ("058Y", 58), ("012M", 1), ("003D", 3 / 365.25), ("65.0", 65)],
)
def test_ages_are_years(age, years):
    assert _candidate(age=age)["age"] == pytest.approx(years)


@pytest.mark.parametrize("age", ["0", "120"])
def test_the_first_and_the_last_possible_age_are_taken(age):
    assert _candidate(age=age)["age"] == float(age)


def test_an_empty_age_is_unknown_and_no_fault():
    assert math.isnan(_candidate(age="")["age"])


@pytest.mark.parametrize(
    "age", ["413", "121", "-1", "old", "5 7", "057X", ">89", "90+", "<1", "?", "2000M"]
)
def test_what_no_age_is_makes_it_unknown_and_is_told(age, caplog):
    with caplog.at_level(logging.INFO):
        assert math.isnan(_candidate(age=age)["age"])

    assert "Source mine: ages that are not between 0 and 120 years" in caplog.text
    assert f"count as unknown: 1 ({age})" in caplog.text


@pytest.mark.parametrize("said", ["14.08.1946", "Muster, Hans"])
def test_what_may_tell_who_a_patient_is_is_not_logged_as_an_age(said, caplog):
    with caplog.at_level(logging.INFO):
        _candidate(age=said)

    assert "unknown: 1 (longer text)" in caplog.text
    assert said not in caplog.text


@pytest.mark.parametrize(
    ("said", "sex"), [("M", "M"), ("f", "F"), ("Female", "F"), ("", "unknown")]
)
def test_sex_is_m_f_or_unknown(said, sex):
    assert _candidate(sex=said)["sex"] == sex


def test_what_the_source_does_not_say_is_unknown():
    candidate = _candidate(view="", license="")

    assert (candidate["view"], candidate["license"]) == ("unknown", "unknown")


@pytest.mark.parametrize("column", _row())
def test_a_table_without_a_column_is_refused_with_the_column(column):
    row = _row()
    del row[column]

    with pytest.raises(DetlError, match=f"mine .* column {column}, where name, pat"):
        _build(row)


def test_files_without_a_row_need_a_name_and_a_reason():
    with pytest.raises(DetlError, match="'unnamed' without the column reason"):
        _build(_row(), unnamed=pd.DataFrame({"name": ["b.png"]}))


def test_a_patient_that_a_spreadsheet_has_changed_is_rejected():
    numbers = [_row(name=f"{n}.png", path=f"{n}.png", patient=n) for n in "1234"]

    table = _build(*numbers, _row(patient="jan-17"))

    assert list(table.rejected["name"]) == ["a.png"]
    assert table.rejected["reason"].tolist() == [
        "patient changed by a spreadsheet: jan-17"
    ]


def test_a_list_whose_patients_a_spreadsheet_has_changed_is_refused():
    with pytest.raises(DetlError, match="list of source mine names the patients of 1 "):
        _build(_row(patient="1.23457e+11"))


def test_the_reason_of_the_reader_comes_before_a_changed_patient():
    numbers = [_row(name=f"{n}.png", path=f"{n}.png", patient=n) for n in "1234"]

    table = _build(*numbers, _row(patient="jan-17", reason="modality: CT"))

    assert table.rejected["reason"].tolist() == ["modality: CT"]


def test_a_patient_with_the_name_of_the_file_may_look_like_a_date():
    assert _candidate(name="2020-03-04", patient="2020-03-04")["source"] == "mine"


def test_an_unknown_finding_is_rejected_with_the_finding():
    assert _reason(findings="todo") == "unknown finding: todo"


def test_an_image_without_a_file_is_rejected():
    assert _reason(path=None, why_no_file="no image file") == "no image file"


def test_an_image_without_a_patient_is_rejected():
    assert _reason(patient="") == "no patient"


def test_an_image_without_a_name_is_rejected():
    table = _build(_row(), _row(name=""))

    assert table.rejected.to_dict("records") == [
        {
            "source": "mine",
            "name": "labels.csv, row 2",
            "reason": "no image name: labels.csv, row 2",
        }
    ]
    validate(table.rejected, REJECTED)


@pytest.mark.parametrize(
    "label", ["No Finding|Effusion", "COVID-19, normal", "Pneumonia/Viral|No Finding"]
)
def test_a_label_that_contradicts_itself_is_rejected(label):
    assert _reason(findings=label) == f"contradictory label: {label}"


@pytest.mark.parametrize("said", ["AP semi erect", "ap ", "AP Erect"])
def test_a_view_takes_the_name_of_its_kin(said):
    assert _candidate(view=said)["view"] == "AP"


def test_a_view_that_is_not_known_is_named():
    assert _reason(view="Axial") == "view: Axial"


def test_a_row_without_a_label_is_told():
    assert _reason(findings="") == "unknown finding: none is given"


def test_the_readers_reason_is_kept():
    assert _reason(reason="modality: CT", patient="") == "modality: CT"


def test_an_image_named_twice_is_taken_once():
    table = _build(_row(), _row(patient="8"))

    assert list(table.candidates["patient_id"]) == ["mine/7"]
    assert list(table.rejected["reason"]) == [
        "named a second time, with another patient"
    ]


@pytest.mark.parametrize(
    ("again", "reason"),
    [
        ({"findings": "Nodule"}, "named a second time, with another label: Nodule"),
        ({"findings": "mass"}, "named a second time"),
        ({"findings": "todo"}, "named a second time, with another label: todo"),
        (
            {"name": "./a.png", "findings": "Nodule"},
            "named a second time, with another label: Nodule",
        ),
        ({"name": "./a.png"}, "named a second time"),
        (
            {"patient": "8", "findings": "Nodule"},
            "named a second time, with another patient, with another label: Nodule",
        ),
    ],
)
def test_a_second_row_of_an_image_says_whether_its_label_is_another(again, reason):
    table = _build(_row(), _row(**again))

    assert list(table.candidates["findings"]) == ["Mass"]
    assert list(table.rejected["reason"]) == [reason]


def test_files_without_a_row_are_rejected():
    unnamed = pd.DataFrame({"name": ["x.png"], "reason": ["no row"]})

    rejected = _build(_row(), unnamed=unnamed).rejected

    assert rejected.to_dict("records") == [
        {"source": "mine", "name": "x.png", "reason": "no row"}
    ]


def test_labels_are_translated():
    table = _build(_row(findings="covid"), findings={"covid": "COVID-19"})

    assert table.candidates.loc[0, "findings"] == "COVID-19"


def test_a_translation_to_an_unknown_finding_is_refused():
    with pytest.raises(DetlError, match=r"ingest\.sources\.mine\.findings .* COVID19"):
        _build(_row(), findings={"covid": "COVID19"})


@pytest.mark.parametrize("path", ["images/a.png", None], ids=["taken", "rejected"])
def test_both_tables_fit_their_schemas_also_when_empty(path):
    table = _build(_row(path=path, why_no_file="" if path else "no image file"))

    validate(table.candidates, CANDIDATES)
    validate(table.rejected, REJECTED)


def test_images_of_the_views_asked_for_are_taken():
    rows = [_row(name=v, path=v, view=v) for v in ("PA", "L", "AP Supine")]

    candidates = select_views(_build(*rows), ["PA", "AP Supine"]).candidates

    assert candidates["view"].tolist() == ["PA", "AP Supine"]
    validate(candidates, CANDIDATES)


def test_an_image_of_another_view_is_rejected_with_its_view():
    rejected = select_views(_build(_row(view="L")), ["PA"]).rejected

    assert rejected.to_dict("records") == [
        {"source": "mine", "name": "a.png", "reason": "view: L"}
    ]
    validate(rejected, REJECTED)


def test_an_image_of_which_no_view_is_known_is_taken():
    table = select_views(_build(_row(view="")), ["PA"])

    assert table.rejected.empty
    assert table.candidates["view"].tolist() == ["unknown"]


def test_reasons_are_counted_by_their_kind():
    reasons = ["view: L", "duplicate of nih/1.png", "view: AP", "empty file"]

    assert count_reasons(pd.Series(reasons)) == "view 2, duplicate 1, empty file 1"


def test_reasons_with_row_numbers_and_names_of_two_lines_are_one_kind():
    reasons = ["broken row: row 3 has 1 fields", "broken row: row 7 has an open quote"]
    reasons += ["no film: in a folder masks", "no film: mask of a\nb"]

    assert count_reasons(pd.Series(reasons)) == "broken row 2, no film 2"


def test_where_every_image_was_taken_there_is_no_reason():
    assert count_reasons(pd.Series([], dtype=str)) == "none"


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("seen in training: patient ward/4711", "seen in training: patient"),
        (
            "seen in training: copy of ward/1.png",
            "seen in training: copy of ward/1.png",
        ),
        (
            "patient changed by a spreadsheet: 4.7e+11",
            "patient changed by a spreadsheet",
        ),
        ("no patient of that source: nih/unknown", "no patient of that source"),
        ("unknown finding: Widget", "unknown finding: Widget"),
    ],
)
def test_a_message_names_no_patient(reason, shown):
    assert hide_patients(pd.Series([reason])).tolist() == [shown]
