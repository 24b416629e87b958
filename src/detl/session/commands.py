"""What a session is asked for, as it is noted in MLflow to be resumed."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from detl.session.config_loader import raw_data_folder
from detl.session.selection import FILTERS

SOURCE = "source"
"""The parameter that names the images of the external test."""

MODELS = "mlflow_models"
"""The parameter that says whether MLflow keeps the networks."""

COMMAND = "detl.command"
"""Tag of a session's run: the first command, which gives the run its name."""

LAST_COMMAND = "detl.last_command"
"""Tag of a session's run: the last command."""

UNFINISHED = "detl.unfinished"
"""Tag of a session's run: the commands that did not come to their end, oldest first."""

COMPLETE = "detl.complete"
"""Tag of a session's run: whether everything is there that was asked for first."""

TESTED_ON = "detl.source"
"""Tag of a session's run: what its networks were last tested on elsewhere."""

Command = dict[str, Any]
"""Values of ``PARTS`` by name; ``data``, the raw data folder that DETL_DATA named;
``folder``, the working directory relative to the project's root; ``started``, when."""

PARTS = ("env", "pipeline_names", "runtime_params", "load_versions", *FILTERS)
"""What decides which nodes a session runs with which parameters, by Kedro's names."""


@dataclass(frozen=True)
class Setting:
    """Where a session runs, and with what."""

    environment: str
    parameters: Mapping[str, Any]
    raw: str
    """The raw data folder, as it is named."""

    @property
    def digest(self) -> str:
        """Digest of parameters and raw data: another one belongs to another MLflow run.

        The source of the external test does not count, nor what MLflow keeps: neither
        makes another network.
        """
        apart = (SOURCE, MODELS)
        chosen = {k: v for k, v in self.parameters.items() if k not in apart}
        content = json.dumps([self.raw, chosen], sort_keys=True, default=str)
        return hashlib.sha256(content.encode()).hexdigest()[:16]


def describe_command(run_params: Mapping[str, Any]) -> Command:
    """Return what is needed to give the same command again.

    Args:
        run_params: What Kedro passes to ``before_pipeline_run``.
    """
    return {
        **{name: run_params[name] for name in PARTS},
        "data": raw_data_folder(),
        "folder": os.path.relpath(Path.cwd(), run_params["project_path"]),
        "started": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }


def ask_for_the_same(one: Command, other: Command) -> bool:
    """Return whether two commands differ only in when they were given.

    Args:
        one: A command; it may come from JSON.
        other: Another one.
    """
    return {**one, "started": None} == {**other, "started": None}


def name_environment(env: str | None) -> str:
    """Return the environment's name: ``base`` for a session without, and for ``local``.

    Their files are the same, those of ``base``.
    """
    return "base" if env in (None, "local") else env
