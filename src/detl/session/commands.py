"""What a session was asked for, as it is noted in MLflow to be resumed."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from detl.session.selection import FILTERS

COMMAND = "detl.command"
"""Tag of a session's run: what was asked for first, which gives the run its name."""

LAST_COMMAND = "detl.last_command"
"""Tag of a session's run: what was asked for last."""

UNFINISHED = "detl.unfinished"
"""Tag of a session's run: the commands, in the order in which they were started, that
did not come to their end, so that they can be resumed."""

Command = dict[str, Any]
"""Values of ``PARTS`` by name, with ``data``, the raw data folder that DETL_DATA named,
``folder``, the working directory as it is seen from the project's root, and
``started``, when."""

PARTS = ("env", "pipeline_names", "runtime_params", "load_versions", *FILTERS)
"""What decides which nodes a session runs with which parameters, by Kedro's names."""


def describe_command(run_params: Mapping[str, Any]) -> Command:
    """Return what is needed to ask for the same again.

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
        one: A command, which may have been through JSON.
        other: Another one.
    """
    return {**one, "started": None} == {**other, "started": None}


def name_environment(env: str | None) -> str:
    """Return the environment's name: ``base`` for a session without, and for ``local``.

    Their files are the same, those of ``base``.
    """
    return "base" if env in (None, "local") else env


def raw_data_folder() -> str | None:
    """Return what DETL_DATA names; None where it is not set, or set to nothing."""
    return os.environ.get("DETL_DATA", "").strip() or None
