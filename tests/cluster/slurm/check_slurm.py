"""Whether a run on Slurm that loses a worker and a node gives what ``kedro run`` gives.

Started by ``make test-cluster``. Debian's Slurm is installed if it is not there, for
which one must be root. One run is an ordinary one; the other one's workers are jobs of
a Slurm with two nodes on this machine. A worker is killed while it does a task, and,
once it has come back, all that runs on the other node. Files and runs in MLflow must
then be the same.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from distributed import Client

from project_copy import (
    KEDRO,
    PROJECT,
    copy_project,
    environment_of,
    keep_architectures,
    keep_folds,
)
from slurm_daemons import (
    CheckError,
    Slurm,
    end_all_below,
    install_slurm,
    node_of,
    start_slurm,
    wait_until,
)

RUN = ("run", "--pipeline", "detl", "--env", "test")
ON_SLURM = (
    *("--runner", "detl.cluster.DaskRunner"),
    *("--runner-params", "cluster=dask_jobqueue.SLURMCluster,workers=2"),
)
ONE_THREAD = dict.fromkeys(
    ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"), "1"
)
"""Of both runs, as figures depend on it."""
DATA = "data/test"
LONGEST = 1800
"""Seconds that a run may take."""


def make_project(folder: Path, has_all: bool) -> Path:
    """Return a copy of the project, of one network and three folds if not of all."""
    project = copy_project(folder)
    if not has_all:
        keep_architectures(project, "alexnet")
        keep_folds(project, "fold_1", "fold_2", "fold_3")
    return project


def start_run(
    project: Path, *options: str, **environment: str
) -> subprocess.Popen[str]:
    """Return the process of a run, which prints into a file beside the project."""
    with _said_by(project).open("w") as said:
        return subprocess.Popen(
            [KEDRO, *RUN, *options],
            cwd=project,
            env=environment_of(project, **ONE_THREAD, **environment),
            stdout=said,
            stderr=subprocess.STDOUT,
            text=True,
        )


def finish_run(project: Path, run: subprocess.Popen[str]) -> None:
    """Wait for a run; one that fails is an error with what it said last."""
    if code := run.wait(timeout=LONGEST):
        raise CheckError(f"The run ended with {code}:\n{_read_end(_said_by(project))}")


def lose_two(slurm: Slurm, project: Path, run: subprocess.Popen[str]) -> None:
    """Kill a worker of the run and later a node; await the successor of each."""
    models = project / DATA / "06_models"
    # The last file before the first pretraining.
    last = project / DATA / "05_model_input" / "fold_3.parquet"
    wait_until("the sample is split", last.exists, LONGEST, run)
    address = _find_scheduler()
    first = wait_until("a worker is busy", lambda: _find_busy(address), 60, run)[0]
    _say(f"a worker is killed, which was busy, on node {node_of(first)}")
    first.kill()

    wait_until(
        "a fold is trained", lambda: [*models.rglob("fold_*.keras")], LONGEST, run
    )
    gone = {first.pid}
    wait_until("it is back", lambda: _find_both(address, gone), 120, run)
    second = wait_until("a worker is busy", lambda: _find_busy(address), 60, run)[0]
    lost = str(node_of(second))
    gone |= {p.pid for p in _find_workers(address) if node_of(p) == lost}
    _say(f"all that runs on node {lost}, whose worker was busy, is ended")
    slurm.lose(lost)

    both = wait_until(
        "the lost job has a successor", lambda: _find_both(address, gone), 300, run
    )
    nodes = ", ".join(str(node_of(process)) for process in both)
    _say(f"there are two workers again, on these nodes: {nodes}")


def compare_runs(usual: Path, on_slurm: Path) -> None:
    """Print what differs in files and MLflow; a difference is an error."""
    compared = subprocess.run(
        [
            *(sys.executable, PROJECT / "benchmarks/same_results.py"),
            *(usual / DATA, on_slurm / DATA, "--stores"),
            *(usual / "mlflow.db", on_slurm / "mlflow.db"),
        ],
        check=False,
    )
    if compared.returncode:
        raise CheckError("The run on Slurm is not the same as the usual one.")


def check(folder: Path, has_all: bool) -> None:
    """Make both runs below a folder and compare them."""
    usual = make_project(folder / "usual", has_all)
    _say("an ordinary run begins")
    finish_run(usual, start_run(usual))
    on_slurm = make_project(folder / "on_slurm", has_all)
    with start_slurm(folder / "slurm") as slurm:
        _say("a run on Slurm begins")
        run = start_run(on_slurm, *ON_SLURM, **slurm.environment)
        lose_two(slurm, on_slurm, run)
        finish_run(on_slurm, run)
        _say("the run on Slurm has ended; its jobs were")
        print(slurm.ask("squeue", "--states=all", "--format=%i %T %N"))
        waiting = ("squeue", "--noheader", "--states=PENDING,RUNNING")
        wait_until("no job is left", lambda: not slurm.ask(*waiting), 60)
    compare_runs(usual, on_slurm)


def _find_scheduler() -> str:
    """Return the address of the run's scheduler of Dask, which its workers are told."""
    words = [
        word
        for process in psutil.Process().children(recursive=True)
        if node_of(process)
        for word in process.cmdline()
    ]
    return next(word for word in words if word.startswith("tcp://"))


def _find_busy(scheduler: str) -> list[psutil.Process]:
    """Return the processes of workers that have a task."""
    return _find_workers(scheduler, are_busy=True)


def _find_both(scheduler: str, gone: set[int]) -> list[psutil.Process] | None:
    """Return the processes of both workers, once none is one of those that are gone."""
    found = _find_workers(scheduler)
    is_both = len(found) == 2 and not gone & {process.pid for process in found}
    return found if is_both else None


def _find_workers(scheduler: str, are_busy: bool = False) -> list[psutil.Process]:
    try:
        # A new one each time: it would wait for a scheduler that has ended.
        with Client(scheduler, timeout=5) as client:
            tasks = client.processing()
            asked = [worker for worker in tasks if tasks[worker] or not are_busy]
            pids = client.run(os.getpid, workers=asked, on_error="ignore")
    except OSError:
        return []
    return [psutil.Process(pid) for pid in pids.values() if psutil.pid_exists(pid)]


def _said_by(project: Path) -> Path:
    return project.parent / "said.txt"


def _read_end(path: Path) -> str:
    return "\n".join(path.read_text().splitlines()[-40:])


def _say(what: str) -> None:
    print(f"{time.monotonic() - _START:5.0f} s  {what}", flush=True)


def main() -> int:
    """Return 1 if something is not as it should be, and print what; else 0."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--all", action="store_true", help="all networks and folds, not one and three"
    )
    parser.add_argument("--folder", type=Path, help="where all is made, and kept")
    arguments = parser.parse_args()
    # So that what was started is ended then, too.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory() as temporary:
        # munged wants all users to reach its socket.
        Path(temporary).chmod(0o755)
        folder = arguments.folder or Path(temporary)
        folder.mkdir(exist_ok=True)
        try:
            install_slurm()
            check(folder.resolve(), arguments.all)
        except CheckError as error:
            print(error, file=sys.stderr)
            return 1
        finally:
            end_all_below()
    return 0


if __name__ == "__main__":
    _START = time.monotonic()
    sys.exit(main())
