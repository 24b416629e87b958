import unicodedata
from pathlib import Path

import pytest

from detl.sources.list_paths import find_folders, tidy_path


@pytest.mark.parametrize(
    ("name", "tidied"),
    [
        (".\\films\\a.png", "films/a.png"),
        ("x/../a.png", "a.png"),
        (' "a.png" ', "a.png"),
        ("file:///elsewhere/a%20b.png", "/elsewhere/a b.png"),
        ("C:\\scans\\a.png", "C:/scans/a.png"),
    ],
)
def test_a_path_gets_slashes_and_loses_dots_and_quotes(name, tidied):
    assert tidy_path(name, Path("clinic")) == tidied


def test_an_absolute_path_into_the_folder_becomes_relative(tmp_path):
    assert tidy_path(f"{tmp_path}/films/a.png", tmp_path) == "films/a.png"


def test_the_folders_of_a_list_are_found_as_they_are_spelt_on_disk(tmp_path):
    (tmp_path / "Films" / "Jörg").mkdir(parents=True)
    decomposed = unicodedata.normalize("NFD", "films/jörg/a.png")

    assert find_folders(tmp_path, [decomposed, "gone/b.png"]) == ["", "Films/Jörg"]
