"""Parts of the graph, as a user runs them after ``detl``."""

import json

import pytest

from project_copy import copy_run, run_kedro
from run_store import PICTURES_OF_A_FOLD, Store

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def project(finished_run, tmp_path_factory):
    """Return a project of its own, in which ``detl`` has run with AlexNet."""
    return copy_run(finished_run, tmp_path_factory.mktemp("parts"))


@pytest.fixture(scope="module")
def store(project):
    return Store(project)


def test_a_run_with_nothing_to_do_changes_nothing(project, store):
    before = [run.to_dictionary()["data"] for run in store.folds()]

    again = run_kedro(
        project, "run", "--pipeline", "detl", "--env", "test", "--only-missing-outputs"
    )

    assert again.returncode == 0, again.stdout
    assert len(store.below(None)) == 1
    assert [run.to_dictionary()["data"] for run in store.folds()] == before


def test_the_files_of_a_run_are_not_taken_for_one_with_other_parameters(project):
    other = run_kedro(
        project, "run", "--env", "test", "--only-missing-outputs", "--params", "seed=7"
    )

    assert other.returncode == 1
    assert "seed = 0, and 7 is asked for" in other.stdout


def test_one_namespace_alone_continues_in_the_same_runs(project, store):
    (parent,) = store.below(None)
    before = {run.info.run_id: run.data.metrics for run in store.folds()}
    summary = project / "data/test/08_reporting/summary.csv"
    earlier = summary.stat().st_ino

    again = run_kedro(
        project, "run", "--env", "test", "--namespaces", "alexnet.crossval.fold_2"
    )

    assert again.returncode == 0, again.stdout
    assert summary.stat().st_ino == earlier
    assert "keeps the earlier result" in again.stdout
    rest = run_kedro(project, "run", "--env", "test", "--only-missing-outputs")
    assert rest.returncode == 0, rest.stdout
    assert summary.stat().st_ino != earlier
    (still,) = store.below(None)
    assert still.info.run_id == parent.info.run_id
    assert still.data.tags["detl.complete"] == "yes"
    assert {run.info.run_id: run.data.metrics for run in store.folds()} == before
    for fold in store.folds():
        points = store.client.get_metric_history(fold.info.run_id, "val_loss")
        assert len(points) == 2
        assert store.pictures(fold) == PICTURES_OF_A_FOLD
        assert len(store.models(fold)) == 1


def test_what_comes_after_a_node_runs_from_disk(project):
    node = "alexnet.crossval.collect_folds"

    after = run_kedro(project, "run", "--env", "test", "--from-nodes", node)

    assert after.returncode == 0, after.stdout
    assert (project / "data/test/08_reporting/report.html").exists()


def test_kedro_viz_builds_its_page_with_previews(project):
    built = run_kedro(project, "viz", "build", "--include-previews", KEDRO_ENV="test")

    assert built.returncode == 0, built.stdout
    graph = json.loads((project / "build/api/main").read_text())
    assert {"ingest", "alexnet", "alexnet.crossval", "alexnet.crossval.fold_3"} <= set(
        graph["modular_pipelines"]
    )
    for page in ("main", "pipelines/stages"):
        layers = json.loads((project / "build/api" / page).read_text())["layers"]
        assert layers == [
            "raw",
            "intermediate",
            "primary",
            "model_input",
            "pretrained",
            "feature",
            "models",
            "model_output",
            "reporting",
        ]
