"""Whether a run whose workers are killed at random gives what ``kedro run`` gives.

    PYTHONPATH=tests/support python tests/cluster/check_kills.py [--kills 10] [--seed 0]

One run of environment ``test``, of one network and three folds, is an ordinary one. Of
the other one's two workers one is killed again and again, four to nine seconds after
the last time. Files and runs in MLflow must then be the same.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from two_runs import CheckError, compare_runs, finish_run, make_project, start_run

ON_WORKERS = (
    *("--runner", "detl.cluster.DaskRunner"),
    *("--runner-params", "workers=2,threads=1"),
)


def kill_workers(run: subprocess.Popen[str], kills: int, seed: int) -> int:
    """Return how many workers were killed before the run ended."""
    generator = np.random.default_rng(seed)
    start = time.monotonic()
    for killed in range(kills):
        time.sleep(generator.uniform(4, 9))
        if run.poll() is not None:
            return killed
        workers = [
            process
            for process in psutil.Process(run.pid).children(recursive=True)
            if "spawn_main" in " ".join(process.cmdline())
        ]
        if workers:
            workers[generator.integers(len(workers))].kill()
            print(f"{time.monotonic() - start:5.0f} s  a worker is killed", flush=True)
    return kills


def main() -> int:
    """Return 1 if something is not as it should be, and print what; else 0."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        usual, other = (
            make_project(Path(folder) / name, has_all=False)
            for name in ("usual", "killed")
        )
        try:
            finish_run(usual, start_run(usual))
            run = start_run(other, *ON_WORKERS)
            killed = kill_workers(run, arguments.kills, arguments.seed)
            finish_run(other, run)
            compare_runs(usual, other)
        except CheckError as error:
            print(error, file=sys.stderr)
            return 1
    print(f"{killed} workers were killed, and all is the same.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
