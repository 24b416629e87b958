"""Predicting files, from a bundle to a folder of answers."""

import csv
import json
import os
import zipfile

import cv2
import pytest

from detl.errors import DetlError
from detl.serving.outputs import name_overlay
from detl.serving.predictor import Predictor
from detl.serving.run import predict_files
from tiny_bundle import tiny_bundle, training_pixels


@pytest.fixture(scope="module")
def predictor():
    return Predictor(tiny_bundle())


@pytest.fixture
def films(tmp_path):
    folder = tmp_path / "films"
    (folder / "ward").mkdir(parents=True)
    for number, pixels in enumerate(training_pixels()[:3]):
        cv2.imwrite(str(folder / "ward" / f"{number}.png"), pixels)
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno picture")
    return folder


def _rows(folder):
    with (folder / "predictions.csv").open() as file:
        return list(csv.DictReader(file))


def test_each_file_is_a_row_and_a_broken_one_says_why(predictor, films, tmp_path):
    counts = predict_files(predictor, films, tmp_path / "out")

    rows = _rows(tmp_path / "out")
    assert [row["file"] for row in rows] == [
        "broken.png",
        "ward/0.png",
        "ward/1.png",
        "ward/2.png",
    ]
    assert rows[0]["decision"] == "refused"
    assert "broken image" in rows[0]["reason"]
    assert rows[0]["predicted"] == rows[0]["p_normal"] == ""
    shares = [float(v) for k, v in rows[1].items() if k.startswith("p_")]
    assert sum(shares) == pytest.approx(1, abs=1e-5)
    assert sum(counts.values()) == 4


def test_each_answer_has_a_picture_and_the_arguments_stand_beside_them(
    predictor, films, tmp_path
):
    predict_files(predictor, films, tmp_path / "out")

    drawn = [row["file"] for row in _rows(tmp_path / "out") if row["predicted"]]
    found = (tmp_path / "out" / "overlays").rglob("*.jpg")
    names = {
        path.relative_to(tmp_path / "out" / "overlays").as_posix() for path in found
    }
    assert names == {f"{name}_overlay.jpg" for name in drawn}
    noted = json.loads((tmp_path / "out" / "arguments.json").read_text())
    assert noted["bundle"]["architecture"] == "alexnet"
    assert "detl" in noted["versions"]


def test_a_name_that_a_spreadsheet_would_compute_is_text(predictor, films, tmp_path):
    os.rename(films / "broken.png", films / "=1+1.png")

    predict_files(predictor, films, tmp_path / "out")

    assert _rows(tmp_path / "out")[0]["file"] == "'=1+1.png"


def test_a_file_outside_the_folder_of_the_list_is_not_read(predictor, films, tmp_path):
    (films / "ward" / "list.csv").write_text("file\n../broken.png\n0.png\n")

    predict_files(predictor, films / "ward" / "list.csv", tmp_path / "out")

    first, second = _rows(tmp_path / "out")
    assert first["reason"] == "names no file in the folder of the list"
    assert second["decision"] != "refused" or "unlike" in second["reason"]


def test_earlier_predictions_are_not_overwritten(predictor, films, tmp_path):
    predict_files(predictor, films, tmp_path / "out")

    with pytest.raises(DetlError, match="is there already"):
        predict_files(predictor, films, tmp_path / "out")


def test_an_output_that_cannot_be_written_is_refused(predictor, films, tmp_path):
    (tmp_path / "file").write_text("x")

    with pytest.raises(DetlError, match="cannot be written"):
        predict_files(predictor, films, tmp_path / "file" / "out")


def test_a_list_may_name_what_is_missing_and_what_is_no_image(
    predictor, films, tmp_path
):
    with zipfile.ZipFile(films / "archive.png", "w") as archive:
        archive.writestr("film.png", "x")
    (films / "list.csv").write_text("file\nmissing.png\narchive.png\nward\n")

    predict_files(predictor, films / "list.csv", tmp_path / "out")

    assert [row["reason"] for row in _rows(tmp_path / "out")] == [
        "file cannot be read: No such file or directory",
        "neither PNG nor JPEG nor DICOM",
        "file cannot be read: Is a directory",
    ]


def test_a_name_in_no_encoding_is_a_row(predictor, films, tmp_path):
    os.rename(films / "broken.png", os.fsencode(films) + b"/\xff.png")

    predict_files(predictor, films, tmp_path / "out")

    assert _rows(tmp_path / "out")[3]["file"] == r"\udcff.png"


def test_a_name_too_long_for_a_picture_is_a_row_with_a_shorter_picture(
    predictor, films, tmp_path
):
    names = ["\N{LATIN SMALL LETTER E WITH ACUTE}" * 123 + f"{n}.png" for n in (1, 2)]
    for number, name in enumerate(names, start=1):
        os.rename(films / "ward" / f"{number}.png", films / "ward" / name)

    predict_files(predictor, films / "ward", tmp_path / "out")

    assert [row["file"] for row in _rows(tmp_path / "out")[1:]] == names
    pictures = {tmp_path / "out" / "overlays" / name_overlay(name) for name in names}
    assert [picture.is_file() for picture in pictures] == [True, True]


@pytest.mark.parametrize("name", ["//films/a.png", "b/../../films/a.png"])
def test_a_picture_lies_in_the_folder_of_pictures(name):
    assert ".." not in name_overlay(name).parts
    assert not name_overlay(name).is_absolute()


def test_a_picture_that_cannot_be_written_is_an_error_in_a_sentence(
    predictor, films, tmp_path
):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "overlays").write_text("no folder")

    with pytest.raises(DetlError, match=r"overlays.* cannot be written"):
        predict_files(predictor, films, tmp_path / "out")
