"""The networks of a bundle in an ONNX file."""

import json
import os
import re
import runpy
import subprocess
import sys
from dataclasses import replace

import cv2
import keras
import numpy as np
import onnxruntime
import pytest
from click.testing import CliRunner

from detl.errors import DetlError
from detl.onnx import main
from detl.serving.bundle import save_bundle
from detl.serving.familiarity import describe_images
from detl.serving.intake import take_in_file
from detl.serving.onnx_file import export_onnx, measure_file_deviation
from detl.serving.predictor import Predictor
from project_copy import PROJECT
from tiny_bundle import SIZE, tiny_bundle, training_pixels

SCRIPT = PROJECT / "examples" / "predict_with_onnx.py"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Return the file that the command has written, and what it printed."""
    folder = tmp_path_factory.mktemp("onnx")
    save_bundle(tiny_bundle(), folder / "bundle.zip")
    arguments = [str(folder / "bundle.zip"), str(folder / "network.onnx")]
    called = CliRunner().invoke(main, arguments)
    assert called.exit_code == 0, called.output
    return folder / "network.onnx", called.output


@pytest.fixture(scope="module")
def session(written):
    return onnxruntime.InferenceSession(written[0])


@pytest.fixture(scope="module")
def predictor():
    return Predictor(tiny_bundle(), explains=False)


def test_the_command_tells_how_far_the_file_is_from_the_bundle(written):
    (difference,) = re.findall(r"by (\S+) at most", written[1])

    assert float(difference) < 1e-5


@pytest.mark.parametrize("images", [1, 3, 32])
def test_any_number_of_images_gets_the_logits_of_the_bundle(session, predictor, images):
    pixels = training_pixels()[:images]
    features, by_fold = predictor.run_networks(pixels)

    batch = pixels[..., np.newaxis].astype("float32")
    shares, described, ranks = session.run(None, {"pixels": batch})

    # Logarithms differ as the logits do.
    np.testing.assert_allclose(np.log(shares), np.log(by_fold.mean(0)), atol=1e-4)
    np.testing.assert_allclose(described, describe_images(pixels, features), atol=1e-4)
    # Training images that are nearly as close may come before or behind, by rounding.
    expected = predictor.bundle.familiarity.rank(pixels, features)
    np.testing.assert_allclose(ranks, expected, atol=0.05)


def test_axes_have_names_and_the_file_says_how_pictures_become_pixels(session):
    (pixels,) = session.get_inputs()
    said = session.get_modelmeta().custom_metadata_map

    assert (pixels.name, pixels.shape) == ("pixels", ["images", SIZE, SIZE, 1])
    assert {one.name: one.shape[0] for one in session.get_outputs()} == dict.fromkeys(
        ("probabilities", "features", "rank"), "images"
    )
    about = json.loads(said["detl"])
    assert about["classes"] == tiny_bundle().about.classes
    assert (about["input_size"], about["fit"]) == (SIZE, "crop")
    assert "no medical device" in said["notice"]


def test_the_example_answers_as_the_predictor_without_detl(
    written, predictor, tmp_path
):
    film = np.kron(training_pixels()[3], np.ones((2, 2), "uint8"))
    film = np.pad(film, ((0, 0), (4, 5)))
    cv2.imwrite(str(tmp_path / "film.png"), film)
    cv2.imwrite(str(tmp_path / "mirrored.png"), film[:, ::-1])
    (tmp_path / "notes.png").write_text("no image")
    names = [str(tmp_path / n) for n in ("film.png", "mirrored.png", "notes.png")]

    # In isolation, and from a folder without the project.
    command = [sys.executable, "-I", str(SCRIPT), str(written[0]), *names]
    run = subprocess.run(
        command, check=True, capture_output=True, text=True, cwd=tmp_path
    )

    found, refused, broken = map(json.loads, run.stdout.splitlines())
    expected = predictor.bundle.expected
    taken = [take_in_file(tmp_path / name, expected) for name in names]
    answer, unlike, _ = predictor.answer(taken)
    for name, share in zip(
        predictor.bundle.about.classes, answer.probabilities, strict=True
    ):
        assert found[name] == pytest.approx(share, abs=1e-5)
    assert unlike.decision == "refused"
    assert refused["refused"] == "unlike the training images"
    assert "cannot identify image file" in broken["refused"]


@pytest.mark.parametrize("shape", [(50, 43), (40, 90), (31, 64)])
def test_the_example_sees_the_pixels_that_the_predictor_sees(tmp_path, shape):
    colours = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "film.png"), colours)
    read_pixels = runpy.run_path(str(SCRIPT))["read_pixels"]

    found = read_pixels(tmp_path / "film.png", SIZE, "crop")

    expected = take_in_file(tmp_path / "film.png", tiny_bundle().expected).pixels
    np.testing.assert_array_equal(found, expected)


def test_the_example_needs_four_packages():
    imported = re.findall(r"^(?:import|from) (\w+)", SCRIPT.read_text(), re.MULTILINE)

    packages = set(imported) - set(sys.stdlib_module_names)
    assert packages == {"cv2", "numpy", "onnxruntime", "PIL"}


def test_half_precision_is_refused(tmp_path):
    bundle = tiny_bundle()
    pixels = keras.Input(bundle.trunk.input.shape[1:])
    pooled = keras.layers.AveragePooling2D(4, dtype="mixed_bfloat16")(pixels)
    half = replace(bundle, trunk=keras.Model(pixels, pooled))

    with pytest.raises(DetlError, match="compute in bfloat16"):
        export_onnx(half, tmp_path / "network.onnx")


def test_a_file_that_cannot_be_written_is_an_error_in_a_sentence(written, tmp_path):
    bundle = written[0].with_name("bundle.zip")

    called = CliRunner().invoke(main, [str(bundle), str(tmp_path / "missing/x.onnx")])

    assert called.exit_code == 1
    assert "There is no folder" in called.output


def test_a_file_of_other_networks_is_told_apart(written):
    bundle = tiny_bundle()
    hotter = bundle.about.model_copy(
        update={"temperatures": {"fold_1": 9, "fold_2": 9}}
    )

    assert measure_file_deviation(bundle, written[0]) < 1e-5
    assert measure_file_deviation(replace(bundle, about=hotter), written[0]) > 0.01


def test_without_test_images_noise_is_compared(written):
    bundle = replace(tiny_bundle(), known_answers=[])

    assert measure_file_deviation(bundle, written[0]) < 1e-5


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)

    with pytest.raises(DetlError, match=r"tf2onnx is missing, .*\[cpu,onnx\]"):
        export_onnx(tiny_bundle(), tmp_path / "network.onnx")


@pytest.mark.long
def test_another_backend_is_refused_before_anything_is_loaded():
    command = [sys.executable, "-m", "detl.onnx", "missing.zip", "network.onnx"]

    run = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"KERAS_BACKEND": "jax"},
    )

    assert run.returncode == 1
    assert "Keras runs on 'jax', from which no ONNX file can be written" in run.stderr
