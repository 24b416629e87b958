"""A store of MLflow is used wherever the project lies, or refused with a reason."""

import http.server
import os
import re
import shutil
import socket
import sqlite3
import threading
from contextlib import closing, contextmanager

import pytest

from another_user import refusal_as_another_user
from detl.errors import DetlError
from detl.session import mlflow_store
from detl.session.mlflow_store import (
    asking_once,
    describe_failure,
    describe_refusal,
    hide_password,
    is_of_mlflow,
    name_own_store,
    refuse_unusable_address,
    refuse_unusable_file,
)


@pytest.fixture(autouse=True)
def _short_wait(monkeypatch):
    monkeypatch.setattr(mlflow_store, "_WAIT", 0.5)


@pytest.fixture
def store(tmp_path):
    path = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE experiments (name)")
        database.execute("INSERT INTO experiments VALUES (zeroblob(100000))")
        database.commit()
    return path


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Return a project's folder, whose store MLflow has made."""
    from mlflow import MlflowClient

    project = tmp_path_factory.mktemp("awkward") / "a%20b c#d&e+f;g@h=i:ä%2F,'?"
    project.mkdir()
    client = MlflowClient(name_own_store(project))
    experiment = client.create_experiment("detl", (project / "mlartifacts").as_uri())
    run = client.create_run(experiment)
    client.log_text(run.info.run_id, "a picture", "picture.txt")
    return project


def test_the_own_store_works_whatever_the_path_is_made_of(project):
    assert {path.name for path in project.iterdir()} == {"mlflow.db", "mlartifacts"}
    assert [path.name for path in project.parent.iterdir()] == [project.name]
    assert next(project.rglob("picture.txt")).read_text() == "a picture"
    refuse_unusable_address(name_own_store(project))


def test_a_sound_store_and_one_that_is_not_there_yet_are_taken(store, tmp_path):
    refuse_unusable_file(store)
    refuse_unusable_file(tmp_path / "new folder" / "mlflow.db")
    (tmp_path / "empty.db").touch()
    refuse_unusable_file(tmp_path / "empty.db")

    assert not (tmp_path / "new folder").exists()


def test_a_store_that_is_no_database_is_told_with_what_to_do(store):
    store.write_text("No database is as short as this." * 100)

    with pytest.raises(DetlError, match=r"not a database.*move it away \(mv "):
        refuse_unusable_file(store)


def test_a_store_that_is_cut_off_is_told(store):
    with store.open("r+b") as file:
        file.truncate(5000)

    with pytest.raises(DetlError, match="malformed"):
        refuse_unusable_file(store)


def test_a_folder_in_the_place_of_the_store_is_told(tmp_path):
    (tmp_path / "mlflow.db").mkdir()

    with pytest.raises(DetlError, match="is a folder") as error:
        refuse_unusable_file(tmp_path / "mlflow.db")
    assert "mv " not in str(error.value)


def test_a_link_to_a_store_on_a_disk_that_is_not_there_is_told(tmp_path):
    link = tmp_path / "mlflow.db"
    link.symlink_to(tmp_path / "disk" / "mlflow.db")

    with pytest.raises(DetlError, match="whose folder is not there"):
        refuse_unusable_file(link)


def test_a_store_that_another_process_locks_is_told(store):
    with closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        with pytest.raises(DetlError, match="locked by another process"):
            refuse_unusable_file(store)


def test_a_store_that_others_read_is_no_obstacle(store):
    with closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM experiments").fetchall()

        refuse_unusable_file(store)


@pytest.mark.parametrize("place", ["store", "folder"])
def test_what_may_not_be_written_is_told(store, place):
    locked = store if place == "store" else store.parent
    locked.chmod(0o555)
    try:
        told = refusal_as_another_user(
            "from pathlib import Path\n"
            "from detl.session.mlflow_store import refuse_unusable_file\n"
            f"refuse_unusable_file(Path({str(store)!r}))"
        )
    finally:
        locked.chmod(0o755)

    assert told.startswith(f"{locked} may not be written by this user (number 12345)")


def test_an_address_of_a_damaged_file_is_refused_as_the_file_is(store):
    store.write_text("No database is as short as this." * 100)

    with pytest.raises(DetlError, match="not a database"):
        refuse_unusable_address(f"sqlite:///{store}")


@pytest.mark.parametrize("kind", ["postgresql", "mysql+pymysql"])
def test_a_database_that_does_not_answer_is_refused_without_its_password(kind):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(DetlError, match="cannot be reached") as error:
        refuse_unusable_address(f"{kind}://me:secret@127.0.0.1:{port}/runs")

    assert "secret" not in str(error.value)


def test_what_is_no_address_is_told():
    with pytest.raises(DetlError, match="is no address"):
        refuse_unusable_address("http://[bad")


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "./mlruns", "databricks"])
def test_what_is_no_database_is_left_for_mlflow_to_ask(address):
    refuse_unusable_address(address)


@contextmanager
def _server(status):
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"<html>hello</html>")

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def _refusal_of(address):
    from mlflow import MlflowClient

    with asking_once(), pytest.raises(Exception) as error:  # noqa: PT011
        MlflowClient(address).get_experiment_by_name("detl")
    assert is_of_mlflow(error.value)
    sentence = describe_refusal(error.value, address)
    assert "\n" not in sentence
    assert sentence.startswith(f"MLflow's store {address} ")
    return sentence


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (200, "not in a valid JSON format"),
        (401, "MLFLOW_TRACKING_PASSWORD"),
        (403, "does not let this user in"),
        (404, "does not answer as a server of MLflow does"),
        (500, "overloaded or has failed"),
        (503, "overloaded or has failed"),
    ],
)
def test_a_server_that_refuses_is_told_with_what_to_do(status, told):
    with _server(status) as address:
        assert told in _refusal_of(address)


def test_a_server_that_is_down_is_told_at_once():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    assert "cannot be reached" in _refusal_of(f"http://127.0.0.1:{port}")


def test_a_server_that_never_answers_is_told(monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"

        assert "does not answer within" in _refusal_of(address)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("./mlruns", "the path of a folder"),
        ("mlflow.db", "the path of a folder"),
        ("foo://x", "no address that MLflow knows"),
    ],
)
def test_what_mlflow_does_not_take_for_a_store_is_told(address, told):
    assert told in _refusal_of(address)


def test_a_store_of_another_version_of_mlflow_is_told(project, tmp_path):
    path = tmp_path / "mlflow.db"
    shutil.copy(project / "mlflow.db", path)
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
        database.commit()

    assert "another version of MLflow" in _refusal_of(f"sqlite:///{path}")


def test_how_a_server_is_asked_is_as_before_afterwards(monkeypatch):
    for name in ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "MLFLOW_HTTP_REQUEST_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)
    before = dict(os.environ)

    with asking_once():
        assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "0"
        assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "5"

    assert dict(os.environ) == before


def test_a_server_is_asked_for_as_long_as_the_user_says(monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "300")

    with asking_once():
        assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "300"

    assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "300"


def test_a_package_that_a_store_needs_is_named():
    from sqlalchemy import create_engine

    address = "mssql+nosuchdriver://host/runs"
    with pytest.raises(Exception) as driver:  # noqa: PT011
        create_engine(address)
    assert is_of_mlflow(driver.value)

    error = ModuleNotFoundError("No module named 'psycopg2'", name="psycopg2")
    assert "needs the package psycopg2" in describe_refusal(error, "postgresql://x/y")
    assert not is_of_mlflow(error)


def test_an_error_of_mlflow_that_says_nothing_of_the_store_is_not_explained():
    from mlflow.exceptions import MlflowException

    assert describe_failure(MlflowException("Invalid metric name"), "http://x") is None


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://me:secret@host:5000/x", "http://...@host:5000/x"),
        ("http://host:5000", "http://host:5000"),
        ("sqlite:////folder/mlflow.db", re.compile(r"sqlite:/*folder/mlflow\.db")),
    ],
)
def test_a_password_in_an_address_is_not_shown(address, shown):
    assert re.fullmatch(
        shown if isinstance(shown, re.Pattern) else re.escape(shown),
        hide_password(address),
    )
