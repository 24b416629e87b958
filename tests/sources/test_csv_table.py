import gzip
import logging

import pytest

from another_user import refusal_as_another_user
from detl.errors import DetlError
from detl.sources.csv_table import read_text_table

COLUMNS = {"name": ("Image",), "sex": ("Patient Gender", "Patient Sex")}
HEADER = "Image,Patient Sex,notes\n"
SOUND = "a.png,M,x\nb.png,F,y\nc.png,M,z\n"


def _read(path):
    return read_text_table(path, COLUMNS)


def _read_text(tmp_path, text):
    path = tmp_path / "table.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return _read(path)


@pytest.mark.parametrize("header", ["Image,Patient Gender", "Image,Patient Sex"])
def test_each_spelling_of_a_column_is_read(tmp_path, header):
    path = tmp_path / "table.csv"
    path.write_text(f"{header}\na.png,M\n")

    assert _read(path).rows[[*COLUMNS]].to_dict("records") == [
        {"name": "a.png", "sex": "M"}
    ]


@pytest.mark.parametrize("end", [",", ""], ids=["comma in the header", "none"])
def test_a_comma_at_the_end_of_each_row_shifts_nothing(tmp_path, end):
    path = tmp_path / "table.csv"
    path.write_text(f"Image,Patient Sex{end}\na.png,M,\nb.png,F,\n")

    assert list(_read(path).rows["sex"]) == ["M", "F"]


def test_a_gzipped_table_is_read(tmp_path):
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress(b"Image,Patient Sex\na.png,M\n"))

    assert len(_read(path).rows) == 1


def test_broken_bytes_and_a_byte_order_mark_are_no_obstacle(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(
        b"\xef\xbb\xbfImage,Patient Sex,notes\na.png,M,\x93wet market\x94\n"
    )

    assert list(_read(path).rows["name"]) == ["a.png"]


def test_numbers_and_na_stay_the_text_that_they_are(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("Image,Patient Sex\n0001, NA \n")

    assert _read(path).rows[[*COLUMNS]].to_dict("records") == [
        {"name": "0001", "sex": "NA"}
    ]


def test_a_missing_file_is_told_with_the_columns_that_were_expected(tmp_path):
    with pytest.raises(DetlError) as told:
        _read(tmp_path / "list.csv")

    assert f"There is no list.csv in {tmp_path}" in str(told.value)
    assert "Image, Patient Gender or Patient Sex" in str(told.value)
    assert "Errno" not in str(told.value)


def test_a_missing_column_is_named_with_those_found(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("Image,gender\na.png,M\n")

    with pytest.raises(
        DetlError, match=r"columns Image, gender, where Image, Patient Gender or"
    ):
        _read(path)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "it is empty"),
        (b'Image,Patient Sex\n"a', "row 2 has an open quote"),
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
        _read(path)


# Without the time of compression, which would name the case anew in each process.
CUT_OFF = gzip.compress(b"Image," * 99, mtime=0)[:30]


@pytest.mark.parametrize("content", [b"no gzip", CUT_OFF])
def test_a_broken_gzip_is_named(tmp_path, content):
    path = tmp_path / "table.csv.gz"
    path.write_bytes(content)

    with pytest.raises(
        DetlError, match=r"table\.csv\.gz cannot be read as a csv table"
    ):
        _read(path)


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("d.png,M", "row 5 has 2 fields and the header 3"),
        ("d.png,M,x,1", "row 5 has 4 fields and the header 3"),
        ('"d.png"x,M,x', "row 5 has text after a closing quote"),
        ('d.png,"M,x', "row 5 has an open quote"),
        ("d.png\0,M,x", "row 5 holds NUL bytes"),
        ("d.png,M," + "x" * 140_000, "row 5 has a field of over 100,000 characters"),
    ],
)
def test_one_broken_row_is_named_and_the_others_are_read(tmp_path, row, fault):
    table = _read_text(tmp_path, f"{HEADER}{SOUND}{row}\ne.png,F,x\n")

    assert table.rows["name"].tolist() == ["a.png", "b.png", "c.png", "e.png"]
    assert table.faults.to_numpy().tolist() == [
        ["table.csv, row 5", f"broken row: {fault}"]
    ]


@pytest.mark.parametrize("row", [",,", " , ,", '"",,', ";;", "\x1a"])
def test_a_row_of_nothing_is_named_wherever_it_stands(tmp_path, row):
    table = _read_text(tmp_path, f"{HEADER}{row}\n{SOUND}{row}\n")

    assert table.rows["name"].tolist() == ["a.png", "b.png", "c.png"]
    assert table.faults["name"].tolist() == ["table.csv, row 2", "table.csv, row 6"]
    assert table.faults["reason"].tolist() == ["empty row: row 2", "empty row: row 6"]


@pytest.mark.parametrize(
    ("header", "sound", "shifted"),
    [
        ("Image,Patient Sex,age,", "a.png,M,9,", "b,c.png,M,,"),
        ("Image,Patient Sex,age,", "a.png,M,9,", "b.png,9,"),
        ("Image,Patient Sex,age", "a.png,M,9", "b,c.png,M,"),
        ("Image,Patient Sex,age", "a.png,M,9,", "b.png,9,"),
    ],
)
def test_a_comma_at_the_end_hides_no_field_too_many_or_too_few(
    tmp_path, header, sound, shifted
):
    table = _read_text(tmp_path, f"{header}\n{sound}\n{sound}\n{shifted}\n{sound}\n")

    assert table.rows["name"].tolist() == ["a.png"] * 3
    assert table.faults["name"].tolist() == ["table.csv, row 4"]


def test_a_row_without_the_comma_that_ends_the_others_is_sound(tmp_path):
    table = _read_text(tmp_path, "Image,Patient Sex,\na,M,\nb,F,\nc,M\n")

    assert table.rows["name"].tolist() == ["a", "b", "c"]


def test_rows_of_nothing_are_no_broken_table(tmp_path):
    assert len(_read_text(tmp_path, HEADER + "a.png,M,x\n" + ",,\n" * 9).rows) == 1


def test_blank_lines_are_no_rows(tmp_path):
    table = _read_text(tmp_path, f"\n{HEADER}\n{SOUND}\n\n")

    assert len(table.rows) == 3
    assert table.faults.empty


def test_rows_are_numbered_as_a_spreadsheet_does(tmp_path):
    table = _read_text(tmp_path, f'{HEADER}a.png,M,"two\nlines"\nb.png,F,\n')

    assert table.rows["where"].tolist() == ["table.csv, row 2", "table.csv, row 3"]


def test_text_after_a_quote_in_a_column_that_is_not_used_is_told(tmp_path, caplog):
    table = _read_text(tmp_path, f'{HEADER}a.png,M,"tube" moved\nb.png,F,y\n')

    assert table.rows["name"].tolist() == ["a.png", "b.png"]
    assert "row 2 has text after a closing quote" in caplog.text


def test_a_quote_that_is_closed_in_a_later_row_swallows_no_row_between(tmp_path):
    rows = 'a.png,M,"open\nb.png,F,y\nc.png,M,closed"\nd.png,F,z\n'

    table = _read_text(tmp_path, HEADER + rows)

    assert table.rows["name"].tolist() == ["b.png", "c.png", "d.png"]
    assert table.faults["name"].tolist() == ["table.csv, row 2"]


def test_where_half_of_the_rows_are_broken_the_table_is_refused(tmp_path):
    with pytest.raises(
        DetlError, match=r"\(row 3 has 1 fields and the header 3, and 1"
    ):
        _read_text(tmp_path, f"{HEADER}a.png,M,x\nb\nc\n")


def test_what_excel_saves_in_windows_1252_is_read_and_told(tmp_path, caplog):
    table = _read_text(tmp_path, f"{HEADER}lunge_müller.png,M,“x”\n".encode("cp1252"))

    assert table.rows["name"].tolist() == ["lunge_müller.png"]
    assert "save it as 'CSV UTF-8'" in caplog.text


def test_a_row_in_another_encoding_leaves_the_others_as_they_are(tmp_path):
    text = f"{HEADER}ü.png,M,x\n".encode() + "ö.png,F,y\n".encode("cp1252")

    assert _read_text(tmp_path, text).rows["name"].tolist() == ["ü.png", "ö.png"]


def test_a_table_in_utf_8_is_no_news(tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        _read_text(tmp_path, f"{HEADER}ü.png,M,x\n")

    assert not caplog.messages


def test_utf_16_with_its_mark_is_read(tmp_path):
    table = _read_text(tmp_path, f"{HEADER}ü.png,M,x\n".encode("utf-16"))

    assert table.rows["name"].tolist() == ["ü.png"]


def test_blanks_of_a_column_can_be_kept(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(f"{HEADER} a.png , M ,x\n")

    row = read_text_table(path, COLUMNS, verbatim=["name"]).rows.loc[0]

    assert (row["name"], row["sex"]) == (" a.png ", "M")


def test_bytes_that_mean_nothing_in_windows_1252_are_kept(tmp_path):
    assert _read_text(tmp_path, HEADER.encode() + b"m\x81.png,M,x\n").rows["name"][
        0
    ] == ("m\x81.png")


@pytest.mark.parametrize(
    "first", ["a.png,M,Hans Muster", "patients/a.png,M,4711", "a.png;M;4711"]
)
def test_a_first_row_in_place_of_a_heading_is_not_quoted(tmp_path, first):
    with pytest.raises(DetlError, match="a first line without the name of") as told:
        _read_text(tmp_path, f"{first}\n{first}\n")

    assert not any(word in str(told.value) for word in ("Muster", "4711"))


@pytest.mark.parametrize(
    "content",
    [b"PK\x03\x04\x14\0\6\0", HEADER.encode("utf-16-le")],
    ids=["xlsx", "utf"],
)
def test_what_is_no_text_is_told(tmp_path, content):
    with pytest.raises(
        DetlError, match=r"\(it is no text, or UTF-16 without its mark\)"
    ):
        _read_text(tmp_path, content)


def test_a_table_that_may_not_be_read_is_told_with_what_to_do(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(HEADER + SOUND)
    path.chmod(0)

    told = refusal_as_another_user(
        "from pathlib import Path\n"
        "from detl.sources.csv_table import read_text_table\n"
        f"read_text_table(Path({str(path)!r}), {COLUMNS!r})"
    )

    assert "may not read it); give the user the right to" in told


def test_an_optional_column_that_is_missing_is_empty(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("Image\na.png\n")

    rows = read_text_table(path, COLUMNS, optional=["sex"]).rows

    assert list(rows["sex"]) == [""]
