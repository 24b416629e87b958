"""What a session is asked for, as it is noted in MLflow to be resumed."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from detl.session.config_loader import raw_data_folder, results_folder
from detl.session.selection import FILTERS

SOURCE = "source"
"""The parameter that names the images of the external test."""

PRETRAININGS = "pretrainings"
"""The parameter that says how many pretrainings pipeline ``stability`` compares."""

PREDICTIONS = "predictions"
"""The parameter that names the csv of another model's probabilities."""

NAMING_FILES = (SOURCE, PREDICTIONS)
"""Parameters that name files to test on, which a run may do with several in turn."""

OF_ADDITIONS = (*NAMING_FILES, PRETRAININGS)
"""Parameters of pipelines that add to what ``detl`` has made, and do not change it."""
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

RESULTS = "detl.results"
"""Tag of a session's run: the data folder, from the project's root."""

IN_PLACE = "detl.in_place"
"""Tag of a session's run: whether its files lie there ("yes"), or still beside those of
an earlier run ("not yet"), or were dropped there ("dropped")."""

Command = dict[str, Any]
"""Values of ``PARTS`` by name; ``data``, the raw data folder that DETL_DATA named;
``results``, the folder that DETL_RESULTS named; ``is_beside``, whether it worked beside
finished results;
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
    results: str
    """The data folder, from the project's root."""

    @property
    def digest(self) -> str:
        """Digest of parameters and raw data: another one belongs to another MLflow run.

        Those of additions do not count: testing a network elsewhere, or pretraining
        others beside it, does not make it another network; nor does what MLflow keeps.
        """
        apart = (*OF_ADDITIONS, MODELS)
        chosen = {k: v for k, v in self.parameters.items() if k not in apart}
        content = json.dumps([self.raw, chosen], sort_keys=True, default=str)
        return hashlib.sha256(content.encode()).hexdigest()[:16]


def describe_command(run_params: Mapping[str, Any], is_beside: bool) -> Command:
    """Return what is needed to give the same command again.

    Args:
        run_params: What Kedro passes to ``before_pipeline_run``.
        is_beside: Whether it works beside finished results.
    """
    return {
        **{name: run_params[name] for name in PARTS},
        "data": raw_data_folder(),
        "results": results_folder(),
        "is_beside": is_beside,
        "folder": os.path.relpath(Path.cwd(), run_params["project_path"]),
        "started": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }


def ask_for_the_same(one: Command, other: Command) -> bool:
    """Return whether two commands ask for the same, whenever they were given.

    Args:
        one: A command; it may come from JSON.
        other: Another one.
    """
    circumstances = dict.fromkeys(("started", "is_beside"))
    return {**one, **circumstances} == {**other, **circumstances}


def name_environment(env: str | None) -> str:
    """Return the environment's name: ``base`` for a session without, and for ``local``.

    Their files are the same, those of ``base``.
    """
    return "base" if env in (None, "local") else env
