from pathlib import Path

import pytest

from detl.errors import DetlError
from detl.schemas.parameters import SourceParameters
from detl.sources import READERS, read_source


def test_a_source_lies_in_its_folder_of_the_raw_data(tmp_path):
    (tmp_path / "mine" / "Mass").mkdir(parents=True)
    (tmp_path / "mine" / "Mass" / "a.png").touch()

    table = read_source(
        tmp_path, "other", SourceParameters(reader="folder", folder="mine")
    )

    assert list(table.candidates["image_id"]) == ["other/Mass/a.png"]


def test_an_unknown_reader_is_refused_with_the_known_ones():
    parameters = SourceParameters(reader="nihh", folder="nih")

    with pytest.raises(DetlError, match=f"nihh, where one of {', '.join(READERS)}"):
        read_source(Path(), "nih", parameters)
