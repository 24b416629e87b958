import gzip

import pandas as pd
import pytest

from another_user import refusal_as_another_user
from detl.errors import DetlError
from detl.sources.files import list_files, match_files, read_text_table

COLUMNS = {"name": ("Image",), "sex": ("Patient Gender", "Patient Sex")}


@pytest.mark.parametrize("header", ["Image,Patient Gender", "Image,Patient Sex"])
def test_each_spelling_of_a_column_is_read(tmp_path, header):
    path = tmp_path / "table.csv"
    path.write_text(f"{header}\na.png,M\n")

    assert read_text_table(path, COLUMNS).to_dict("records") == [
        {"name": "a.png", "sex": "M"}
    ]


@pytest.mark.parametrize("end", [",", ""], ids=["comma in the header", "none"])
def test_a_comma_at_the_end_of_each_row_shifts_nothing(tmp_path, end):
    path = tmp_path / "table.csv"
    path.write_text(f"Image,Patient Sex{end}\na.png,M,\nb.png,F,\n")

    assert list(read_text_table(path, COLUMNS)["sex"]) == ["M", "F"]


def test_a_gzipped_table_is_read(tmp_path):
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress(b"Image,Patient Sex\na.png,M\n"))

    assert len(read_text_table(path, COLUMNS)) == 1


def test_broken_bytes_and_a_byte_order_mark_are_no_obstacle(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(
        b"\xef\xbb\xbfImage,Patient Sex,notes\na.png,M,\x93wet market\x94\n"
    )

    assert list(read_text_table(path, COLUMNS)["name"]) == ["a.png"]


def test_numbers_and_na_stay_the_text_that_they_are(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("Image,Patient Sex\n0001, NA \n")

    assert read_text_table(path, COLUMNS).to_dict("records") == [
        {"name": "0001", "sex": "NA"}
    ]


def test_a_missing_column_is_named_with_those_found(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("Image,gender\na.png,M\n")

    with pytest.raises(
        DetlError, match=r"columns Image, gender, where Image, Patient Gender or"
    ):
        read_text_table(path, COLUMNS)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "it is empty"),
        (b'Image,Patient Sex\n"a', "unexpected end of data"),
        (b"Image,Patient Sex\na,M\nb", "row 3 has 1 fields and the header 2"),
        (b"Image,Patient Sex\na,b,M\n", "row 2 has 3 fields and the header 2"),
    ],
)
def test_a_file_that_is_no_csv_table_is_named(tmp_path, content, what):
    path = tmp_path / "table.csv"
    path.write_bytes(content)

    with pytest.raises(
        DetlError, match=rf"table\.csv cannot be read as a csv table \({what}\)"
    ):
        read_text_table(path, COLUMNS)


# Without the time of compression, which would name the case anew in each process.
CUT_OFF = gzip.compress(b"Image," * 99, mtime=0)[:30]


@pytest.mark.parametrize("content", [b"no gzip", CUT_OFF])
def test_a_broken_gzip_is_named(tmp_path, content):
    path = tmp_path / "table.csv.gz"
    path.write_bytes(content)

    with pytest.raises(
        DetlError, match=r"table\.csv\.gz cannot be read as a csv table"
    ):
        read_text_table(path, COLUMNS)


def test_files_are_listed_in_order_without_hidden_ones_and_folders(tmp_path):
    (tmp_path / "images" / "deeper").mkdir(parents=True)
    for name in ("b.png", "a.png", "._a.png", ".DS_Store"):
        (tmp_path / "images" / name).touch()

    files = list_files(tmp_path, ["images", "missing"])

    assert list(files["path"]) == ["images/a.png", "images/b.png"]


def _match(wanted, present):
    files = pd.DataFrame({"path": present, "name": present}, dtype=str)
    matched = match_files(pd.Series(wanted, dtype=str), files, "name")
    return [None if pd.isna(path) else path for path in matched]


def test_the_exact_name_is_matched():
    assert _match(["b.png", "c.png"], ["a.png", "b.png"]) == ["b.png", None]


def test_an_image_encoded_again_is_matched_by_its_stem():
    assert _match(["v1.2-a.jpeg"], ["v1.2-a.jpg"]) == ["v1.2-a.jpg"]


def test_a_file_that_another_row_names_exactly_is_not_matched_by_its_stem():
    assert _match(["a.jpeg", "a.jpg"], ["a.jpg"]) == [None, "a.jpg"]


def test_two_files_of_one_stem_are_not_guessed_between():
    assert _match(["a.jpeg"], ["a.jpg", "a.png"]) == [None]


def test_two_rows_of_one_stem_do_not_share_a_file():
    assert _match(["a.jpeg", "a.jpg"], ["a.png"]) == [None, None]


def test_nothing_matches_where_there_is_no_file():
    assert _match(["a.png"], []) == [None]


def test_a_folder_that_may_not_be_read_is_told(tmp_path):
    folder = tmp_path / "nih"
    folder.mkdir()
    folder.chmod(0o300)
    try:
        told = refusal_as_another_user(
            "from pathlib import Path\n"
            "from detl.sources.files import require_folder\n"
            f"require_folder(Path({str(folder)!r}), 'nih', 'films')"
        )
    finally:
        folder.chmod(0o755)

    assert told.startswith(f"{folder}, where films should be, may not be read")
    assert "ingest.sources.nih.folder" in told
