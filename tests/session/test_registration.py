"""The served model: a real server, real requests, good and bad."""

import base64
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import cv2
import mlflow
import pytest
import requests

import detl
from detl.serving.bundle import save_bundle
from detl.serving.intake import take_in
from detl.serving.predictor import Predictor
from detl.session import model_server
from detl.session.registration import register_bundle
from tiny_bundle import tiny_bundle, training_pixels

LONGEST_START = 300


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Return the address of a store in which the tiny bundle is registered."""
    folder = tmp_path_factory.mktemp("served")
    save_bundle(tiny_bundle(), folder / "bundle.zip")
    address = f"sqlite:///{folder}/mlflow.db"
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(address)
    mlflow.create_experiment("served", artifact_location=f"{folder}/artifacts")
    mlflow.set_experiment("served")
    try:
        register_bundle(folder / "bundle.zip", Path(detl.__file__).parent)
    finally:
        mlflow.set_tracking_uri(before)
    return address


@pytest.fixture(scope="module")
def ask(store):
    """Serve the registered model, and return a function that sends it a body."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [
            *(sys.executable, "-P", model_server.__file__),
            *("--model-uri", "models:/detl@champion", "--port", str(port)),
        ],
        env=os.environ | {"MLFLOW_TRACKING_URI": store},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}"
    until = time.monotonic() + LONGEST_START
    while time.monotonic() < until and server.poll() is None:
        try:
            requests.get(f"{address}/ping", timeout=5)
            break
        except requests.ConnectionError:
            time.sleep(0.5)

    def send(**body):
        return requests.post(f"{address}/invocations", timeout=120, **body)

    yield send
    os.killpg(server.pid, signal.SIGTERM)
    server.wait(60)


FILM = base64.b64encode(b"a patient's film").decode()


def _table(*values, column="image"):
    return {"dataframe_split": {"columns": [column], "data": [[v] for v in values]}}


def _encode(content):
    return base64.b64encode(content).decode()


def test_the_served_answer_is_the_predictors(ask):
    contents = [cv2.imencode(".png", one)[1].tobytes() for one in training_pixels()[:4]]
    bundle = tiny_bundle()
    expected = Predictor(bundle, explains=False).answer(
        [take_in(content, bundle.expected) for content in contents]
    )

    rows = ask(json=_table(*map(_encode, contents))).json()["predictions"]

    assert [row["decision"] for row in rows] == [one.decision for one in expected]
    assert {row["notice"] for row in rows} == {bundle.notice}
    for row, one in zip(rows, expected, strict=True):
        if one.probabilities is not None:
            shares = [row[f"p_{name}"] for name in bundle.about.classes]
            assert shares == pytest.approx(one.probabilities.tolist(), abs=1e-6)


def test_what_is_no_picture_is_a_row_without_numbers(ask):
    sent = _table("$$$", _encode(b"hello"), 3)

    answer = ask(json=sent)

    assert "NaN" not in answer.text
    rows = answer.json()["predictions"]
    assert [row["reason"] for row in rows] == [
        "not base64",
        "neither PNG nor JPEG nor DICOM",
        "not base64",
    ]
    assert {row["decision"] for row in rows} == {"refused"}
    assert {row["p_normal"] for row in rows} == {None}


def test_no_row_gets_no_row(ask):
    assert ask(json=_table()).json() == {"predictions": []}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"json": _table(FILM, column="picture")}, 400),
        ({"json": [FILM]}, 400),
        ({"json": {"dataframe_split": FILM}}, 400),
        ({"data": FILM, "headers": {"Content-Type": "application/json"}}, 400),
        ({"data": f"image\n'{FILM}", "headers": {"Content-Type": "image/png"}}, 415),
        ({"data": FILM.encode()}, 415),
    ],
)
def test_a_wrong_request_is_refused_in_a_sentence_that_shows_nothing_of_it(
    ask, body, status
):
    answer = ask(**body)

    assert answer.status_code == status
    (sentence,) = answer.json().values()
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert FILM[:8] not in answer.text


def test_the_version_has_the_card_and_nothing_pickled(store, tmp_path):
    version = mlflow.MlflowClient(store).get_model_version_by_alias("detl", "champion")
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(store)
    try:
        folder = mlflow.artifacts.download_artifacts(
            "models:/detl@champion", dst_path=str(tmp_path)
        )
    finally:
        mlflow.set_tracking_uri(before)

    assert version.description == tiny_bundle().card
    assert (Path(folder) / "artifacts" / "bundle.zip").is_file()
    assert not list(Path(folder).rglob("*.pkl"))
