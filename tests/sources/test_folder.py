import logging
import os

import pytest

from detl.errors import DetlError
from detl.schemas.parameters import SourceParameters
from detl.schemas.tables import REJECTED, validate
from detl.sources.folder import read_folder


def _write(folder, *files):
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()
    return folder


def _read(folder, **findings):
    parameters = SourceParameters(reader="folder", folder="x", findings=findings)
    return read_folder(folder, "mine", parameters)


def test_the_class_folder_gives_the_finding(tmp_path):
    _write(tmp_path, "covid/a.png", "covid/day 2/a.png", "Mass/a.png")

    candidates = _read(tmp_path, covid="COVID-19").candidates

    assert candidates.set_index("image_id")["findings"].to_dict() == {
        "mine/Mass/a.png": "Mass",
        "mine/covid/a.png": "COVID-19",
        "mine/covid/day 2/a.png": "COVID-19",
    }


def test_in_class_folders_each_image_is_a_patient(tmp_path):
    _write(tmp_path, "Mass/a.png", "Mass/b.png")

    assert _read(tmp_path).candidates["patient_id"].nunique() == 2


def test_a_folder_of_no_known_class_is_rejected(tmp_path):
    _write(tmp_path, "masks/a.png", "Mass/b.png")

    rejected = _read(tmp_path).rejected

    assert rejected.to_dict("records") == [
        {"source": "mine", "name": "masks/a.png", "reason": "unknown finding: masks"}
    ]


def test_a_file_outside_the_class_folders_is_rejected(tmp_path):
    _write(tmp_path, "readme.txt", "Mass/b.png")

    rejected = _read(tmp_path).rejected

    assert list(rejected["name"]) == ["readme.txt"]
    assert list(rejected["reason"]) == ["not in a class folder"]


def test_a_csv_gives_labels_and_patients(tmp_path):
    _write(tmp_path, "a.png", "deep/b.png")
    (tmp_path / "labels.csv").write_text(
        "file,label,patient\na.png,covid,p1\ndeep/b.png,Mass|Nodule,\n"
    )

    candidates = _read(tmp_path, covid="COVID-19").candidates

    assert list(candidates["image_id"]) == ["mine/a.png", "mine/deep/b.png"]
    assert list(candidates["patient_id"]) == ["mine/p1", "mine/deep/b.png"]
    assert list(candidates["findings"]) == ["COVID-19", "Mass|Nodule"]
    assert list(candidates["path"]) == ["a.png", "deep/b.png"]


@pytest.mark.parametrize(
    "spelt", ["2020\\\\a.png", "./2020/a.png", "2020/A.png", "{folder}/2020/a.png"]
)
def test_an_image_takes_the_file_s_own_name(tmp_path, spelt):
    _write(tmp_path, "2020/a.png")
    (tmp_path / "labels.csv").write_text(
        f"file,label,patient\n{spelt.format(folder=tmp_path)},Mass,1\n"
    )

    candidates = _read(tmp_path).candidates

    assert list(candidates["image_id"]) == ["mine/2020/a.png"]
    assert list(candidates["path"]) == ["2020/a.png"]


def test_patients_are_one_or_two_however_they_are_written(tmp_path):
    patients = ["1", "1.0", "001", "17a", "17b", "unknown", "?", ""]
    names = _write(tmp_path, *(f"{n}.png" for n in range(8)))
    rows = [f"{n}.png,Mass,{patient}" for n, patient in enumerate(patients)]
    (names / "labels.csv").write_text("\n".join(["file,label,patient", *rows]))

    assert list(_read(tmp_path).candidates["patient_id"]) == [
        *("mine/1", "mine/1", "mine/1", "mine/17a", "mine/17b"),
        *("mine/5.png", "mine/6.png", "mine/7.png"),
    ]


def test_rows_that_cannot_be_used_are_rejected_with_their_numbers(tmp_path):
    _write(tmp_path, "a.png", "b.png")
    rows = ["a.png,Mass,1", ",,", "b.png,Mass", ",Mass,2", "b.png,Mass,4"]
    (tmp_path / "labels.csv").write_text("\n".join(["file,label,patient", *rows]))

    table = _read(tmp_path)

    assert list(table.candidates["path"]) == ["a.png", "b.png"]
    assert table.rejected.set_index("name")["reason"].to_dict() == {
        "labels.csv, row 3": "empty row: row 3",
        "labels.csv, row 4": "broken row: row 4 has 2 fields and the header 3",
        "labels.csv, row 5": "no image name: labels.csv, row 5",
    }
    validate(table.rejected, REJECTED)


def test_a_class_folder_that_is_a_link_is_read(tmp_path):
    _write(tmp_path, "clinic/Mass/a.png", "store/healthy/b.png")
    (tmp_path / "clinic" / "normal").symlink_to(tmp_path / "store" / "healthy")

    candidates = _read(tmp_path / "clinic").candidates

    assert dict(zip(candidates["path"], candidates["findings"], strict=True)) == {
        "Mass/a.png": "Mass",
        "normal/b.png": "No Finding",
    }


def test_masks_and_documents_beside_films_are_rejected_and_told(tmp_path, caplog):
    _write(
        tmp_path,
        *("covid/images/a.png", "covid/masks/a.png", "covid/b_mask.png", "covid/b.png"),
        *("covid/README.md", "covid/Thumbs.db", "normal/.thumbnails/c.png"),
    )

    with caplog.at_level(logging.INFO):
        table = _read(tmp_path)

    assert list(table.candidates["path"]) == ["covid/b.png", "covid/images/a.png"]
    assert table.rejected.set_index("name")["reason"].to_dict() == {
        "covid/README.md": "no film: .md",
        "covid/b_mask.png": "no film: mask of b",
        "covid/masks/a.png": "no film: in a folder masks",
    }
    hidden, no_films = caplog.messages
    assert "2, covid/Thumbs.db first" in hidden
    assert "masks, thumbnails, documents): 3" in no_films


def test_a_mask_that_the_list_names_is_taken(tmp_path):
    _write(tmp_path, "masks/a.png", "masks/b.png")
    (tmp_path / "labels.csv").write_text("file,label,patient\nmasks/a.png,Mass,1\n")

    table = _read(tmp_path)

    assert list(table.candidates["path"]) == ["masks/a.png"]
    assert list(table.rejected["reason"]) == ["no film: in a folder masks"]


def test_a_file_whose_name_is_not_utf_8_is_rejected(tmp_path):
    _write(tmp_path, "normal/a.png")
    with open(os.fsencode(tmp_path / "normal") + b"/m\xfcller.png", "wb"):
        pass

    table = _read(tmp_path)

    assert list(table.candidates["path"]) == ["normal/a.png"]
    assert list(table.rejected["name"]) == ["normal/m\\xfcller.png"]
    validate(table.rejected, REJECTED)


def test_with_a_csv_rows_without_files_and_files_without_rows_are_rejected(tmp_path):
    _write(tmp_path, "a.png", "left.png")
    (tmp_path / "labels.csv").write_text(
        "file,label,patient\na.png,Mass,p\nb.png,Mass,p\n../c.png,Mass,p\n"
    )

    rejected = _read(tmp_path).rejected

    assert rejected.set_index("name")["reason"].to_dict() == {
        "b.png": "no image file",
        "../c.png": "no image file",
        "left.png": "no row in labels.csv",
    }


def test_a_csv_without_its_columns_is_refused(tmp_path):
    (tmp_path / "labels.csv").write_text("file,label\na.png,Mass\n")

    with pytest.raises(DetlError, match="file, label, where file, label, patient"):
        _read(tmp_path)


@pytest.mark.parametrize("name", ["Labels.csv", "LABELS.CSV"])
def test_a_list_of_other_capitals_is_refused(tmp_path, name):
    _write(tmp_path, "Mass/a.png", name)

    with pytest.raises(DetlError, match=rf"{name} \(other capitals\) was found"):
        _read(tmp_path)


def test_a_second_list_of_other_capitals_is_rejected_as_a_document(tmp_path):
    _write(tmp_path, "a.png", "Labels.csv")
    (tmp_path / "labels.csv").write_text("file,label,patient\na.png,Mass,7\n")

    assert list(_read(tmp_path).rejected["reason"]) == ["no film: .csv"]


def test_a_list_that_leads_nowhere_is_refused(tmp_path):
    _write(tmp_path, "Mass/a.png")
    (tmp_path / "labels.csv").symlink_to(tmp_path / "gone.csv")

    with pytest.raises(DetlError, match=r"labels\.csv \(link that leads nowhere"):
        _read(tmp_path)


def test_a_hidden_file_that_the_list_names_is_told(tmp_path):
    _write(tmp_path, ".a.png", "@eaDir/b.png", "c.png")
    rows = "".join(f"{name},Mass,7\n" for name in (".a.png", "@eaDir/b.png", "c.png"))
    (tmp_path / "labels.csv").write_text(f"file,label,patient\n{rows}")

    assert set(_read(tmp_path).rejected["reason"]) == {
        "no image file: it is hidden, or of the system; rename it"
    }


def test_a_missing_folder_is_named_with_the_parameter(tmp_path):
    with pytest.raises(DetlError, match=r"nowhere.*ingest\.sources\.mine\.folder"):
        _read(tmp_path / "nowhere")


def test_a_folder_without_any_labelled_image_is_refused(tmp_path):
    with pytest.raises(DetlError, match=r"no labelled image, where labels\.csv"):
        _read(_write(tmp_path, "readme.txt"))


def test_where_nothing_can_be_read_the_first_reason_is_given(tmp_path):
    (tmp_path / "normal").symlink_to(tmp_path / "gone")

    with pytest.raises(DetlError, match=r"\(normal: link that leads nowhere"):
        _read(tmp_path)


def test_a_list_of_a_folder_elsewhere_is_read_however_its_paths_are_spelt(tmp_path):
    _write(tmp_path, "lists/Films/a b.png", "lists/Films/d.png", "films/c.png")
    listing = tmp_path / "lists" / "mine.csv"
    listing.write_text(
        "file,label,patient\nfilms\\a%20b.png,Mass,1\n..\\films\\c.png,normal,2\n"
        "D:\\lists\\Films\\d.png,Mass,3\n"
    )

    table = _read(listing)

    assert list(table.candidates["path"]) == [
        *("Films/a b.png", "../films/c.png", "Films/d.png")
    ]
    assert table.rejected.empty


def test_a_list_of_images_is_read_from_beside_it(tmp_path):
    _write(tmp_path, "lists/near.png", "films/a.png", "films/not_listed.png")
    listing = tmp_path / "lists" / "mine.csv"
    listing.write_text(
        "file,label,patient\n../films/a.png,covid_19,p1\nnear.png,normal,p2\n"
        "gone.png,normal,p3\n"
    )

    table = _read(listing)

    assert table.candidates.set_index("path")["findings"].to_dict() == {
        "../films/a.png": "COVID-19",
        "near.png": "No Finding",
    }
    assert list(table.rejected["name"]) == ["gone.png"]


_LIST = "file,label,patient,view,age,sex\na.png,Mass,1,AP,58,F\nb.png,Mass,2,,,\n"


def test_view_age_and_sex_are_those_of_the_list(tmp_path):
    _write(tmp_path, "a.png", "b.png")
    (tmp_path / "labels.csv").write_text(_LIST)

    first, second = _read(tmp_path).candidates.to_dict("records")

    assert (first["view"], first["age"], first["sex"]) == ("AP", 58, "F")
    assert (second["view"], second["sex"]) == ("unknown", "unknown")


def test_a_list_without_these_columns_is_read_too(tmp_path):
    _write(tmp_path, "a.png")
    (tmp_path / "labels.csv").write_text("file,label,patient\na.png,Mass,1\n")

    assert list(_read(tmp_path).candidates["view"]) == ["unknown"]


def test_films_of_one_group_count_as_one_patient(tmp_path):
    _write(tmp_path, "a.png", "b.png", "c.png")
    rows = ["file,label,patient,group", "a.png,Mass,1,g", "b.png,Mass,2,g"]
    (tmp_path / "labels.csv").write_text("\n".join([*rows, "c.png,Mass,,"]))

    patients = _read(tmp_path).candidates["patient_id"]

    assert patients.nunique() == 2
    assert patients[0] == patients[1]
