import pytest

from detl.errors import DetlError
from detl.schemas.parameters import SourceParameters
from detl.sources.external import read_external

KNOWN = {
    "chest14": SourceParameters(reader="nih", folder="nih"),
    "collection": SourceParameters(reader="covid_chestxray", folder="covid"),
    "mine": SourceParameters(reader="folder", folder="mine"),
}


def _read(path):
    return read_external(path, KNOWN, ["PA"])


def _list(tmp_path, *rows):
    for row in rows:
        (tmp_path / row.split(",")[0]).touch()
    path = tmp_path / "list.csv"
    path.write_text("\n".join(["file,label,patient", *rows]) + "\n")
    return path


def test_a_list_of_images_is_a_source_of_its_own(tmp_path):
    table = _read(_list(tmp_path, "a.png,normal,p1"))

    assert list(table.candidates["image_id"]) == ["external/a.png"]
    assert list(table.candidates["patient_id"]) == ["external/p1"]


def test_a_patient_of_an_ingested_source_can_be_named(tmp_path):
    table = _read(_list(tmp_path, "a.png,normal,chest14/00000001"))

    assert list(table.candidates["patient_id"]) == ["chest14/00000001"]


@pytest.mark.parametrize(
    ("said", "patient"),
    [
        *((f"chest14/{n}", "chest14/00000001") for n in ("1", "1.0", " 1", "0001")),
        ("Chest14\\1", "chest14/00000001"),
        ("collection/17b", "collection/17"),
        ("mine/P1", "mine/p1"),
        ("other/1", "external/other/1"),
        ("1.0", "external/1"),
        ("unknown", "external/a.png"),
    ],
)
def test_a_patient_of_an_ingested_source_is_recognised_however_written(
    tmp_path, said, patient
):
    table = _read(_list(tmp_path, f"a.png,normal,{said}"))

    assert list(table.candidates["patient_id"]) == [patient]


@pytest.mark.parametrize("said", ["chest14/1.2E+05", "chest14/", "chest14/unknown"])
def test_a_patient_of_an_ingested_source_who_is_not_known_is_rejected(tmp_path, said):
    rejected = _read(_list(tmp_path, f"a.png,normal,{said}", "b.png,normal,1")).rejected

    assert rejected["name"].tolist() == ["a.png"]
    assert rejected.loc[0, "reason"].startswith("no patient of that source: chest14/")


def test_a_label_that_contradicts_itself_is_rejected(tmp_path):
    table = _read(_list(tmp_path, "a.png,COVID-19|No Finding,1", "b.png,normal,2"))

    assert list(table.candidates["path"]) == ["b.png"]
    assert list(table.rejected["reason"]) == [
        "contradictory label: COVID-19|No Finding"
    ]


def test_a_published_layout_takes_the_name_under_which_it_was_ingested(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "00000001_000.png").touch()
    (tmp_path / "Data_Entry_2017.csv").write_text(
        "Image Index,Finding Labels,Patient ID,Patient Age,Patient Gender,"
        "View Position\n00000001_000.png,No Finding,1,50,M,PA\n"
    )

    table = _read(tmp_path)

    assert list(table.candidates["image_id"]) == ["chest14/00000001_000.png"]
    assert list(table.candidates["patient_id"]) == ["chest14/00000001"]


def test_class_folders_can_be_tested_too(tmp_path):
    for name in ("covid_19", "normal", "other_disease", "pneumonia"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.png").touch()

    table = _read(tmp_path)

    assert sorted(table.candidates["findings"]) == [
        "COVID-19",
        "No Finding",
        "Other Disease",
        "Pneumonia",
    ]


def test_a_path_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DetlError, match=r"nowhere.*--params source=PATH"):
        _read(tmp_path / "nowhere")


def _error_of(path):
    with pytest.raises(DetlError) as error:
        _read(path)
    message = str(error.value)
    assert "ingest.sources" not in message
    assert "DETL_DATA" not in message
    return message


def _write_csv(path, content):
    path.write_text(content)
    return path


def test_class_folders_that_lie_deeper_are_named_with_their_count(tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / "train" / "normal").mkdir(parents=True, exist_ok=True)
        (tmp_path / "train" / "normal" / name).touch()

    message = _error_of(tmp_path)

    assert f"None of the 2 images of {tmp_path}" in message
    assert "(unknown finding: train 2)" in message
    assert "class folders directly in it" in message
    assert "--params source=PATH" in message


def test_unknown_labels_alone_are_told_with_the_known_classes(tmp_path):
    message = _error_of(_list(tmp_path, *(f"{n}.png,{n},p" for n in range(6))))

    assert (
        "(unknown finding: 0 1, unknown finding: 1 1, unknown finding: 2 1" in message
    )
    assert "other reasons 3)" in message
    assert "normal, other_disease, pneumonia, covid_19" in message


def test_paths_that_lead_nowhere_are_told_to_be_written_with_slashes(tmp_path):
    path = _write_csv(tmp_path / "l.csv", "file,label,patient\nfilms:a.png,normal,p\n")

    message = _error_of(path)

    assert "(no image file 1)" in message
    assert "written with /" in message


def test_a_list_of_no_image_is_refused(tmp_path):
    message = _error_of(_write_csv(tmp_path / "list.csv", "file,label,patient\n"))

    assert "None of the 0 images" in message
    assert "it names none" in message


def test_images_of_no_wanted_view_are_told(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "00000001_000.png").touch()
    (tmp_path / "Data_Entry_2017.csv").write_text(
        "Image Index,Finding Labels,Patient ID,Patient Age,Patient Gender,"
        "View Position\n00000001_000.png,No Finding,1,50,M,AP\n"
    )

    assert "(view: AP 1)" in _error_of(tmp_path)


def test_a_flat_folder_of_images_is_told_to_name_another(tmp_path):
    (tmp_path / "a.png").touch()

    message = _error_of(tmp_path)

    assert "holds no labelled image, where labels.csv" in message
    assert "name another folder, or a csv, with --params source=PATH" in message


def test_a_published_layout_without_its_images_is_told_to_name_another(tmp_path):
    (tmp_path / "Data_Entry_2017.csv").touch()

    assert "name another folder" in _error_of(tmp_path)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("file,label", "file, label"),
        ("File,Label,Patient", "File, Label, Patient"),
        ("file;label;patient", "file;label;patient"),
    ],
)
def test_a_list_without_its_columns_is_told_how_they_are_written(
    tmp_path, header, found
):
    message = _error_of(_write_csv(tmp_path / "list.csv", f"{header}\n"))

    assert f"has the columns {found}, where file, label, patient were" in message
    assert "with commas: the first line file,label,patient" in message


@pytest.mark.parametrize("name", ["Data_Entry_2017.csv", "metadata.csv"])
def test_the_list_of_a_published_set_is_told_to_name_its_folder(tmp_path, name):
    message = _error_of(_write_csv(tmp_path / name, "Image Index,finding\n"))

    assert f"name its folder {tmp_path} instead" in message


def test_a_list_without_one_patient_of_the_sources_that_it_names_is_refused(tmp_path):
    path = _list(tmp_path, "a.png,normal,chest14/Jan-17", "b.png,normal,collection/")

    assert "(no patient of that source 2)" in _error_of(path)
