"""A copied or moved project keeps its pictures, and leaves the first one's alone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from mlflow import MlflowClient

from detl.session.mlflow_store import EXPERIMENT, name_own_store
from detl.session.moved_store import ARTIFACTS, follow_project
from project_copy import copy_run, run_kedro
from run_store import Store

NAMES = ["detl", "a%20b c#d&e'f;g@h=i:ä,?"]


@pytest.fixture
def make_project(empty_store):
    """Return what makes a project whose store has a run with a text, and a network."""

    def make(folder: Path) -> Path:
        folder.mkdir(parents=True)
        shutil.copy(empty_store, folder)
        return _fill(folder)

    return make


def _fill(folder: Path) -> Path:
    client = MlflowClient(name_own_store(folder))
    experiment = client.create_experiment(EXPERIMENT, (folder / ARTIFACTS).as_uri())
    client.log_text(client.create_run(experiment).info.run_id, "mine", "a.txt")
    network = client.create_logged_model(experiment, "network")
    client.create_registered_model("network")
    client.create_model_version("network", network.artifact_location)
    return folder


def _only_run(project: Path):
    client = MlflowClient(name_own_store(project))
    (experiment,) = client.search_experiments(filter_string=f"name = '{EXPERIMENT}'")
    (run,) = client.search_runs([experiment.experiment_id])
    return client, experiment, run


def _files_of(project: Path) -> set[str]:
    return {path.name for path in (project / ARTIFACTS).rglob("*.txt")}


@pytest.mark.parametrize("name", NAMES)
def test_a_copy_logs_in_its_own_folder_and_names_no_other(make_project, tmp_path, name):
    first = make_project(tmp_path / "first" / name)
    copy = tmp_path / "second" / name
    shutil.copytree(first, copy)

    assert follow_project(copy)

    client, experiment, run = _only_run(copy)
    other = client.create_run(experiment.experiment_id)
    client.log_text(other.info.run_id, "new", "b.txt")
    assert run.info.artifact_uri.startswith(copy.as_uri())
    (network,) = client.search_logged_models([experiment.experiment_id])
    assert network.artifact_location.startswith(copy.as_uri())
    assert _files_of(first) == {"a.txt"}
    assert _files_of(copy) == {"a.txt", "b.txt"}
    store = (copy / "mlflow.db").read_bytes()
    for path in (first.as_posix(), first.as_uri()):
        assert path.encode() not in store


def test_a_moved_project_finds_its_files_again(make_project, tmp_path):
    first = make_project(tmp_path / "first")
    moved = first.rename(tmp_path / "moved")

    assert follow_project(moved)
    assert not follow_project(moved)

    client, _, run = _only_run(moved)
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["a.txt"]


def test_the_store_of_a_project_that_has_not_moved_is_not_written(
    make_project, tmp_path
):
    project = make_project(tmp_path / "first")
    before = (project / "mlflow.db").read_bytes()

    assert not follow_project(project)

    assert (project / "mlflow.db").read_bytes() == before


def test_a_place_for_files_that_a_user_has_chosen_stays(tmp_path):
    client = MlflowClient(name_own_store(tmp_path))
    chosen = (tmp_path / "elsewhere" / "files").as_uri()
    client.create_experiment(EXPERIMENT, chosen)

    assert not follow_project(tmp_path)

    experiment = client.get_experiment_by_name(EXPERIMENT)
    assert experiment.artifact_location == chosen


def test_a_store_that_several_projects_link_to_stays(make_project, tmp_path):
    first = make_project(tmp_path / "first")
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "mlflow.db").symlink_to(first / "mlflow.db")

    assert not follow_project(tmp_path / "second")


def test_a_project_without_a_store_gets_none(tmp_path):
    assert not follow_project(tmp_path)
    (tmp_path / "mlflow.db").touch()
    assert not follow_project(tmp_path)


def test_the_store_can_be_brought_along_before_mlflow_opens_it(make_project, tmp_path):
    first = make_project(tmp_path / "first")
    moved = first.rename(tmp_path / "moved")

    command = [sys.executable, "-m", "detl.session.moved_store"]
    subprocess.run(command, cwd=moved, env=os.environ, check=True)

    assert _only_run(moved)[2].info.artifact_uri.startswith(moved.as_uri())


def test_a_run_in_a_copy_writes_nothing_into_the_first_project(whole_run, tmp_path):
    copy = copy_run(whole_run, tmp_path)
    shutil.copy(whole_run / "mlflow.db", copy)  # as it was there
    before = set((whole_run / ARTIFACTS).rglob("*"))

    drawing = "alexnet.crossval.fold_1.draw_fold_matrix"
    drawn = run_kedro(copy, "run", "--env", "test", "--nodes", drawing)

    assert drawn.returncode == 0, drawn.stdout
    assert len(list((copy / ARTIFACTS).rglob("confusion_matrix.png"))) > 0
    assert set((whole_run / ARTIFACTS).rglob("*")) == before
    assert str(whole_run).encode() not in (copy / "mlflow.db").read_bytes()
    (run,) = Store(copy).below(None)
    assert run.info.artifact_uri.startswith(copy.as_uri())
