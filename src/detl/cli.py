"""The project's commands: a plainer ``kedro run``, and ``kedro resume``."""

import os
from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import Any

import click
from kedro.config import MissingConfigException
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.session import KedroSession
from kedro.framework.startup import ProjectMetadata
from kedro.io import DatasetError
from omegaconf.errors import InterpolationResolutionError

from detl.errors import DetlError
from detl.selection import FILTERS, select_pipeline

_TOLD_IN_ONE_SENTENCE = (
    DetlError,
    DatasetError,
    MissingConfigException,
    # An environment variable that conf/ asks for, such as DETL_DATA.
    InterpolationResolutionError,
)
"""What a user can mend; anything else is shown with its traceback."""

RUNNER = "detl.runner.FoldByFoldRunner"


@click.group(name="detl")
def cli() -> None:
    """Commands of the project."""


def _in_one_sentence(command: Callable[..., Any]) -> Callable[..., Any]:
    """Return the command with a user's errors told in a sentence, not a traceback."""

    def told(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except _TOLD_IN_ONE_SENTENCE as error:
            raise click.ClickException(_sentence_of(error)) from error

    return told


def _sentence_of(error: Exception) -> str:
    """Return the message of a ``DetlError``, also where Kedro has wrapped it."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, DetlError):
            return str(cause)
        cause = cause.__cause__
    return str(error)


@_in_one_sentence
def _run(
    pipeline: str | None, pipelines: list[str], runner: str | None, **options: Any
) -> None:
    names = [pipeline] if pipeline else pipelines
    select_pipeline(names, options)  # refuses what is not there
    # Kedro warns that --pipeline is deprecated; here both spellings are welcome.
    call: Any = kedro_run.callback
    call(
        pipeline=None,
        pipelines=names,
        runner=runner or RUNNER,
        **options,
    )


run = copy(kedro_run)
run.callback = _run
cli.add_command(run)


@cli.command()
@click.pass_obj
def resume(metadata: ProjectMetadata) -> None:
    """Continue the newest run that did not come to its end, in the same MLflow runs."""
    _in_one_sentence(_resume)(metadata.project_path)


def _resume(project_path: Path) -> None:
    from detl.runner import FoldByFoldRunner

    # The tracking URI is known once a context exists, which costs a session.
    KedroSession.create(project_path=project_path).load_context()
    from detl.earlier_runs import find_unfinished_run

    unfinished = find_unfinished_run()
    os.environ["MLFLOW_RUN_ID"] = unfinished.run_id
    command = unfinished.command
    click.echo(
        f"Resuming run {unfinished.run_id} of environment {unfinished.environment}."
    )
    session = KedroSession.create(
        project_path=project_path,
        env=command["env"],
        runtime_params=command["runtime_params"],
    )
    session.run(
        pipeline_names=command["pipeline_names"],
        runner=FoldByFoldRunner(),
        only_missing_outputs=True,
        **{name: command[name] for name in FILTERS},
    )
