"""A copy of the project to run commands in, as a user would."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from kedro.config import OmegaConfigLoader
from omegaconf.resolvers import oc

from detl.session.moved_store import follow_project
from made_sample import sample_folder, small_parameters

PROJECT = Path(__file__).parents[2]
KEDRO = Path(sys.executable).with_name("kedro")


def read_parameters() -> dict[str, Any]:
    """Return the parameters of ``conf/base``, as Kedro reads them."""
    return _read_base(oc.env, "parameters")


def read_catalog(data: str = "data") -> dict[str, Any]:
    """Return the entries of the catalog of ``conf/base``, whatever the environment.

    Args:
        data: The data folder that their paths begin with.
    """
    return _read_base(lambda _, default="": default, "catalog", {"data": data})


def _read_base(
    variable: Callable[..., Any], kind: str, changes: dict[str, str] | None = None
) -> dict[str, Any]:
    with warnings.catch_warnings():
        # OmegaConf, about calls in Kedro.
        warnings.simplefilter("ignore")
        loader = OmegaConfigLoader(
            str(PROJECT / "conf"),
            base_env="base",
            default_run_env="base",
            custom_resolvers={"oc.env": variable},
        )
        loader["globals"] = {**loader["globals"], **(changes or {})}
        return loader[kind]


def copy_project(folder: Path) -> Path:
    """Return a copy of the project in ``folder``, with the small sample everywhere."""
    project = folder / "detl"
    for name in ("src", "conf"):
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "local")
        shutil.copytree(PROJECT / name, project / name, ignore=ignored)
    for name in ("pyproject.toml", ".telemetry", "Makefile"):
        shutil.copy(PROJECT / name, project / name)
    (project / "conf" / "local").mkdir()
    parameters = {"phantom": small_parameters().model_dump()}
    (project / "conf/base/parameters_phantom.yml").write_text(json.dumps(parameters))
    for data in ("data", "data/test"):
        raw = project / data / "01_raw"
        raw.mkdir(parents=True)
        (raw / "phantoms").symlink_to(sample_folder())
    return project


def keep_architectures(project: Path, *architectures: str) -> None:
    """Leave only these architectures in the graph, so that a run is shorter."""
    _set_in_design(project, "ARCHITECTURES", architectures)


def keep_folds(project: Path, *folds: str) -> None:
    """Leave only these folds in the graph, so that a run is shorter."""
    _set_in_design(project, "FOLDS", folds)


def _set_in_design(project: Path, name: str, value: tuple[str, ...]) -> None:
    design = project / "src" / "detl" / "design.py"
    lines = design.read_text().splitlines()
    changed = [f"{name} = {value!r}" if x.startswith(f"{name} =") else x for x in lines]
    design.write_text("\n".join(changed) + "\n")


def copy_run(finished: Path, folder: Path) -> Path:
    """Return a copy of a project that has run, with a store that names its own files.

    Args:
        finished: The project.
        folder: Where the copy is made.
    """
    project = folder / "detl"
    shutil.copytree(finished, project, symlinks=True)
    follow_project(project)
    return project


def environment_of(project: Path, **changes: str) -> dict[str, str]:
    """Return the environment in which commands use the copy's own code and store."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW", "DETL"))}
    # Another process may copy the project meanwhile.
    own = {"PYTHONPATH": str(project / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    return {**kept, **own, **changes}


def run_kedro(
    project: Path, *arguments: str, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Return the finished command, with all that it printed in ``stdout``."""
    server = _start_server()
    with tempfile.NamedTemporaryFile("r") as printed:
        command = {
            "arguments": arguments,
            "folder": str(cwd or project),
            "environment": environment_of(project, **environment),
            "printed": printed.name,
        }
        server.stdin.write(json.dumps(command) + "\n")
        server.stdin.flush()
        code = int(server.stdout.readline())
        return subprocess.CompletedProcess(arguments, code, printed.read())


@cache
def _start_server() -> subprocess.Popen[str]:
    """Return the process that runs the commands, and ends when this one ends."""
    return subprocess.Popen(
        [sys.executable, Path(__file__).with_name("kedro_server.py")],
        # Where Kedro finds the configuration of the logging, as in each copy.
        cwd=PROJECT,
        # What the project sets before it imports the libraries.
        env=environment_of(
            PROJECT,
            TF_CPP_MIN_LOG_LEVEL="3",
            MLFLOW_LOGGING_LEVEL="WARNING",
            MLFLOW_DISABLE_TELEMETRY="true",
            DO_NOT_TRACK="true",
        ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def run_kedro_alone(
    project: Path, *arguments: str, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Return the finished command, which a process of its own has run, as a user's."""
    return subprocess.run(
        [KEDRO, *arguments],
        cwd=cwd or project,
        env=environment_of(project, **environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
