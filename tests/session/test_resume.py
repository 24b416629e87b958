"""Runs that fail, or are killed, and are resumed; and one that is complete."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from detl.session.next_results import NextResults
from made_sample import sample_folder
from project_copy import (
    KEDRO,
    copy_project,
    copy_run,
    environment_of,
    keep_architectures,
    keep_folds,
    run_kedro,
)
from run_store import PICTURES_OF_A_FOLD, Store

pytestmark = pytest.mark.long

RUN = ("run", "--pipeline", "detl", "--env", "test")
METRICS_OF_FOLD_3 = "data/test/08_reporting/alexnet/fold_3_metrics.json"
SUMMARY = "data/test/08_reporting/summary.csv"
FOLDS = ("fold_1", "fold_2", "fold_3")
"""Those of the finished run."""


@pytest.fixture
def project(tmp_path):
    """Return a project that has not run, of the size of the finished one."""
    copy = copy_project(tmp_path)
    keep_architectures(copy, "alexnet")
    keep_folds(copy, *FOLDS)
    return copy


@pytest.fixture(scope="module")
def finished(finished_run, tmp_path_factory):
    """Return a project of its own that has run from beginning to end."""
    return copy_run(finished_run, tmp_path_factory.mktemp("uninterrupted"))


@pytest.fixture(scope="module")
def uninterrupted(finished_run):
    """Return the summary of a run from beginning to end."""
    return (finished_run / SUMMARY).read_bytes()


def _statuses(project: Path) -> dict[str, str]:
    return {run.info.run_name: run.info.status for run in Store(project).folds()}


def _assert_complete_without_duplicates(project: Path) -> None:
    store = Store(project)
    (parent,) = store.below(None)
    (architecture,) = store.below(parent)
    assert parent.info.status == architecture.info.status == "FINISHED"
    assert _statuses(project) == {f"alexnet-{fold}": "FINISHED" for fold in FOLDS}
    for fold in store.folds():
        points = store.client.get_metric_history(fold.info.run_id, "val_loss")
        assert [point.step for point in points] == [1, 2]
        assert "macro_auc" in fold.data.metrics
        assert store.pictures(fold) == PICTURES_OF_A_FOLD
        assert [model.status for model in store.models(fold)] == ["READY"]


def _kill_in_fold_3(project: Path, data: str = "data/test") -> None:
    process = subprocess.Popen(
        [KEDRO, *RUN],
        cwd=project,
        env=environment_of(project),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    model = project / data / "06_models/alexnet/fold_3.keras"
    deadline = time.monotonic() + 300
    while not model.exists() and time.monotonic() < deadline:
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_a_killed_run_resumes_to_the_result_of_an_uninterrupted_one(
    project, uninterrupted
):
    _kill_in_fold_3(project)
    assert not (project / SUMMARY).exists()

    resumed = run_kedro(project, "resume")

    assert resumed.returncode == 0, resumed.stdout
    assert (project / SUMMARY).read_bytes() == uninterrupted
    _assert_complete_without_duplicates(project)


def test_a_whole_run_beside_a_finished_one_resumes_and_takes_its_place(
    finished_run, tmp_path, uninterrupted
):
    project = copy_run(finished_run, tmp_path)
    files = [project / SUMMARY, project / "data/test/06_models/alexnet/fold_1.keras"]
    earlier = [path.stat().st_ino for path in files]

    _kill_in_fold_3(project, "data/test/.next")

    assert [path.stat().st_ino for path in files] == earlier
    resumed = run_kedro(project, "resume")
    assert resumed.returncode == 0, resumed.stdout
    assert (project / SUMMARY).read_bytes() == uninterrupted
    assert not {path.stat().st_ino for path in files} & set(earlier)
    assert not (project / "data/test/.next").exists()
    first, second = (run.data.tags for run in Store(project).below(None))
    assert first["detl.in_place"] == second["detl.in_place"] == "yes"
    assert first["detl.complete"] == second["detl.complete"] == "yes"


def test_a_fold_that_fails_is_marked_the_others_are_kept_and_resume_ends_it(
    project, uninterrupted
):
    # A folder where the metrics of fold 3 are written first, under another name.
    obstacle = (project / METRICS_OF_FOLD_3).with_name(".partial-fold_3_metrics.json")
    obstacle.mkdir(parents=True)

    failed = run_kedro(project, *RUN)

    assert failed.returncode == 1
    assert "alexnet.crossval.fold_3.score_fold" in failed.stdout
    assert "make resume" in failed.stdout
    expected = {f"alexnet-{fold}": "FINISHED" for fold in FOLDS}
    assert _statuses(project) == {**expected, "alexnet-fold_3": "FAILED"}
    for fold in Store(project).folds():
        assert ("macro_auc" in fold.data.metrics) == (
            fold.data.tags["fold"] != "fold_3"
        )

    obstacle.rmdir()
    resumed = run_kedro(project, "resume")

    assert resumed.returncode == 0, resumed.stdout
    assert (project / SUMMARY).read_bytes() == uninterrupted
    _assert_complete_without_duplicates(project)

    nothing_left = run_kedro(project, "resume")
    assert nothing_left.returncode == 1
    assert "There is no run to resume" in nothing_left.stdout


def test_a_run_with_nothing_to_do_imports_no_heavy_library(finished):
    heavy = {"keras", "tensorflow", "jax", "cv2", "matplotlib", "sklearn", "pydicom"}
    code = (
        "import atexit, sys; from kedro.framework.cli import main;"
        f"atexit.register(lambda: print('imported', *({heavy!r} & set(sys.modules))));"
        "main()"
    )

    nothing = subprocess.run(
        [sys.executable, "-c", code, *RUN, "--only-missing-outputs"],
        cwd=finished,
        env=environment_of(finished),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )

    assert nothing.returncode == 0, nothing.stdout
    assert nothing.stdout.splitlines()[-1] == "imported"


# What follows is resumed although it is not a whole run.

DELETION = "08_reporting/alexnet/deletion.csv"
OF_THE_AUDIT = ("run", "--env", "test", "--pipeline", "audit")
SCORE_DELETION = "alexnet.explanation_scores.score_folds"


@contextmanager
def unwritable(path: Path) -> Iterator[None]:
    """Put a folder where the file is written first, so that its node fails."""
    obstacle = path.with_name(f".partial-{path.name}")
    obstacle.mkdir(parents=True)
    yield
    obstacle.rmdir()


def test_what_comes_on_top_of_a_finished_run_is_resumed_not_that_run(finished):
    made = finished / "data/test" / DELETION
    report = (finished / SUMMARY).with_name("report.html")
    earlier = report.read_bytes()
    beside = NextResults(finished / "data/test")
    beside.replace([])  # so that the obstacle is not removed
    with unwritable(beside.place_of(made)):
        command = (*OF_THE_AUDIT, "--to-nodes", SCORE_DELETION)
        assert run_kedro(finished, *command).returncode == 1

    resumed = run_kedro(finished, "resume")

    assert resumed.returncode == 0, resumed.stdout
    assert f"--pipeline audit --env test --to-nodes {SCORE_DELETION}" in resumed.stdout
    assert made.exists()
    assert report.read_bytes() != earlier  # it has the new table
    (parent,) = Store(finished).below(None)
    assert parent.data.tags["detl.unfinished"] == "[]"
    assert parent.data.tags["detl.complete"] == "yes"


def test_an_external_test_is_resumed_with_its_source_and_its_working_directory(
    finished,
):
    elsewhere = finished / "elsewhere"
    films = elsewhere / "films" / "No Finding"
    films.mkdir(parents=True)
    film = next((sample_folder() / "nih/images").iterdir())
    (films / "1.png").write_bytes(film.read_bytes())
    data = finished / "data/test"
    source = data / "02_intermediate/external/source.json"
    beside = NextResults(data)
    beside.replace([])  # so that the obstacle is not removed
    command = ("run", "--env", "test", "--pipeline", "external", "--to-nodes")
    command += ("external.read_external_images", "--params", "source=films")
    with unwritable(beside.place_of(source)):
        failed = run_kedro(finished, *command, cwd=elsewhere)
        assert ".partial-source.json" in failed.stdout

    resumed = run_kedro(finished, "resume")

    assert resumed.returncode == 0, resumed.stdout
    assert json.loads(source.read_text()) == "films"


@pytest.fixture
def interrupted(project):
    """Return a project in which Ctrl-C was pressed in a part, after another part."""
    first = run_kedro(project, "run", "--env", "test", "--pipeline", "ingest")
    assert first.returncode == 0, first.stdout
    process = subprocess.Popen(
        [KEDRO, "run", "--env", "test", "--to-nodes", "split.check_leaks"],
        cwd=project,
        env=environment_of(project),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 300
    running = project / "data/test/.running"
    while not list(running.glob("*.json")) and time.monotonic() < deadline:
        assert process.poll() is None, "the run ended before it could be interrupted"
        time.sleep(0.01)
    # Its first node has run; before, there would be nothing to resume.
    while not (project / "data/test/.next/made_with.json").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate()
    assert process.returncode != 0, printed
    assert not (project / "data/test/03_primary/data_a.parquet").exists()
    assert (project / "data/test/02_intermediate/images.parquet").exists()
    return project


def test_a_part_that_was_interrupted_is_resumed_in_its_own_environment(interrupted):
    elsewhere = run_kedro(interrupted, "resume", KEDRO_ENV="reduced")
    assert elsewhere.returncode == 1
    assert "no run of environment reduced to resume" in elsewhere.stdout
    assert "'kedro resume --env test' continues" in elsewhere.stdout

    resumed = run_kedro(interrupted, "resume")

    assert resumed.returncode == 0, resumed.stdout
    assert (interrupted / "data/test/03_primary/data_a.parquet").exists()
    assert not (interrupted / "data/test/06_models").exists()
    again = run_kedro(interrupted, "resume", "--env", "test")
    assert again.returncode == 1
    assert "--to-nodes split.check_leaks' came to the end" in again.stdout


def test_what_was_read_from_another_folder_is_resumed_with_that_folder(project):
    phantoms = str(sample_folder())
    rejected = project / "data/test/02_intermediate/rejected.csv"
    command = ("run", "--env", "test", "--pipeline", "ingest")
    with unwritable(rejected):
        assert run_kedro(project, *command, DETL_DATA=phantoms).returncode == 1

    other = run_kedro(project, "resume", DETL_DATA="elsewhere")
    assert other.returncode == 1
    assert f"with DETL_DATA={phantoms}, and DETL_DATA is elsewhere" in other.stdout

    resumed = run_kedro(project, "resume")
    assert resumed.returncode == 0, resumed.stdout
    assert rejected.exists()
