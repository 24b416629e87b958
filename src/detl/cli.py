"""The project's commands: a plainer ``kedro run``, and ``kedro resume``."""

import os
from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import Any

import click
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.cli.utils import _split_params
from kedro.framework.session import KedroSession
from kedro.framework.startup import ProjectMetadata

from detl.keras_settings import choose_backend
from detl.selection import FILTERS, select_pipeline
from detl.sentences import tell

RUNNER = "detl.runner.FoldByFoldRunner"


@click.group(name="detl")
def cli() -> None:
    """Commands of the project."""


def _in_one_sentence(command: Callable[..., Any]) -> Callable[..., Any]:
    """Return the command with what a user can mend told without its traceback."""

    def told(*args: Any, **kwargs: Any) -> Any:
        try:
            choose_backend()
            return command(*args, **kwargs)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except Exception as error:  # what nobody can mend is raised as it is
            if sentence := tell(error):
                raise click.ClickException(sentence) from error
            raise

    return told


@_in_one_sentence
def _run(
    pipeline: str | None,
    pipelines: list[str],
    runner: str | None,
    source: str | None,
    params: dict[str, Any],
    **options: Any,
) -> None:
    names = [pipeline] if pipeline else pipelines
    select_pipeline(names, options)  # refuses what is not there
    if source is not None:
        # As it is typed, which for OmegaConf has to be said.
        params = {**params, "source": source.replace("${", r"\${")}
    # Kedro warns that --pipeline is deprecated; here both spellings are welcome.
    call: Any = kedro_run.callback
    call(
        pipeline=None,
        pipelines=names,
        runner=runner or RUNNER,
        params=params,
        **options,
    )


def _split_at_commas(
    context: click.Context, option: click.Parameter, value: Any
) -> dict[str, Any]:
    """Return --params by name, and say where that fails how else to name a path."""
    try:
        return dict(_split_params(context, option, value))
    except click.UsageError as error:
        raise click.ClickException(
            f"{' '.join(error.message.split())} --params is divided at its commas: a "
            "folder or csv that has one in its path is named with --source PATH, and "
            "any other value is written into conf/local."
        ) from error


def _make_run_command() -> click.Command:
    """Return ``kedro run``, with sentences for tracebacks and the option --source."""
    command = copy(kedro_run)
    command.callback = _run
    command.params = [copy(option) for option in kedro_run.params]
    for option in command.params:
        if option.name == "params":
            option.callback = _split_at_commas
    command.params.append(
        click.Option(
            ["--source"],
            help="Folder or csv of the external test, whatever its path is made of; "
            "the parameter 'source'.",
        )
    )
    return command


run = _make_run_command()
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
