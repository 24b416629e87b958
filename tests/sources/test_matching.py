import unicodedata
from pathlib import Path

import pandas as pd
import pytest

from detl.sources.matching import match_files

FOLDER = Path("clinic").absolute()


def _compare(wanted, present):
    names = [path.rpartition("/")[2] for path in present]
    files = pd.DataFrame({"path": present, "name": names}, dtype=str)
    return match_files(pd.Series(wanted, dtype=str), files, FOLDER)


def _match(wanted, present):
    return list(_compare(wanted, present)["path"])


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


@pytest.mark.parametrize(
    "spelt",
    [
        *("2020\\a b.png", "./2020/a b.png", "2020//a b.png", "x/../2020/a b.png"),
        *("clinic/2020/a b.png", "..\\clinic\\2020\\a b.png", "Clinic/2020/A B.PNG"),
        *(f"{FOLDER}/2020/a b.png", f"{FOLDER.parent.name}/clinic/2020/a b.png"),
        *("C:\\Users\\x\\clinic\\2020\\a b.png", "/mnt/nas/clinic/2020/a b.png"),
        *("\\\\server\\share\\clinic\\2020\\a b.png", "~/clinic/2020/a b.png"),
        *("file:///mnt/clinic/2020/a%20b.png", "2020/a%20b.png", "D:/old/2020/a b.png"),
        *(" 2020/a b.png ", "2020/a\u00a0b.png", "2020/a  b.png", "2020/a b.jpeg"),
        *("'2020/a b.png'", '"2020/a b.png"'),
        *("2020/a b", "2020/a b.png.gz", "\ufeff2020/a b.png", "2020 /a b .png"),
    ],
)
def test_a_file_that_is_there_is_found_under_another_spelling(spelt):
    assert _match([spelt], ["2020/a b.png", "2020/c.png"]) == ["2020/a b.png"]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_the_forms_of_unicode_are_one_name(form):
    other = {"NFC": "NFD", "NFD": "NFC"}[form]
    wanted, present = (unicodedata.normalize(f, "lüngs.png") for f in (form, other))

    assert _match([wanted], [present]) == [present]


@pytest.mark.parametrize("written", ["utf-8", "mac_roman", "cp850"])
def test_a_list_of_another_encoding_than_it_was_read_in_names_its_files(written):
    read = "Müller é/ß.png".encode(written).decode("latin-1")
    # Of Windows-1252, in which lists are read, bytes from 80 to 9f differ from Latin-1.
    read = read.translate({0x82: 0x201A, 0x8A: "Š", 0x8E: "Ž", 0x9F: "Ÿ"})

    assert _match([read], ["Müller é/ß.png", "Muller/s.png"]) == ["Müller é/ß.png"]


@pytest.mark.parametrize("name", ["MÃ¼ller.png", "M├╝ller.png"])
def test_a_file_whose_name_an_archive_has_spoilt_is_found(name):
    assert _match(["Müller.png"], [name, "Muller.png"]) == [name]


def test_an_exact_name_goes_before_a_spelling():
    present = ["a.png", " a.png", "A.png", "clinic/a.png"]

    assert _match(["clinic/a.png", " a.png", "A.png", "a.png"], present) == [
        *("clinic/a.png", " a.png", "A.png", "a.png")
    ]


@pytest.mark.parametrize(
    ("wanted", "present", "reason"),
    [
        (["A.PNG"], ["A.png", "a.png"], "may be A.png or a.png"),
        (["a.png", "A.PNG"], ["a.png"], "a.png is that of another row"),
        (["A.PNG", "A.Png"], ["a.png"], "a.png may be that of another row"),
        (["a.png"], ["2020/a.png"], "it may be 2020/a.png, which the list would have"),
        ([__file__], ["b.png"], "it lies outside the folder"),
    ],
)
def test_where_files_or_rows_could_be_meant_the_reason_says_so(wanted, present, reason):
    matched = _compare(wanted, present).iloc[-1]

    assert matched["path"] is None
    assert matched["reason"].startswith(f"no image file: {reason}")


def test_the_same_path_spelt_twice_is_one_file():
    assert _match(["a.png", "./a.png"], ["a.png"]) == ["a.png", "a.png"]


def test_a_name_does_not_lead_out_of_the_folder():
    assert _match(["../a.png", "../other/a.png"], ["a.png"]) == [None, None]


def test_paths_of_another_computer_are_told_by_the_folder_that_they_share():
    wanted = ["D:\\old\\2020\\a.png", "D:\\old\\b.png", "D:\\old\\2021\\b.png"]

    assert _match(wanted, ["2020/a.png", "b.png"]) == ["2020/a.png", "b.png", None]


def test_a_path_of_another_folder_is_not_taken_for_a_file_of_its_name():
    wanted = ["/old/2020/a.png", "/old/2021/a.png"]

    assert _match(wanted, ["a.png"]) == [None, None]


def test_names_without_folders_are_found_whatever_folder_the_list_gives():
    files = pd.DataFrame({"path": ["images_001/a.png"], "name": ["a.png"]})

    matched = match_files(pd.Series(["images\\a.png"]), files, FOLDER, "name")

    assert list(matched["path"]) == ["images_001/a.png"]
