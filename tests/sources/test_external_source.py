import pytest

from detl.errors import DetlError
from detl.parameters import SourceParameters
from detl.sources.external import read_external

KNOWN = {
    "chest14": SourceParameters(reader="nih", folder="nih"),
    "mine": SourceParameters(reader="folder", folder="mine"),
}


def _list(tmp_path, *rows):
    for row in rows:
        (tmp_path / row.split(",")[0]).touch()
    path = tmp_path / "list.csv"
    path.write_text("\n".join(["file,label,patient", *rows]) + "\n")
    return path


def test_a_list_of_images_is_a_source_of_its_own(tmp_path):
    table = read_external(_list(tmp_path, "a.png,normal,p1"), KNOWN)

    assert list(table.candidates["image_id"]) == ["external/a.png"]
    assert list(table.candidates["patient_id"]) == ["external/p1"]


def test_a_patient_of_an_ingested_source_can_be_named(tmp_path):
    table = read_external(_list(tmp_path, "a.png,normal,chest14/00000001"), KNOWN)

    assert list(table.candidates["patient_id"]) == ["chest14/00000001"]


def test_a_published_layout_takes_the_name_under_which_it_was_ingested(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "00000001_000.png").touch()
    (tmp_path / "Data_Entry_2017.csv").write_text(
        "Image Index,Finding Labels,Patient ID,Patient Age,Patient Gender,"
        "View Position\n00000001_000.png,No Finding,1,50,M,PA\n"
    )

    table = read_external(tmp_path, KNOWN)

    assert list(table.candidates["image_id"]) == ["chest14/00000001_000.png"]
    assert list(table.candidates["patient_id"]) == ["chest14/00000001"]


def test_class_folders_can_be_tested_too(tmp_path):
    for name in ("covid_19", "normal", "other_disease", "pneumonia"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.png").touch()

    table = read_external(tmp_path, KNOWN)

    assert sorted(table.candidates["findings"]) == [
        "COVID-19",
        "No Finding",
        "Other Disease",
        "Pneumonia",
    ]


def test_a_path_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DetlError, match=r"nowhere.*--params source=PATH"):
        read_external(tmp_path / "nowhere", KNOWN)
