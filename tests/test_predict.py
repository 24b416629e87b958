"""The command that answers without Kedro."""

import json
from dataclasses import replace

import cv2
import pytest
from click.testing import CliRunner

from detl.predict import main
from detl.serving.bundle import save_bundle
from tiny_bundle import tiny_bundle, training_pixels


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("bundle") / "bundle.zip"
    save_bundle(tiny_bundle(), path)
    return path


def _call(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_a_folder_is_predicted_with_its_dicom_files(path, tmp_path):
    (tmp_path / "films").mkdir()
    cv2.imwrite(str(tmp_path / "films/film.png"), training_pixels()[3])
    (tmp_path / "films/notes.png").write_text("no image")

    called = _call("--dicom", path, tmp_path / "films", tmp_path / "out")

    assert called.exit_code == 0, called.output
    notice = "For research only: this is no medical device. Trained on noise."
    first, *_, last = called.stdout.splitlines()
    assert first == notice
    assert last.endswith(f"out: 1 accepted, 0 warned, 1 refused. {notice}")
    assert json.loads((tmp_path / "out/arguments.json").read_text())["notice"] == notice
    assert (tmp_path / "out/overlays/film.png_overlay.dcm").is_file()


@pytest.mark.parametrize("source", ["missing", "empty"])
def test_an_input_without_images_is_an_error_in_a_sentence(path, tmp_path, source):
    (tmp_path / "empty").mkdir()

    called = _call(path, tmp_path / source, tmp_path / "out")

    assert called.exit_code == 1
    assert len(called.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_sound_bundle_is_told_so(path):
    called = _call("--check", path)

    assert called.exit_code == 0, called.output
    assert "answers its 10 test images here as in the run" in called.output


def test_a_bundle_with_other_answers_is_an_error(tmp_path):
    first, *others = tiny_bundle().known_answers
    expected = first.expected.model_copy(update={"probabilities": [0.25] * 4})
    known = [replace(first, expected=expected), *others]
    save_bundle(replace(tiny_bundle(), known_answers=known), tmp_path / "bundle.zip")

    called = _call("--check", tmp_path / "bundle.zip")

    assert called.exit_code == 1
    assert "otherwise here than in the run" in called.output
    assert len(called.output.splitlines()) == 1


def test_a_broken_bundle_is_an_error_in_a_sentence(tmp_path):
    (tmp_path / "bundle.zip").write_bytes(b"no archive")

    called = _call("--check", tmp_path / "bundle.zip")

    assert called.exit_code == 1
    assert "is no bundle" in called.output


@pytest.mark.parametrize("arguments", [["--check", "a", "b", "c"], ["a"], ["a", "b"]])
def test_what_is_missing_is_told(arguments):
    called = _call(*arguments)

    assert called.exit_code == 2
    assert "Expected are BUNDLE INPUT OUTPUT, or --check BUNDLE" in called.output
