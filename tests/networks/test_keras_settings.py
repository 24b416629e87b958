"""What another project has told Keras changes nothing here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

from detl.errors import DetlError
from detl.networks.keras_settings import choose_backend, plain_keras
from tiny_study import run_study

CHANGEABLE = (
    "image_data_format",
    "floatx",
    "epsilon",
    "max_epochs",
    "max_steps_per_epoch",
    "dtype_policy",
)
"""Settings of the process that ``keras.config`` can change."""


@pytest.fixture(autouse=True)
def _settings_as_before():
    before = {name: getattr(keras.config, name)() for name in CHANGEABLE}
    yield
    for name, value in before.items():
        getattr(keras.config, f"set_{name}")(value)


@pytest.fixture(scope="module")
def expected():
    return run_study()


def _assert_alike(study, expected):
    plain = ("kernels", "formats", "policies")
    assert {k: study[k] for k in plain} == {k: expected[k] for k in plain}
    assert study["history"].keys() == expected["history"].keys()
    for curve, values in expected["history"].items():
        assert study["history"][curve] == pytest.approx(values, rel=1e-4), curve
    for name in ("features", "grad_cam", "guided"):
        assert study[name] == pytest.approx(expected[name], rel=1e-3, abs=1e-6), name
    for row, row_expected in zip(
        study["probabilities"], expected["probabilities"], strict=True
    ):
        assert row == pytest.approx(row_expected, abs=1e-4)


def test_what_other_code_of_the_process_has_set_changes_no_network(expected):
    for name, value in zip(
        CHANGEABLE,
        ("channels_first", "float16", 0.1, 1, 1, "mixed_bfloat16"),
        strict=True,
    ):
        getattr(keras.config, f"set_{name}")(value)

    _assert_alike(run_study(), expected)


@pytest.mark.long
def test_a_hostile_keras_json_and_variables_change_no_network(expected, tmp_path):
    hostile = {
        "image_data_format": "channels_first",
        "floatx": "float16",
        "epsilon": 0.5,
        "backend": "tensorflow",
    }
    (tmp_path / "keras.json").write_text(json.dumps(hostile))

    said = subprocess.run(
        [sys.executable, Path(__file__).parents[1] / "support" / "tiny_study.py"],
        env={
            **os.environ,
            "KERAS_BACKEND": keras.backend.backend(),
            "KERAS_HOME": str(tmp_path),
            "KERAS_MAX_EPOCHS": "1",
            "KERAS_MAX_STEPS_PER_EPOCH": "1",
            "TF_USE_LEGACY_KERAS": "1",
        },
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )

    _assert_alike(json.loads(said.stdout), expected)


@pytest.mark.long
def test_a_backend_that_keras_json_names_is_not_taken_outside_of_commands(tmp_path):
    (tmp_path / "keras.json").write_text(json.dumps({"backend": "torch"}))
    program = "import detl.training.fit, keras; print(keras.config.backend())"
    without = {k: v for k, v in os.environ.items() if k != "KERAS_BACKEND"}

    said = subprocess.run(
        [sys.executable, "-c", program],
        env={**without, "KERAS_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )

    assert said.stdout.split() == ["tensorflow"]


def test_settings_of_other_code_are_put_back():
    keras.config.set_floatx("float64")
    keras.config.set_image_data_format("channels_first")

    with plain_keras():
        assert keras.config.floatx() == "float32"
        assert keras.config.image_data_format() == "channels_last"

    assert keras.config.floatx() == "float64"
    assert keras.config.image_data_format() == "channels_first"


def test_settings_are_put_back_where_an_error_is_raised():
    keras.config.set_floatx("float64")

    with pytest.raises(ZeroDivisionError), plain_keras():
        raise ZeroDivisionError

    assert keras.config.floatx() == "float64"


@pytest.mark.parametrize("given", [None, ""])
def test_without_a_choice_the_backend_is_tensorflow_whatever_keras_json_says(
    given, monkeypatch
):
    monkeypatch.setenv("KERAS_BACKEND", given or "")
    if given is None:
        monkeypatch.delenv("KERAS_BACKEND")

    assert choose_backend() == "tensorflow"
    assert os.environ["KERAS_BACKEND"] == "tensorflow"


def test_jax_can_be_chosen(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")

    assert choose_backend() == "jax"


@pytest.mark.parametrize("other", ["torch", "numpy", "openvino", "theano"])
def test_another_backend_is_refused_with_the_two_that_there_are(other, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", other)

    with pytest.raises(DetlError, match=f"'{other}'.*'tensorflow' or 'jax'"):
        choose_backend()


def _import_keras(folder, **environment):
    code = (
        "from detl.networks.keras_settings import import_keras\n"
        "from detl.errors import DetlError\n"
        "try: import_keras()\n"
        "except DetlError as error: print(error)"
    )
    kept = {k: v for k, v in os.environ.items() if not k.startswith("KERAS")}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**kept, "KERAS_HOME": str(folder), **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


@pytest.mark.parametrize("content", ['{"floatx": "double"}', "[]"])
def test_settings_that_keras_refuses_are_named(tmp_path, content):
    (tmp_path / "keras.json").write_text(content)

    said = _import_keras(tmp_path)

    assert said.startswith("Keras cannot read its settings (")
    assert f"{tmp_path}/keras.json" in said
    assert said.count("\n") == 1


@pytest.mark.long
def test_the_backend_of_another_project_is_no_obstacle(tmp_path):
    (tmp_path / "keras.json").write_text('{"backend": "torch"}')

    assert _import_keras(tmp_path) == ""


def test_a_variable_that_keras_refuses_is_told(tmp_path):
    said = _import_keras(tmp_path, KERAS_MAX_EPOCHS="many")

    assert "variables KERAS_" in said


def test_keras_is_imported_where_the_error_stream_is_closed():
    code = (
        "import os, sys; os.close(2); sys.stderr = None\n"
        "from detl.networks.keras_settings import import_keras\n"
        "import_keras(); print('keras' in sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True
    )

    assert said.stdout == "True\n"


def _say(code: str) -> str:
    """Return what code prints to both streams, where nobody asks for quiet."""
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    ).stdout


def test_what_needs_keras_imports_it_without_a_word():
    code = (
        "from detl.networks.keras_settings import plain_keras\n"
        "with plain_keras():\n"
        "    import keras\n"
        "print(keras.backend.backend())\n"
    )

    assert _say(code) == "tensorflow\n"
