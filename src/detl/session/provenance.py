"""The command, code, versions and machine that make a run."""

import os
import platform
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from kedro.io import MemoryDataset

from detl.networks.keras_settings import import_keras
from detl.schemas.parameters import flatten
from detl.session.selection import FILTERS

LIBRARIES = (
    "detl",
    "kedro",
    "keras",
    "tensorflow",
    "mlflow",
    "numpy",
    "pandas",
    "scikit-learn",
    "scipy",
    "opencv-python-headless",
)
"""Packages whose versions can change a result."""


def describe_run(project: Path, run_params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is needed to repeat a run, besides parameters and data.

    Args:
        project: The project's root.
        run_params: What Kedro passes to ``before_pipeline_run``.

    Returns:
        ``command``; ``started``, the moment in ISO 8601, UTC; ``environment``;
        ``revision``, the git commit or None, and ``changed``, whether files differ from
        it; ``versions`` by package;
        ``machine`` with ``system``, ``processor`` (its model) and ``processors`` (how
        many). ``Provenance`` adds what is known once the nodes run.
    """
    revision = _git(project, "rev-parse", "HEAD")
    return {
        "command": spell_command(run_params),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "environment": run_params["env"] or "base",
        "revision": revision,
        "changed": bool(_git(project, "status", "--porcelain")),
        "versions": {
            "python": platform.python_version(),
            **{name: _version(name) for name in LIBRARIES},
        },
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "processor": _name_processor(),
            "processors": os.cpu_count() or 0,
        },
    }


def tag_run(run_params: Mapping[str, Any]) -> dict[str, str]:
    """Return what ``describe_run`` says as tags of the run in MLflow.

    Args:
        run_params: What Kedro passes to ``before_pipeline_run``.
    """
    described = describe_run(Path(run_params["project_path"]), run_params)
    machine = described["machine"]
    versions = described["versions"].items()
    # An object is "<FoldByFoldRunner, a kedro...SequentialRunner object>", or
    # "<kedro...ThreadRunner object at ...>".
    runner = re.split(r",| object", str(run_params["runner"]).strip("<>"))[0]
    tags = {
        # In place of what kedro-mlflow says, which leaves out the environment.
        "kedro_command": described["command"],
        "runner": runner.rpartition(".")[-1],
        "detl.versions": ", ".join(f"{name} {number}" for name, number in versions),
        "detl.machine": f"{machine['system']}, {machine['processors']} x "
        f"{machine['processor']}",
    }
    if described["revision"]:
        tags["mlflow.source.git.commit"] = described["revision"]
        tags["detl.tree"] = "changed" if described["changed"] else "clean"
    return tags


def tag_accelerators(elsewhere: str | None = None) -> dict[str, str]:
    """Return the tag of the accelerators, if this session has used Keras.

    Args:
        elsewhere: Those of other processes, if these have run the nodes.
    """
    if elsewhere is None and "keras" not in sys.modules:
        return {}
    return {"detl.accelerators": elsewhere or name_accelerators()}


class Provenance(MemoryDataset):
    """The result of ``describe_run``, to which is added what a running node knows.

    Importing Keras takes as long as a whole run that has nothing to do.
    """

    def describe(self) -> dict[str, Any]:
        """Return it with ``mlflow_run``, for a node that runs in another process."""
        described: dict[str, Any] = super().load()
        return {"mlflow_run": _find_mlflow_run(), **described}

    def load(self) -> dict[str, Any]:
        """Return it with what is known when a node loads it.

        Returns:
            Also ``keras backend`` in versions; ``accelerators`` in machine; ``seconds``
            since the start; and ``mlflow_run``, the id of MLflow's run, None without.
        """
        import_keras()
        import keras

        described = self.describe()
        described["versions"]["keras backend"] = keras.backend.backend()
        described["machine"]["accelerators"] = name_accelerators()
        started = datetime.fromisoformat(described["started"])
        described["seconds"] = (datetime.now(UTC) - started).total_seconds()
        return described


def spell_command(run_params: Mapping[str, Any]) -> str:
    """Return the command that a user types for these options of a run."""
    words = ["kedro", "run"]
    names = run_params["pipeline_names"]
    if names:
        words += ["--pipeline" if len(names) == 1 else "--pipelines", ",".join(names)]
    if run_params["env"]:
        words += ["--env", run_params["env"]]
    for name in FILTERS:
        if run_params.get(name):
            words += [f"--{name.replace('_', '-')}", ",".join(run_params[name])]
    if run_params.get("only_missing_outputs"):
        words.append("--only-missing-outputs")
    changed = dict(run_params["runtime_params"] or {})
    source = changed.pop("source", None)
    if source is not None:
        words += ["--source", str(source)]
    if changed:
        pairs = (f"{name}={value}" for name, value in flatten(changed).items())
        words += ["--params", ",".join(pairs)]
    return shlex.join(words)


def _git(project: Path, *arguments: str) -> str | None:
    """Return what git says, or None where the project is no git checkout."""
    try:
        answer = subprocess.run(
            ["git", "-C", project, *arguments],
            capture_output=True,
            text=True,
            check=True,
        )
    except (FileNotFoundError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()


def _version(package: str) -> str:
    # The CPU build of TensorFlow is a package of another name.
    for name in (package, f"{package}-cpu"):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return "not installed"


def _name_processor() -> str:
    """Return the model of the processor, or its kind where none is told."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.is_file() else []
    models = [line.partition(":")[2] for line in lines if line.startswith("model name")]
    return models[0].strip() if models else platform.processor() or platform.machine()


def _find_mlflow_run() -> str | None:
    """Return the id of the run that the session logs in, None where it logs nothing."""
    mlflow = sys.modules.get("mlflow")  # who logs has imported it
    run = mlflow.active_run() if mlflow else None
    return str(run.info.run_id) if run else None


def name_accelerators() -> str:
    """Return the GPUs and the like that Keras sees in this process, else ``none``."""
    import keras

    if keras.backend.backend() == "jax":
        import jax

        found = [d.device_kind for d in jax.devices() if d.platform != "cpu"]
    else:
        import tensorflow as tf

        found = [
            tf.config.experimental.get_device_details(d).get("device_name", d.name)
            for d in tf.config.list_physical_devices("GPU")
        ]
    return ", ".join(found) or "none"
