"""An ordinary run of environment ``test``, and one that loses workers, compared."""

import subprocess
import sys
from pathlib import Path

from project_copy import (
    KEDRO,
    PROJECT,
    copy_project,
    environment_of,
    keep_architectures,
    keep_folds,
)

RUN = ("run", "--pipeline", "detl", "--env", "test")
ONE_THREAD = dict.fromkeys(
    ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"), "1"
)
"""Of both runs, as figures depend on it."""
DATA = "data/test"
LONGEST = 1800
"""Seconds that a run may take."""


class CheckError(Exception):
    """What was seen is not what should be."""


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
        last = "\n".join(_said_by(project).read_text().splitlines()[-40:])
        raise CheckError(f"The run ended with {code}:\n{last}")


def compare_runs(usual: Path, other: Path) -> None:
    """Print what differs in files and MLflow; a difference is an error."""
    compared = subprocess.run(
        [
            *(sys.executable, PROJECT / "benchmarks/same_results.py"),
            *(usual / DATA, other / DATA, "--stores"),
            *(usual / "mlflow.db", other / "mlflow.db"),
        ],
        check=False,
    )
    if compared.returncode:
        raise CheckError("The run that lost workers is not the same as the usual one.")


def _said_by(project: Path) -> Path:
    return project.parent / "said.txt"
