"""Finding an earlier run of the project in MLflow, to continue in it."""

import json
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from warnings import catch_warnings

import mlflow
from mlflow.entities import LifecycleStage, Run
from mlflow.exceptions import MlflowException

from detl.errors import DetlError
from detl.session.commands import COMMAND, LAST_COMMAND, UNFINISHED, Command
from detl.session.provenance import spell_command

EXPERIMENT = "detl"


@dataclass(frozen=True)
class UnfinishedRun:
    """A command that did not come to its end, and the run in which it was logged."""

    run_id: str
    environment: str
    command: Command
    others: tuple[str, ...]
    """Other environments in which something is unfinished."""


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


def refuse_other_run(run_id: str, environment: str, parameters: str) -> None:
    """Refuse to continue a run that is not one of this environment and parameters.

    Args:
        run_id: Run that a session wants to continue.
        environment: Name of the session's environment.
        parameters: Digest of the session's parameters.

    Raises:
        DetlError: If there is no such run, or it was started with other ones.
    """
    try:
        run = mlflow.MlflowClient().get_run(run_id)
    except MlflowException as error:
        if error.error_code not in (
            "RESOURCE_DOES_NOT_EXIST",
            "INVALID_PARAMETER_VALUE",
        ):
            raise
        run = None
    if run is None or run.info.lifecycle_stage != LifecycleStage.ACTIVE:
        raise DetlError(
            f"There is no run {run_id!r} in MLflow's store, which the environment "
            "variable MLFLOW_RUN_ID names: unset it, or name one that is there."
        )
    before = run.data.tags.get("detl.environment")
    if before not in (None, environment):
        raise DetlError(
            f"Run {run_id} is one of environment {before}, and this is environment "
            f"{environment}: name that one with --env, or unset MLFLOW_RUN_ID."
        )
    before = run.data.tags.get("detl.parameters")
    if before not in (None, parameters):
        raise DetlError(
            f"The parameters have changed since run {run_id} was started, so it "
            "cannot be continued: put them back, or start a new run with "
            "'kedro run --pipeline detl'."
        )


def find_unfinished_run(environment: str | None) -> UnfinishedRun:
    """Return the newest command that did not come to its end.

    Of each environment only the newest run counts: what lies on disk is its own.

    Args:
        environment: Look in this one only; None for all.

    Raises:
        DetlError: If there is none.
    """
    newest: dict[str, Run] = {}
    for run in _parent_runs():
        newest.setdefault(run.data.tags["detl.environment"], run)
    commands: dict[str, Command] = {}
    for name, run in newest.items():
        if left := _unfinished(run):
            commands[name] = left[-1]
    asked = [name for name in commands if environment in (None, name)]
    if not asked:
        raise DetlError(_say_nothing_is_left(environment, newest, commands))
    name = max(asked, key=lambda name: str(commands[name]["started"]))
    others = tuple(other for other in commands if other != name)
    return UnfinishedRun(newest[name].info.run_id, name, commands[name], others)


def delete_runs(environment: str) -> int:
    """Return how many runs the environment had in MLflow; they are gone for good.

    Runs of others in the same store, and of other environments, are kept.

    Args:
        environment: Name of the Kedro environment.
    """
    with catch_warnings(record=True, action="ignore"):  # of type hints within MLflow
        from mlflow.cli import gc

    client = mlflow.MlflowClient()
    ids: list[str] = []
    for parent in _parent_runs():
        if parent.data.tags["detl.environment"] == environment:
            below = client.search_runs(
                [parent.info.experiment_id],
                f"tags.`detl.root` = '{parent.info.run_id}'",
                max_results=50_000,
            )
            ids += [run.info.run_id for run in (*below, parent)]
    for run_id in ids:
        client.delete_run(run_id)
    if ids:
        # MLflow itself only puts them aside, with all their files.
        with redirect_stdout(StringIO()):
            store = ["--backend-store-uri", mlflow.get_tracking_uri()]
            gc.main([*store, "--run-ids", ",".join(ids)], standalone_mode=False)
    return len(ids)


def _say_nothing_is_left(
    environment: str | None, newest: dict[str, Run], unfinished: dict[str, Command]
) -> str:
    ended = [
        f"'{_last_command(run)}'"
        for name, run in newest.items()
        if environment in (None, name)
    ]
    where = f" of environment {environment}" if environment else ""
    found = (
        f"{', '.join(ended)} came to the end"
        if ended
        else "none was started, which 'kedro run --pipeline detl' does"
    )
    elsewhere = "".join(
        f"; '{spell_command(command)}' did not, which 'kedro resume --env {name}' "
        "continues"
        for name, command in unfinished.items()
    )
    return f"There is no run{where} to resume: {found}{elsewhere}."


def _unfinished(run: Run) -> list[Command]:
    tags = run.data.tags
    if UNFINISHED in tags or tags.get("detl.complete") == "yes":
        return list(json.loads(tags.get(UNFINISHED, "[]")))
    # A run of this project's first versions, which noted only what was asked first.
    more = {"load_versions": None, "folder": ".", "started": _last_used(run)}
    return [{**json.loads(tags[COMMAND]), **more}]


def _last_command(run: Run) -> str:
    tags = run.data.tags
    return spell_command(json.loads(tags.get(LAST_COMMAND, tags[COMMAND])))


def _parent_runs() -> list[Run]:
    """Return the runs of sessions that can be continued, the last used one first."""
    experiment = mlflow.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        return []
    runs = mlflow.MlflowClient().search_runs(
        [experiment.experiment_id],
        f"tags.`{COMMAND}` != ''",
        order_by=["attributes.start_time DESC"],
    )
    return sorted(runs, key=_last_used, reverse=True)


def _last_used(run: Run) -> str:
    """Return when the last session started that logged in this run."""
    made = datetime.fromtimestamp(run.info.start_time / 1000, UTC)
    last = json.loads(run.data.tags.get(LAST_COMMAND, "{}"))
    return str(last.get("started", made.isoformat(timespec="milliseconds")))
