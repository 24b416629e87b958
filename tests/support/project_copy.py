"""A copy of the project to run commands in, as a user would."""

import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kedro.config import OmegaConfigLoader
from omegaconf.resolvers import oc

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
    """Return a copy of the project in ``folder``, which uses the embedded sample."""
    project = folder / "detl"
    for name in ("src", "conf"):
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "local")
        shutil.copytree(PROJECT / name, project / name, ignore=ignored)
    for name in ("pyproject.toml", ".telemetry", "Makefile"):
        shutil.copy(PROJECT / name, project / name)
    (project / "conf" / "local").mkdir()
    raw = project / "data" / "01_raw"
    raw.mkdir(parents=True)
    (raw / "phantoms").symlink_to(PROJECT / "data" / "01_raw" / "phantoms")
    return project


def keep_architectures(project: Path, *architectures: str) -> None:
    """Leave only these architectures in the graph, so that a run is shorter."""
    design = project / "src" / "detl" / "design.py"
    kept = f"ARCHITECTURES = {architectures!r}"
    lines = design.read_text().splitlines()
    changed = [kept if line.startswith("ARCHITECTURES") else line for line in lines]
    design.write_text("\n".join(changed) + "\n")


def environment_of(project: Path, **changes: str) -> dict[str, str]:
    """Return the environment in which commands use the copy's own code and store."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW", "DETL"))}
    return {**kept, "PYTHONPATH": str(project / "src"), **changes}


def run_kedro(
    project: Path, *arguments: str, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Return the finished command, with all that it printed in ``stdout``."""
    return subprocess.run(
        [KEDRO, *arguments],
        cwd=cwd or project,
        env=environment_of(project, **environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
