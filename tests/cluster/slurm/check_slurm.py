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

from slurm_daemons import (
    Slurm,
    end_all_below,
    install_slurm,
    node_of,
    start_slurm,
    wait_until,
)
from two_runs import (
    DATA,
    LONGEST,
    CheckError,
    compare_runs,
    finish_run,
    make_project,
    start_run,
)

ON_SLURM = (
    *("--runner", "detl.cluster.DaskRunner"),
    *("--runner-params", "cluster=dask_jobqueue.SLURMCluster,workers=2"),
)


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
