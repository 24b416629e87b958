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


def find_unfinished_run() -> UnfinishedRun:
    """Return the newest run that did not come to its end.

    Raises:
        DetlError: If there is none, or if it is still going on.
    """
    runs = _parent_runs()
    unfinished = [run for run in runs if "detl.complete" not in run.data.tags]
    if not unfinished:
        raise DetlError(
            f"There is no run to resume: of {len(runs)} runs of experiment "
            f"{EXPERIMENT!r} all came to their end; start one with "
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
    except ProcessLookupError:
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
