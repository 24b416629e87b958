import pytest

from detl.errors import DetlError
from detl.parameters import SourceParameters
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


def test_a_missing_folder_is_named_with_the_parameter(tmp_path):
    with pytest.raises(DetlError, match=r"nowhere.*ingest\.sources\.mine\.folder"):
        _read(tmp_path / "nowhere")


def test_a_folder_without_any_labelled_image_is_refused(tmp_path):
    with pytest.raises(DetlError, match=r"no labelled image, where labels\.csv"):
        _read(_write(tmp_path, "readme.txt"))


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
