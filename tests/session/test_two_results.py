"""Two experiments side by side: DETL_RESULTS names the folder of one of them."""

import pytest

from project_copy import copy_project, run_kedro
from run_store import Store

pytestmark = pytest.mark.long

INGEST = ("run", "--env", "test", "--pipeline", "ingest")
IMAGES = "02_intermediate/images.parquet"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Return a project with one result, and an unfinished one in another folder."""
    project = copy_project(tmp_path_factory.mktemp("two"))
    first = run_kedro(project, *INGEST)
    assert first.returncode == 0, first.stdout
    obstacle = project / "data/wide/02_intermediate/.partial-rejected.csv"
    obstacle.mkdir(parents=True)
    second = run_kedro(project, *INGEST, DETL_RESULTS="data/wide")
    assert second.returncode == 1
    obstacle.rmdir()
    return project


def test_the_two_lie_side_by_side_and_each_has_its_run_in_mlflow(project):
    assert (project / "data/test" / IMAGES).exists()
    assert (project / "data/wide/made_with.json").exists()
    tags = [run.data.tags for run in Store(project).below(None)]
    assert {one["detl.results"] for one in tags} == {"data/test", "data/wide"}
    assert {one["detl.in_place"] for one in tags} == {"yes"}


def test_what_is_unfinished_is_resumed_in_its_own_folder(project):
    here = run_kedro(project, "resume", DETL_RESULTS="data/test")
    assert here.returncode == 1
    assert "There is no run in data/test to resume" in here.stdout
    assert "'DETL_RESULTS=data/wide kedro resume --env test' continues" in here.stdout
    before = (project / "data/test" / IMAGES).stat().st_ino

    resumed = run_kedro(project, "resume")

    assert resumed.returncode == 0, resumed.stdout
    assert (project / "data/wide" / IMAGES).exists()
    assert (project / "data/test" / IMAGES).stat().st_ino == before


def test_one_is_cleaned_and_the_other_stays(project):
    cleaned = run_kedro(project, "clean", "--env", "test", DETL_RESULTS="data/wide")

    assert cleaned.returncode == 0, cleaned.stdout
    assert "1 runs in MLflow" in cleaned.stdout
    assert not (project / "data/wide" / IMAGES).exists()
    assert (project / "data/test" / IMAGES).exists()
    (left,) = Store(project).below(None)
    assert left.data.tags["detl.results"] == "data/test"
