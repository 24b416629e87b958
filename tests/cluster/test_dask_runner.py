"""The whole graph on two workers, one of which is killed, with a fold that fails."""

import os
import signal
import subprocess
import sys
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import psutil
import pytest

from detl.cluster.workers import count_processors
from project_copy import KEDRO, PROJECT, copy_run, environment_of, run_kedro
from run_store import Store

pytestmark = pytest.mark.long

DATA = "data/test"
SUMMARY = f"{DATA}/08_reporting/summary.csv"
THREADS = os.environ.get("TF_NUM_INTRAOP_THREADS") or count_processors()
"""Those of the finished run."""

RUN = (
    *("run", "--pipeline", "detl", "--env", "test"),
    *("--runner", "detl.cluster.DaskRunner"),
    *("--runner-params", f"workers=2,threads={THREADS}"),
)


def _kill_a_worker(driver: subprocess.Popen[str], made: Path) -> None:
    """Kill one of the workers once a fold has made this file."""
    deadline = time.monotonic() + 300
    while not made.exists() and time.monotonic() < deadline:
        assert driver.poll() is None, "the run ended before a worker could be killed"
        time.sleep(0.05)
    below = psutil.Process(driver.pid).children(recursive=True)
    workers = [p for p in below if "spawn_main" in " ".join(p.cmdline())]
    workers[0].send_signal(signal.SIGKILL)


@pytest.fixture(scope="module")
def failed(finished_run, tmp_path_factory):
    """Return a project that has run a second time, all but fold 3, and what it said."""
    project = copy_run(finished_run, tmp_path_factory.mktemp("cluster"))
    beside = project / DATA / ".next"
    # A folder where the metrics of fold 3 are written first, under another name.
    obstacle = beside / "08_reporting/alexnet/.partial-fold_3_metrics.json"
    with (project / "said.txt").open("w") as said:
        driver = subprocess.Popen(
            [KEDRO, *RUN],
            cwd=project,
            env=environment_of(project),
            stdout=said,
            stderr=subprocess.STDOUT,
            text=True,
        )
        while not (beside / "replaces.json").exists():
            assert driver.poll() is None, "the run ended before it began"
            time.sleep(0.05)
        obstacle.mkdir(parents=True)
        _kill_a_worker(driver, beside / "06_models/alexnet/fold_1.keras")
        driver.wait()
    obstacle.rmdir()
    return project, driver.returncode, (project / "said.txt").read_text()


def _read_trees(project: Path) -> list[dict[str, tuple[str, dict[str, float]]]]:
    """Return statuses and metrics of all runs by name, the first session first."""
    store = Store(project)
    trees = []
    for parent in sorted(store.below(None), key=lambda run: run.info.start_time):
        networks = store.below(parent)
        folds = [fold for network in networks for fold in store.below(network)]
        every = [parent, *networks, *folds]
        trees.append({r.info.run_name: (r.info.status, r.data.metrics) for r in every})
    return trees


def test_a_fold_that_fails_fails_alone_even_where_a_worker_is_killed(failed):
    project, code, said = failed
    _, tree = _read_trees(project)

    assert code == 1
    assert said.count("Node alexnet.crossval.fold_3.score_fold failed") == 1
    assert said.count("nodes are not done") == 1
    assert "make resume" in said
    assert {name: status for name, (status, _) in tree.items()} == {
        # Nothing of the network needs that metric.
        **dict.fromkeys(["alexnet", "alexnet-fold_1", "alexnet-fold_2"], "FINISHED"),
        **dict.fromkeys(["detl", "alexnet-fold_3"], "FAILED"),
    }


def test_workers_say_nothing_twice_and_dask_says_nothing(failed):
    _, _, said = failed

    for noise in ("distributed", "Nanny", "tcp://", "Worker process", "oneDNN"):
        assert noise not in said
    assert said.count("AlexNet, fold 2, network 2 of 2") == 1


def test_the_earlier_result_is_kept_meanwhile(failed, finished_run):
    project, _, said = failed

    assert (project / SUMMARY).read_bytes() == (finished_run / SUMMARY).read_bytes()
    assert f"The earlier result in {DATA} is as it was" in said


def test_resumed_by_another_runner_the_result_is_that_of_one_process(
    failed, finished_run
):
    project, _, _ = failed

    resumed = run_kedro(project, "resume")

    assert resumed.returncode == 0, resumed.stdout
    assert not (project / DATA / ".next").exists()
    differences = _compare(finished_run / DATA, project / DATA)
    # The page says how long the run took.
    assert [d for d in differences if "report.html" not in d and d[0] != " "] == []
    first, second = _read_trees(project)
    assert second == first


def _compare(old: Path, new: Path) -> list[str]:
    path = PROJECT / "benchmarks/same_results.py"
    spec = spec_from_file_location("same_results", path)
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return list(module.compare_folders(old, new, []))


def test_resumed_with_nothing_left_to_do_any_runner_says_so(failed):
    project, _, _ = failed

    said = run_kedro(project, "resume", "--runner", "detl.cluster.DaskRunner")

    assert said.returncode == 1
    assert "There is no run to resume" in said.stdout
