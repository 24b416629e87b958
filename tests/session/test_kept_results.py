"""Finished results are whole whenever a run on top of them is stopped."""

import json
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

from detl.session.next_results import NextResults
from project_copy import copy_run, run_kedro
from run_store import Store

pytestmark = pytest.mark.long

ENV = ("--env", "test")
EXPLAIN = ("run", *ENV, "--pipeline", "explain", "--params")
CHOSEN = "07_model_output/alexnet/fold_1_chosen.csv"
REPORT = "08_reporting/report.html"


@pytest.fixture(scope="module")
def project(finished_run, tmp_path_factory):
    """Return a project of its own in which ``detl`` has run."""
    return copy_run(finished_run, tmp_path_factory.mktemp("kept"))


@pytest.fixture
def beside(project):
    """Return what is made beside the results; before and after the test, nothing."""
    beside = NextResults(project / "data/test")
    assert not beside.folder.exists()
    yield beside
    beside.discard()


def read_results(project: Path) -> dict[str, bytes]:
    """Return all files of the data folder but those of runs that have not ended.

    The memory of decoded files is no result.
    """
    data = project / "data/test"
    found = {}
    for folder, below, names in os.walk(data):
        below[:] = set(below) - {".next", ".running", "01_raw"}
        for name in names:
            if not name.startswith("decoded_files"):
                path = Path(folder) / name
                found[path.relative_to(data).as_posix()] = path.read_bytes()
    return found


def stop(
    project: Path, how: signal.Signals, when: Callable[[], bool], *command: str
) -> str:
    """Return what a command has printed before it was stopped."""
    with ThreadPoolExecutor(1) as waiting:
        run = waiting.submit(run_kedro, project, *command)
        deadline = time.monotonic() + 300
        while not when():
            assert not run.done(), run.result().stdout
            assert time.monotonic() < deadline
            time.sleep(0.002)
        (note,) = (project / "data/test/.running").glob("*.json")
        os.kill(json.loads(note.read_text())["process"], how)
        stopped = run.result()
    assert stopped.returncode != 0, stopped.stdout
    return stopped.stdout


def files_in(folder: Path) -> int:
    return sum(len(names) for _, _, names in os.walk(folder))


def in_place(project: Path) -> list[str]:
    """Return where the files of the runs are, those of the last used one first."""
    runs = [run.data.tags for run in Store(project).below(None)]
    # Killed after MLflow had opened it, and before it was known what it makes.
    runs = [tags for tags in runs if "detl.in_place" in tags]
    runs.sort(key=lambda tags: json.loads(tags["detl.last_command"])["started"])
    return [tags["detl.in_place"] for tags in runs[::-1]]


def test_a_run_killed_at_five_moments_leaves_the_earlier_result_and_can_be_resumed(
    project, beside
):
    earlier = read_results(project)
    asked = (*EXPLAIN, "explain.images_per_class=2")
    for files in (1, 3, 7, 11, 16):

        def has_made(least: int = files) -> bool:
            return beside.is_open() and files_in(beside.folder) >= least

        stop(project, signal.SIGKILL, has_made, *asked)

        assert read_results(project) == earlier
        assert beside.is_open()
        assert in_place(project) in (["not yet", "yes"], ["yes"])

    resumed = run_kedro(project, "resume")

    assert resumed.returncode == 0, resumed.stdout
    assert not beside.folder.exists()
    now = read_results(project)
    assert now.keys() == earlier.keys()
    changed = {name for name, content in now.items() if content != earlier[name]}
    assert {CHOSEN, REPORT} <= changed
    # The card, which is in the bundles, has what the report says.
    trained = {name for name in changed if not name.endswith("bundle.zip")}
    assert not {name for name in trained if name.startswith(("02", "03", "05", "06"))}
    chosen = pd.read_csv(project / "data/test" / CHOSEN)
    assert len(chosen) > len(earlier[CHOSEN].splitlines()) - 1
    assert in_place(project) == ["yes", "yes"]


def test_ctrl_c_leaves_the_earlier_result_and_says_so(project, beside):
    earlier = read_results(project)

    said = stop(
        project,
        signal.SIGINT,
        (beside.folder / CHOSEN).exists,
        *(*EXPLAIN, "explain.images_per_class=1"),
    )

    assert read_results(project) == earlier
    assert "The earlier result in data/test is as it was. 'kedro resume' goes" in said
    assert "'kedro clean --env test --next' drops it" in said


def test_a_whole_run_drops_what_an_unfinished_one_has_made_and_says_so(project, beside):
    earlier = read_results(project)
    whole = ("run", *ENV, "--pipeline", "detl")

    def has_images() -> bool:
        return (beside.folder / "02_intermediate/images.parquet").exists()

    stop(project, signal.SIGKILL, has_images, *whole)
    (beside.folder / "02_intermediate/images.parquet").unlink()
    said = stop(project, signal.SIGKILL, has_images, *whole)

    assert "Dropping what an unfinished run has made" in said
    assert read_results(project) == earlier
    assert in_place(project)[:2] == ["not yet", "dropped"]

    dropped = run_kedro(project, "clean", *ENV, "--next")

    assert dropped.returncode == 0, dropped.stdout
    assert "the earlier ones stay" in dropped.stdout
    assert read_results(project) == earlier
    assert in_place(project)[:2] == ["dropped", "dropped"]
    assert run_kedro(project, "resume", *ENV).returncode == 1
    again = run_kedro(project, "clean", *ENV, "--next")
    assert again.returncode == 1
    assert "There is nothing in" in again.stdout


def test_what_depends_on_a_part_is_made_again_without_being_asked_for(project, beside):
    earlier = read_results(project)
    report = project / "data/test" / REPORT
    before = report.stat().st_ino

    made = run_kedro(
        project, "run", *ENV, "--namespaces", "alexnet.explain.fold_1", "--params",
        "explain.images_per_class=2",
    )  # fmt: skip

    assert made.returncode == 0, made.stdout
    assert "Nothing of that needs a training, so it is made now." in made.stdout
    assert f"open        data/test/{REPORT}," in made.stdout
    assert report.stat().st_ino != before
    assert read_results(project).keys() == earlier.keys()


def test_what_needs_a_training_is_named_with_the_command_that_makes_it(project, beside):
    earlier = read_results(project)
    command = "kedro run --pipeline detl --env test --only-missing-outputs"

    part = run_kedro(project, "run", *ENV, "--pipeline", "transfer")

    assert part.returncode == 0, part.stdout
    assert "data/test keeps the earlier result until all of it is made" in part.stdout
    first = "06_models/alexnet/bundle.zip"
    assert f"the first {first}. '{command}' makes them" in part.stdout
    assert "is made now" not in part.stdout
    assert read_results(project) == earlier

    # What is missing beside is not taken from the earlier result.
    refused = run_kedro(project, "run", *ENV, "--pipeline", "report")
    assert refused.returncode == 1
    assert "is not there yet in data/test/.next" in refused.stdout

    adopted = run_kedro(project, "clean", *ENV, "--earlier")

    assert adopted.returncode == 0, adopted.stdout
    left = read_results(project)
    assert REPORT not in left
    assert "06_models/alexnet/tail.keras" in left
