"""The project's commands: a plainer ``kedro run``, ``resume`` and ``clean``."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from copy import copy
from functools import partial
from inspect import signature
from pathlib import Path
from typing import Any

import click
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.cli.utils import _split_params, env_option
from kedro.framework.session import KedroSession
from kedro.framework.startup import ProjectMetadata
from kedro.runner import AbstractRunner
from kedro.utils import load_obj

from detl.errors import DetlError
from detl.networks.keras_settings import choose_backend
from detl.pipeline_registry import PURPOSES
from detl.session.commands import Command, name_environment
from detl.session.config_loader import giving, raw_data_folder, results_folder
from detl.session.provenance import spell_command
from detl.session.selection import FILTERS, select_pipeline
from detl.session.sentences import tell
from detl.session.workplace import WORKPLACE, name_path

RUNNER = "detl.session.runner.FoldByFoldRunner"


@click.group(name="detl")
def cli() -> None:
    """Commands of the project."""


def _in_one_sentence(command: Callable[..., Any]) -> Callable[..., Any]:
    """Return the command, which shows the user's errors without a traceback."""

    def run_in_one_sentence(*args: Any, **kwargs: Any) -> Any:
        try:
            choose_backend()
            return command(*args, **kwargs)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except Exception as error:  # a fault of the project keeps its traceback
            if sentence := tell(error):
                raise click.ClickException(sentence) from error
            raise

    return run_in_one_sentence


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
    select_pipeline(names, options)  # refuses an unknown pipeline or node
    kind = _find_runner(runner or RUNNER)
    _make_runner(kind, options["runner_params"])  # refuses what it cannot take
    if source is not None:
        # OmegaConf takes an unescaped "${" for a reference.
        params = {**params, "source": source.replace("${", r"\${")}
    # Kedro warns that --pipeline is deprecated; here both spellings are allowed.
    call: Any = kedro_run.callback
    call(
        pipeline=None,
        pipelines=names,
        runner=runner or RUNNER,
        params=params,
        **options,
    )
    if rest := _pipelines_of_rest():
        options.update(dict.fromkeys(FILTERS, ()), only_missing_outputs=True)
        call(
            pipeline=None,
            pipelines=rest,
            runner=runner or RUNNER,
            params=params,
            **options,
        )


def _pipelines_of_rest() -> list[str]:
    """Return the pipelines of what depends on a run that has ended, if it is quick."""
    if not (WORKPLACE.missing and WORKPLACE.is_quick):
        return []
    click.echo("Nothing of that needs a training, so it is made now.")
    return WORKPLACE.makers


def _find_runner(name: str) -> type[AbstractRunner]:
    try:
        kind: type[AbstractRunner] = load_obj(name, "kedro.runner")
    except (AttributeError, ImportError, ValueError) as error:
        raise DetlError(
            f"There is no runner {name!r} ({error}): leave --runner out, for {RUNNER}."
        ) from error
    return kind


def _make_runner(kind: type[AbstractRunner], given: dict[str, Any]) -> AbstractRunner:
    try:
        return kind(**given)
    except TypeError as error:
        raise DetlError(
            f"--runner-params is refused by {kind.__name__} ({error}): it takes "
            f"{', '.join(list(signature(kind).parameters))}."
        ) from error


def _split_at_commas(
    context: click.Context, option: click.Parameter, value: Any
) -> dict[str, Any]:
    """Return the values of --params by name.

    Raises:
        ClickException: They cannot be split; it says how else to name a path.
    """
    try:
        return dict(_split_params(context, option, value))
    except click.UsageError as error:
        raise click.ClickException(
            f"{' '.join(error.message.split())} --params is split at its commas: name "
            "a folder or csv that has one in its path with --source PATH, and write "
            "any other such value into conf/local."
        ) from error


def _make_run_command() -> click.Command:
    """Return ``kedro run`` with short errors and the option --source."""
    command = copy(kedro_run)
    command.callback = _run
    command.params = [copy(option) for option in kedro_run.params]
    for option in command.params:
        if option.name == "params":
            option.callback = _split_at_commas
    lines = (f"  {name:18} {purpose}" for name, purpose in PURPOSES.items())
    command.epilog = "\n".join(["\b", "Pipelines:", *lines])
    command.params.append(
        click.Option(
            ["--source"],
            help="Folder or csv of the external test, the parameter 'source'; unlike "
            "in --params, its path may have commas.",
        )
    )
    return command


run = _make_run_command()
cli.add_command(run)


@cli.command()
@env_option
@click.option("--runner", default=RUNNER, help=f"By default {RUNNER}.")
@click.option(
    "--runner-params",
    default="",
    callback=_split_params,
    help="As 'kedro run' takes them, such as workers=2; they need not be the same.",
)
@click.pass_obj
def resume(
    metadata: ProjectMetadata,
    env: str | None,
    runner: str,
    runner_params: dict[str, Any],
) -> None:
    """Continue the newest unfinished command in its MLflow run."""
    _in_one_sentence(_resume)(metadata.project_path, env, runner, runner_params)


def _resume(
    project_path: Path, env: str | None, runner: str, runner_params: dict[str, Any]
) -> None:
    kind = _find_runner(runner)
    make_runner = partial(_make_runner, kind, runner_params)
    make_runner()  # refuses what it cannot take
    # The command that is resumed has its own environment, or none.
    asked = env or os.environ.pop("KEDRO_ENV", None)
    with _without_raw_data():
        # A context tells MLflow where its store is, and only a session makes one.
        KedroSession.create(project_path=project_path, env=asked).load_context()
    from detl.session.earlier_runs import find_unfinished_run
    from detl.session.mlflow_hooks import MLFLOW_HOOKS

    unfinished = find_unfinished_run(
        name_environment(asked) if asked else None, _name_results(project_path)
    )
    command = unfinished.command
    click.echo(
        f"Resuming '{spell_command(command)}' of environment "
        f"{unfinished.environment}, in run {unfinished.run_id}."
    )
    for other in unfinished.others:
        click.echo(f"Unfinished too: {other}.")
    raw = _find_raw_data(command)
    # Paths in the command may be relative to where it was typed.
    os.chdir(project_path / command["folder"])
    MLFLOW_HOOKS.resume(unfinished.run_id)

    def run_missing(pipelines: list[str], **options: Any) -> None:
        KedroSession.create(
            project_path=project_path,
            env=command["env"],
            runtime_params=command["runtime_params"],
        ).run(
            pipeline_names=pipelines,
            runner=make_runner(),
            only_missing_outputs=True,
            load_versions=command["load_versions"],
            **options,
        )

    with giving("DETL_DATA", raw), giving("DETL_RESULTS", command.get("results")):
        run_missing(
            command["pipeline_names"], **{name: command[name] for name in FILTERS}
        )
        if rest := _pipelines_of_rest():
            run_missing(rest)


@cli.command()
@env_option
@click.option(
    "--next",
    "which",
    flag_value="next",
    help="Only what an unfinished run has made beside the earlier result.",
)
@click.option(
    "--earlier",
    "which",
    flag_value="earlier",
    help="Only the earlier result, so that the one beside it takes its place as it is.",
)
@click.pass_obj
def clean(metadata: ProjectMetadata, env: str | None, which: str | None) -> None:
    """Remove what the runs of one environment have made: files, and MLflow runs."""
    _in_one_sentence(_clean)(metadata, env, which)


def _clean(metadata: ProjectMetadata, env: str | None, which: str | None) -> None:
    from detl.session.clean import remove_results, settle_results

    with _without_raw_data():
        asked = env or os.environ.get("KEDRO_ENV")
        place = (metadata.project_path, metadata.package_name, asked)
        if which is None:
            remove_results(*place)
        else:
            settle_results(*place, keeps_earlier=which == "next")


def _name_results(project_path: Path) -> str | None:
    """Return the data folder that DETL_RESULTS names; None if it is not set."""
    named = results_folder()
    return None if named is None else name_path(project_path / named, project_path)


@cli.command()
@env_option
@click.option("--network", default="alexnet", show_default=True, help="Which answers.")
@click.pass_obj
def register(metadata: ProjectMetadata, env: str | None, network: str) -> None:
    """Register a network's bundle in MLflow, to be served by 'make serve'."""
    _in_one_sentence(_register)(metadata.project_path, env, network)


def _register(project_path: Path, env: str | None, network: str) -> None:
    with _without_raw_data():
        session = KedroSession.create(project_path=project_path, env=env)
        context = session.load_context()
    from detl.session.registration import register_bundle

    data = context.config_loader["globals"]["data"]
    bundle = project_path / data / "06_models" / network / "bundle.zip"
    address, number = register_bundle(bundle, Path(__file__).parent)
    click.echo(
        f"{address} is version {number} now, from {bundle}. 'make serve' serves it."
    )


def _find_raw_data(command: Command) -> str | None:
    """Return what DETL_DATA was when the user typed the command; None if not set.

    Raises:
        DetlError: DETL_DATA names another folder now.
    """
    now = raw_data_folder()
    before = command.get("data", now)
    if now not in (None, before):
        raise DetlError(
            f"'{spell_command(command)}' was started "
            f"{f'with DETL_DATA={before}' if before else 'without DETL_DATA'}, and "
            f"DETL_DATA is {now}: unset it, and resume then."
        )
    return None if before is None else str(before)


def _without_raw_data() -> AbstractContextManager[None]:
    """Let ``conf/`` be read without DETL_DATA, where no raw data are read."""
    return giving("DETL_DATA", raw_data_folder() or "data/01_raw")
