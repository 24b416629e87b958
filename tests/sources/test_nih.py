import math
from pathlib import Path

import pytest

from detl.errors import DetlError
from detl.schemas.parameters import SourceParameters
from detl.schemas.tables import CANDIDATES, REJECTED, validate
from detl.sources import read_nih_labels
from detl.sources.nih import read_nih

NIH = Path(__file__).parents[2] / ".." / "shared" / "data" / "nih"
needs_nih = pytest.mark.skipif(
    not (NIH / "Data_Entry_2017.csv.gz").is_file(),
    reason=f"the labels of NIH ChestX-ray14 are not in {NIH.resolve()}",
)

HEADER_2017 = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,"
    "View Position,OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]"
)
HEADER_2020 = HEADER_2017.replace("Gender", "Sex") + ","
ROWS = (
    "00000001_000.png,Cardiomegaly,0,1,058Y,M,PA,2682,2749,0.143,0.143",
    "00000002_000.png,Mass|Nodule,0,2,81,F,AP,2500,2048,0.171,0.171",
)
BAD_AGE = "00000003_000.png,No Finding,0,3,413,F,PA,2500,2048,0.171,0.171"


def _read(folder):
    return read_nih(folder, "nih", SourceParameters(reader="nih", folder="nih"))


def _write(folder, header=HEADER_2017, rows=ROWS, images=("images",), end=""):
    (folder / "Data_Entry_2017.csv").write_text(
        "".join(f"{line}\n" for line in (header, *(row + end for row in rows)))
    )
    for number, row in enumerate(rows):
        subfolder = folder / images[number % len(images)]
        subfolder.mkdir(parents=True, exist_ok=True)
        (subfolder / row.split(",")[0]).touch()
    return folder


@pytest.mark.parametrize(
    ("header", "end"), [(HEADER_2017, ""), (HEADER_2020, ","), (HEADER_2020, "")]
)
def test_both_spellings_of_the_columns_are_read(tmp_path, header, end):
    candidates = _read(_write(tmp_path, header, end=end)).candidates

    assert candidates.drop(columns="license").to_dict("records") == [
        {
            "image_id": "nih/00000001_000.png",
            "source": "nih",
            "patient_id": "nih/00000001",
            "path": "images/00000001_000.png",
            "findings": "Cardiomegaly",
            "view": "PA",
            "age": 58.0,
            "sex": "M",
        },
        {
            "image_id": "nih/00000002_000.png",
            "source": "nih",
            "patient_id": "nih/00000002",
            "path": "images/00000002_000.png",
            "findings": "Mass|Nodule",
            "view": "AP",
            "age": 81.0,
            "sex": "F",
        },
    ]


def test_an_image_with_a_bad_age_is_taken_with_an_unknown_one(tmp_path):
    table = _read(_write(tmp_path, rows=[*ROWS, BAD_AGE]))

    assert table.rejected.empty
    ages = table.candidates.set_index("image_id")["age"]
    assert math.isnan(ages["nih/00000003_000.png"])
    assert ages.notna().sum() == 2


def test_spellings_of_a_patient_s_number_are_one_patient(tmp_path):
    numbers = ["1", "1.0", "00000001", " 1 ", "2"]
    rows = [
        f"{n}.png,Mass,0,{number},50,M,PA,1,1,1,1" for n, number in enumerate(numbers)
    ]

    candidates = _read(_write(tmp_path, rows=rows)).candidates

    assert list(candidates["patient_id"]) == ["nih/00000001"] * 4 + ["nih/00000002"]


@pytest.mark.parametrize(
    "spelt", ["images\\a.png", "./a.png", "images_001/images/a.png", "A.PNG", "a.jpg"]
)
def test_an_image_is_found_however_its_name_is_spelt(tmp_path, spelt):
    rows = [f"{spelt},Mass,0,1,50,M,PA,1,1,1,1"]
    _write(tmp_path, rows=["a.png"]).joinpath("Data_Entry_2017.csv").write_text(
        f"{HEADER_2017}\n{rows[0]}\n"
    )

    table = _read(tmp_path)

    assert list(table.candidates["path"]) == ["images/a.png"]
    assert "/" not in table.candidates.loc[0, "image_id"].removeprefix("nih/")


def test_a_row_that_cannot_be_used_is_rejected_with_its_number(tmp_path):
    name = "Data_Entry_2017.csv"
    with (_write(tmp_path) / name).open("a") as table:
        table.write(",,,,,,,,,,\n,Mass,0,1,50,M,PA,1,1,1,1\nb.png,Mass\n")

    assert _read(tmp_path).rejected.set_index("name")["reason"].to_dict() == {
        f"{name}, row 5": f"no image name: {name}, row 5",
        f"{name}, row 4": "empty row: row 4",
        f"{name}, row 6": "broken row: row 6 has 2 fields and the header 11",
    }


@pytest.mark.parametrize(
    "images",
    [("images_001", "images_012"), ("images_001/images", "images_002/images")],
    ids=["as published", "as on Kaggle"],
)
def test_images_in_numbered_folders_are_found(tmp_path, images):
    candidates = _read(_write(tmp_path, images=images)).candidates

    assert list(candidates["path"]) == [
        f"{images[0]}/00000001_000.png",
        f"{images[1]}/00000002_000.png",
    ]


def test_images_of_another_size_are_not_mixed_in(tmp_path):
    _write(tmp_path, images=("images_64px",))
    (tmp_path / "images").mkdir()

    table = _read(tmp_path)

    assert table.candidates.empty
    assert list(table.rejected["reason"])[:2] == ["no image file"] * 2


def test_a_file_that_no_row_names_is_rejected(tmp_path):
    _write(tmp_path)
    (tmp_path / "images" / "00000009_000.png").touch()

    rejected = _read(tmp_path).rejected.set_index("name")["reason"]

    assert rejected["images/00000009_000.png"] == "no row in Data_Entry_2017.csv"


def test_a_second_file_of_one_name_is_rejected(tmp_path):
    _write(tmp_path)
    (tmp_path / "images_001").mkdir()
    (tmp_path / "images_001" / "00000001_000.png").touch()

    rejected = _read(tmp_path).rejected.set_index("name")["reason"]

    assert rejected["images_001/00000001_000.png"] == "second file of its name"


def test_a_row_without_a_view_is_rejected(tmp_path):
    row = ROWS[0].replace(",PA,", ",,")

    rejected = _read(_write(tmp_path, rows=[row])).rejected

    assert list(rejected["reason"]) == ["no view"]


def test_a_missing_folder_is_named_with_the_parameter(tmp_path):
    with pytest.raises(
        DetlError,
        match=r"no folder .*/nowhere, .*ingest\.sources\.nih\.folder.*DETL_DATA",
    ):
        _read(tmp_path / "nowhere")


def test_a_missing_csv_is_named_with_the_parameter(tmp_path):
    with pytest.raises(DetlError, match=r"Data_Entry_2017\.csv .*sources\.nih\.folder"):
        _read(tmp_path)


def test_two_csv_files_are_not_chosen_between(tmp_path):
    _write(tmp_path)
    (tmp_path / "Data_Entry_2017_v2020.csv").touch()

    with pytest.raises(DetlError, match=r"2017\.csv and Data_Entry_2017_v2020\.csv"):
        _read(tmp_path)


def test_missing_image_folders_are_named_with_the_parameter(tmp_path):
    (tmp_path / "Data_Entry_2017.csv").write_text(HEADER_2017)

    with pytest.raises(DetlError, match=r"/images \(nor .*sources\.nih\.folder"):
        _read(tmp_path)


def test_a_missing_column_is_named(tmp_path):
    with pytest.raises(DetlError, match="Patient Gender or Patient Sex"):
        _read(_write(tmp_path, HEADER_2017.replace("Gender", "Gendre")))


@needs_nih
def test_the_full_labels_have_the_known_counts():
    labels = read_nih_labels(NIH / "Data_Entry_2017.csv.gz")
    normal = labels["findings"] == "No Finding"
    with_pneumonia = labels["findings"].str.split("|").map(lambda f: "Pneumonia" in f)

    assert len(labels) == 112_120
    assert labels["patient"].nunique() == 30_805
    assert normal.sum() == 60_361
    assert labels[normal]["view"].value_counts().to_dict() == {"PA": 39302, "AP": 21059}
    assert (~normal & ~with_pneumonia).sum() == 50_328
    assert (labels["findings"] == "Pneumonia").sum() == 322
    assert with_pneumonia.sum() == 1_431


@needs_nih
def test_of_the_reduced_copy_nothing_is_lost():
    table = _read(NIH)

    assert len(table.candidates) == 1_599
    assert table.candidates["patient_id"].nunique() == 1_172
    assert len(table.candidates) + len(table.rejected) == 112_120
    validate(table.candidates, CANDIDATES)
    validate(table.rejected, REJECTED)
