import os
from pathlib import Path

import pandas as pd
import pytest

from detl.errors import DetlError
from detl.schemas.parameters import SourceParameters
from detl.schemas.tables import CANDIDATES, validate
from detl.sources.covid_chestxray import read_covid_chestxray

COLLECTION = Path(__file__).parents[2] / ".." / "shared" / "data" / "covid-chestxray"
needs_collection = pytest.mark.skipif(
    not (COLLECTION / "metadata.csv").is_file(),
    reason=f"the COVID-19 image data collection is not in {COLLECTION.resolve()}",
)

COLUMNS = "patientid,sex,age,finding,view,modality,folder,filename,license,notes,"
ROW = {
    "patientid": "2",
    "sex": "M",
    "age": "65",
    "finding": "COVID-19, ARDS",
    "view": "AP Supine",
    "modality": "X-ray",
    "folder": "images",
    "filename": "a.jpeg",
    "license": "CC BY 4.0",
    "notes": "",
}


def _write(folder, *rows, files=("a.jpeg",)):
    table = pd.DataFrame([ROW | row for row in rows or ({},)])
    table.assign(**{"": ""}).to_csv(folder / "metadata.csv", index=False)
    (folder / "images").mkdir()
    for name in files:
        (folder / "images" / name).touch()
    return folder


def _read(folder):
    parameters = SourceParameters(reader="covid_chestxray", folder="covid")
    return read_covid_chestxray(folder, "covid", parameters)


def test_an_x_ray_is_taken(tmp_path):
    table = _read(_write(tmp_path))

    assert table.rejected.empty
    assert table.candidates.to_dict("records") == [
        {
            "image_id": "covid/a.jpeg",
            "source": "covid",
            "patient_id": "covid/2",
            "path": "images/a.jpeg",
            "findings": "COVID-19|ARDS",
            "view": "AP Supine",
            "age": 65.0,
            "sex": "M",
            "license": "CC BY 4.0",
        }
    ]


def test_the_hierarchical_findings_of_later_versions_are_read(tmp_path):
    candidates = _read(
        _write(tmp_path, {"finding": "Pneumonia/Viral/COVID-19"})
    ).candidates

    assert list(candidates["findings"]) == ["COVID-19"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"modality": "CT", "view": "Axial"}, "modality: CT"),
        ({"view": ""}, "no view"),
        ({"finding": "todo"}, "unknown finding: todo"),
        ({"view": "Coronal"}, "view: Coronal"),
        ({"patientid": "unknown"}, "no patient"),
        ({"filename": "b.jpeg"}, "no image file"),
        ({"folder": "../images"}, "no image file"),
    ],
)
def test_what_is_not_taken_is_rejected_with_its_reason(tmp_path, change, reason):
    table = _read(_write(tmp_path, change))

    assert table.candidates.empty
    assert table.rejected.loc[0, "reason"] == reason


@pytest.mark.parametrize(
    "spelt",
    [
        {"folder": "images/"},
        {"folder": "Images"},
        {"folder": "./images"},
        {"folder": ""},
        {"filename": "images\\a.jpeg"},
        {"filename": " a.jpeg"},
    ],
)
def test_an_image_is_found_however_its_path_is_spelt(tmp_path, spelt):
    table = _read(_write(tmp_path, spelt))

    assert list(table.candidates["path"]) == ["images/a.jpeg"]
    assert table.rejected.empty


def test_a_broken_row_is_rejected_with_its_number(tmp_path):
    rows = [{"filename": f"{name}.jpeg"} for name in "abc"]
    _write(tmp_path, *rows, files=("a.jpeg", "b.jpeg"))
    path = tmp_path / "metadata.csv"
    first, second, third, _ = path.read_text().splitlines()
    path.write_text("\n".join([first, second, third, "2,M", "," * 10]) + "\n")

    table = _read(tmp_path)

    assert len(table.candidates) == 2
    assert table.rejected.set_index("name")["reason"].to_dict() == {
        "metadata.csv, row 4": "broken row: row 4 has 2 fields and the header 11",
        "metadata.csv, row 5": "empty row: row 5",
    }


def test_a_file_whose_name_is_not_utf_8_is_rejected(tmp_path):
    _write(tmp_path)
    with open(os.fsencode(tmp_path / "images") + b"/\xfc.jpeg", "wb"):
        pass

    assert _read(tmp_path).rejected.to_dict("records") == [
        {
            "source": "covid",
            "name": "images/\\xfc.jpeg",
            "reason": "name that is not UTF-8: rename it",
        }
    ]


def test_spellings_of_a_patient_are_one(tmp_path):
    names = ["17", "17.0", " 17 ", "17a", "017", "P12", "p12"]
    rows = [{"patientid": p, "filename": f"{n}.png"} for n, p in enumerate(names)]
    files = [row["filename"] for row in rows]

    candidates = _read(_write(tmp_path, *rows, files=files)).candidates

    assert list(candidates["patient_id"]) == ["covid/17"] * 5 + ["covid/p12"] * 2


def test_letters_after_a_patient_number_do_not_make_another_patient(tmp_path):
    rows = [
        {"patientid": patient, "filename": f"{patient}.png"}
        for patient in ("313a", "313b", "31", "a313")
    ]
    files = [row["filename"] for row in rows]

    candidates = _read(_write(tmp_path, *rows, files=files)).candidates

    assert list(candidates["patient_id"]) == [
        "covid/313",
        "covid/313",
        "covid/31",
        "covid/a313",
    ]


def test_an_image_encoded_again_is_found_under_its_own_extension(tmp_path):
    candidates = _read(_write(tmp_path, files=("a.jpg",))).candidates

    assert candidates.loc[0, "path"] == "images/a.jpg"
    assert candidates.loc[0, "image_id"] == "covid/a.jpeg"


def test_a_file_that_no_row_names_is_rejected(tmp_path):
    rejected = _read(_write(tmp_path, files=("a.jpeg", "b.jpeg"))).rejected

    assert rejected.to_dict("records") == [
        {
            "source": "covid",
            "name": "images/b.jpeg",
            "reason": "no row in metadata.csv",
        }
    ]


def test_an_unknown_age_and_sex_are_no_fault(tmp_path):
    candidate = _read(_write(tmp_path, {"age": "", "sex": ""})).candidates.loc[0]

    assert pd.isna(candidate["age"])
    assert candidate["sex"] == "unknown"


def test_a_missing_folder_is_named_with_the_parameter(tmp_path):
    with pytest.raises(DetlError, match=r"nowhere.*ingest\.sources\.covid\.folder"):
        _read(tmp_path / "nowhere")


def test_a_missing_csv_is_named_with_the_parameter(tmp_path):
    with pytest.raises(DetlError, match=r"metadata\.csv.*sources\.covid\.folder"):
        _read(tmp_path)


def test_a_missing_image_folder_is_named_with_the_parameter(tmp_path):
    _write(tmp_path, files=())
    (tmp_path / "images").rmdir()

    with pytest.raises(DetlError, match=r"/images, .*sources\.covid\.folder"):
        _read(tmp_path)


def test_a_missing_column_is_named(tmp_path):
    (tmp_path / "metadata.csv").write_text("patientid,sex\n1,M\n")

    with pytest.raises(DetlError, match=r"columns patientid, sex, where .* modality"):
        _read(tmp_path)


@needs_collection
def test_the_reduced_copy_gives_every_image():
    table = _read(COLLECTION)
    covid = table.candidates["findings"].str.split("|").map(lambda f: "COVID-19" in f)

    assert table.rejected.empty
    assert len(table.candidates) == 445
    assert covid.sum() == 359
    validate(table.candidates, CANDIDATES)
