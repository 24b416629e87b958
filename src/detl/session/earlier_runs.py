"""Finding an earlier run of the project in MLflow, and continuing in it."""

import json
import shlex
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from warnings import catch_warnings

import mlflow
from mlflow.entities import LifecycleStage, Run
from mlflow.exceptions import MlflowException

from detl.errors import DetlError
from detl.session.commands import (
    IN_PLACE,
    LAST_COMMAND,
    RESULTS,
    UNFINISHED,
    Command,
    Setting,
)
from detl.session.mlflow_store import EXPERIMENT
from detl.session.provenance import spell_command
from detl.session.run_tree import search_every_run

Place = tuple[str, str]
"""A Kedro environment and a data folder."""


@dataclass(frozen=True)
class UnfinishedRun:
    """A command that did not come to its end, and its run in MLflow."""

    run_id: str
    environment: str
    command: Command
    others: tuple[str, ...]
    """Commands that continue what is unfinished elsewhere."""


def choose_run(named: str | None, is_part: bool, setting: Setting) -> str | None:
    """Return the id of the run that a session continues; None for a new run.

    Args:
        named: Run that the user, or ``kedro resume``, names.
        is_part: Whether the session runs only a part of the pipeline.
        setting: Where the session runs, and with what.

    Raises:
        DetlError: The run that is named cannot be continued.
    """
    if named:
        refuse_other_run(named, setting.environment, setting.digest)
        return named
    if is_part:
        return find_run_to_continue(setting)
    return None


def find_run_to_continue(setting: Setting) -> str | None:
    """Return the id of the newest run that has this setting, None if there is none."""
    for run in _parent_runs():
        tags = run.data.tags
        if _is_of(run, setting.environment, setting.results) and (
            tags["detl.parameters"] == setting.digest and tags[IN_PLACE] != "dropped"
        ):
            return str(run.info.run_id)
    return None


def note_place(environment: str, results: str, now: str) -> None:
    """Note where the files of those runs are now that were made beside earlier ones.

    Commands that worked there are not unfinished any more where these were dropped.

    Args:
        environment: Name of the Kedro environment.
        results: The data folder, from the project's root.
        now: ``yes``, in the place of the earlier ones, or ``dropped``.
    """
    client = mlflow.MlflowClient()
    for run in _parent_runs():
        if not _is_of(run, environment, results):
            continue
        before = _unfinished(run)
        after = [
            {**command, "is_beside": False}
            for command in before
            if now == "yes" or not command["is_beside"]
        ]
        if after != before:
            client.set_tag(run.info.run_id, UNFINISHED, json.dumps(after))
        if run.data.tags[IN_PLACE] == "not yet":
            client.set_tag(run.info.run_id, IN_PLACE, now)


def refuse_other_run(run_id: str, environment: str, parameters: str) -> None:
    """Raise an error if a run is not one of this environment and these parameters.

    Args:
        run_id: Run that a session wants to continue.
        environment: Name of the session's environment.
        parameters: Digest of the session's parameters.

    Raises:
        DetlError: There is no such run, or it was started with others.
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


def find_unfinished_run(environment: str | None, results: str | None) -> UnfinishedRun:
    """Return the newest command that did not come to its end.

    Only the newest run of each environment and data folder counts, because the files
    there are its own.

    Args:
        environment: Look in this one only; None for all.
        results: Look in this data folder only, named from the project's root.

    Raises:
        DetlError: There is none.
    """
    newest: dict[Place, Run] = {}
    for run in _parent_runs():
        if run.data.tags[IN_PLACE] != "dropped":
            newest.setdefault(_place_of(run), run)
    commands: dict[Place, Command] = {}
    for place, run in newest.items():
        if left := _unfinished(run):
            commands[place] = left[-1]
    asked = [
        place
        for place in commands
        if environment in (None, place[0]) and results in (None, place[1])
    ]
    if not asked:
        raise DetlError(_say_nothing_is_left(environment, results, newest, commands))
    chosen = max(asked, key=lambda place: str(commands[place]["started"]))
    others = tuple(
        _spell_resume(place, command)
        for place, command in commands.items()
        if place != chosen
    )
    run_id = newest[chosen].info.run_id
    return UnfinishedRun(run_id, chosen[0], commands[chosen], others)


def delete_runs(environment: str, results: str) -> int:
    """Return how many runs the data folder had in MLflow; they are deleted for good.

    Other projects' runs in the same store, and other environments', are kept.

    Args:
        environment: Name of the Kedro environment.
        results: The data folder, from the project's root.
    """
    with catch_warnings(record=True, action="ignore"):  # of type hints within MLflow
        from mlflow.cli import gc

    from detl.session.logged_model import list_models
    from detl.session.mlflow_view import drop_view

    client = mlflow.MlflowClient()
    ids: list[str] = []
    models: set[str] = set()
    for parent in _parent_runs():
        if _is_of(parent, environment, results):
            asked = f"tags.`detl.root` = '{parent.info.run_id}'"
            below = search_every_run(client, parent.info.experiment_id, asked)
            ids += [run.info.run_id for run in (*below, parent)]
            for run in below:
                # Those of networks that were trained again are deleted already.
                logged = run.outputs.model_outputs if run.outputs else []
                models |= {output.model_id for output in logged}
                for model in list_models(client, run):
                    models.add(model.model_id)
                    client.delete_logged_model(model.model_id)
    for run_id in ids:
        client.delete_run(run_id)
    if ids:
        # So far MLflow has only hidden them; their files are still there.
        with redirect_stdout(StringIO()):
            what = ["--backend-store-uri", mlflow.get_tracking_uri()]
            what += ["--run-ids", ",".join(ids)]
            if models:
                what += ["--logged-model-ids", ",".join(models)]
            gc.main(what, standalone_mode=False)
        drop_view(client, EXPERIMENT, ids)
    return len(ids)


def _say_nothing_is_left(
    environment: str | None,
    results: str | None,
    newest: dict[Place, Run],
    unfinished: dict[Place, Command],
) -> str:
    ended = [
        f"'{spell_command(_last_command(run))}'"
        for place, run in newest.items()
        if environment in (None, place[0]) and results in (None, place[1])
    ]
    where = f" of environment {environment}" if environment else ""
    where += f" in {results}" if results else ""
    found = (
        f"{', '.join(ended)} came to the end"
        if ended
        else "none was started, which 'kedro run --pipeline detl' does"
    )
    elsewhere = "".join(
        f"; '{spell_command(command)}' did not, which "
        f"'{_spell_resume(place, command)}' continues"
        for place, command in unfinished.items()
    )
    return f"There is no run{where} to resume: {found}{elsewhere}."


def _spell_resume(place: Place, command: Command) -> str:
    """Return the command that continues another one."""
    results = command.get("results")
    folder = f"DETL_RESULTS={shlex.quote(results)} " if results else ""
    return f"{folder}kedro resume --env {place[0]}"


def _place_of(run: Run) -> Place:
    return run.data.tags["detl.environment"], run.data.tags[RESULTS]


def _is_of(run: Run, environment: str, results: str) -> bool:
    return _place_of(run) == (environment, results)


def _unfinished(run: Run) -> list[Command]:
    return list(json.loads(run.data.tags[UNFINISHED]))


def _parent_runs() -> list[Run]:
    """Return the runs of sessions that can be continued, the last used one first."""
    experiment = mlflow.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        return []
    client, asked = mlflow.MlflowClient(), f"tags.`{RESULTS}` != ''"
    runs = search_every_run(client, experiment.experiment_id, asked)
    return sorted(runs, key=_last_used, reverse=True)


def _last_command(run: Run) -> Command:
    """Return the command of the last session that logged in this run."""
    command: Command = json.loads(run.data.tags[LAST_COMMAND])
    return command


def _last_used(run: Run) -> str:
    """Return when the last session started that logged in this run."""
    return str(_last_command(run)["started"])
