"""Finding an earlier run of the project in MLflow, to continue in it."""

import json
import os
import socket
from dataclasses import dataclass
from typing import Any

import mlflow
from mlflow.entities import Run

from detl.errors import DetlError

EXPERIMENT = "detl"


@dataclass(frozen=True)
class UnfinishedRun:
    """A run of the project that did not come to its end."""

    run_id: str
    environment: str
    command: dict[str, Any]


def refuse_files_of_other_parameters(environment: str, parameters: str) -> None:
    """Refuse to take what lies on disk for a run with these parameters.

    Args:
        environment: Name of the Kedro environment.
        parameters: Digest of the session's parameters.

    Raises:
        DetlError: If the newest run of the environment had other parameters.
    """
    for run in _parent_runs():
        tags = run.data.tags
        if tags["detl.environment"] == environment:
            if tags["detl.parameters"] != parameters:
                raise DetlError(
                    "The files on disk were made with other parameters, by run "
                    f"{run.info.run_id}, so nothing can be taken from them: run "
                    "without --only-missing-outputs, or put the parameters back."
                )
            return


def find_run_to_continue(environment: str, parameters: str) -> str | None:
    """Return the id of the newest run with this environment and these parameters.

    Args:
        environment: Name of the Kedro environment.
        parameters: Digest of the parameters.
    """
    for run in _parent_runs():
        tags = run.data.tags
        if (tags["detl.environment"], tags["detl.parameters"]) == (
            environment,
            parameters,
        ):
            return str(run.info.run_id)
    return None


def refuse_other_parameters(run_id: str, parameters: str) -> None:
    """Refuse to continue a run whose parameters were other ones.

    Args:
        run_id: Run that a session wants to continue.
        parameters: Digest of the session's parameters.

    Raises:
        DetlError: If the run was started with other parameters.
    """
    before = mlflow.MlflowClient().get_run(run_id).data.tags.get("detl.parameters")
    if before not in (None, parameters):
        raise DetlError(
            f"The parameters have changed since run {run_id} was started, so it "
            "cannot be continued: put them back, or start a new run with "
            "'kedro run --pipeline detl'."
        )


def find_unfinished_run() -> UnfinishedRun:
    """Return the newest run that did not come to its end.

    Of each environment only the newest run counts: what lies on disk is its own.

    Raises:
        DetlError: If there is none, or if it is still going on.
    """
    newest: dict[str, Run] = {}
    for run in _parent_runs():
        newest.setdefault(run.data.tags["detl.environment"], run)
    unfinished = [
        run for run in newest.values() if run.data.tags.get("detl.complete") != "yes"
    ]
    if not unfinished:
        raise DetlError(
            "There is no run to resume: the newest run of each environment "
            f"({', '.join(newest) or 'none so far'}) came to its end; start one with "
            "'kedro run --pipeline detl'."
        )
    run = unfinished[0]
    _refuse_running(run)
    return UnfinishedRun(
        run.info.run_id,
        run.data.tags["detl.environment"],
        json.loads(run.data.tags["detl.command"]),
    )


def _refuse_running(run: Run) -> None:
    host, process = run.data.tags["detl.process"].rsplit(":", 1)
    if run.info.status != "RUNNING" or host != socket.gethostname():
        return
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, PermissionError):
        return
    raise DetlError(
        f"Run {run.info.run_id} is still going on in process {process}; wait for it, "
        "or stop that process and resume then."
    )


def _parent_runs() -> list[Run]:
    """Return the runs of sessions that can be continued, newest first."""
    experiment = mlflow.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        return []
    runs = mlflow.MlflowClient().search_runs(
        [experiment.experiment_id],
        "tags.`detl.command` != ''",
        order_by=["attributes.start_time DESC"],
    )
    return list(runs)
