"""Removing what the runs of an environment have made, and nothing else."""

import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import click
from kedro.framework.context import KedroContext
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.framework.project import settings
from kedro.io import CatalogProtocol

from detl.errors import DetlError
from detl.session import made_with
from detl.session.commands import name_environment
from detl.session.mlflow_store import OWN, name_own_store, refuse_unusable_file
from detl.session.next_results import NextResults
from detl.session.selection import every_node
from detl.session.simultaneous_runs import Use, using
from detl.session.workplace import name_path


def remove_results(project: Path, package: str, env: str | None) -> None:
    """Remove what the environment's runs have made, and print how much that was.

    Args:
        project: The project's root.
        package: Name of the project's package.
        env: The environment, or None for a run without.

    Raises:
        DetlError: If a run is using the data folder.
    """
    context, folder = _open(project, package, env)
    # A run makes the folder, so without a folder no run is going on.
    with _holding(folder) if folder.is_dir() else nullcontext():
        files = NextResults(folder).discard()
        files += remove_made_files(context.catalog, folder)
        runs = _forget_runs(context, folder)
    click.echo(
        f"Removed of environment {name_environment(env)}: {files} files in {folder}, "
        f"{runs} runs in MLflow. What no run has made is kept, and so are the other "
        "environments ('kedro clean --env NAME')."
    )


def settle_results(
    project: Path, package: str, env: str | None, *, keeps_earlier: bool
) -> None:
    """Remove one of two results, the earlier or the one beside it, and print which.

    Args:
        project: The project's root.
        package: Name of the project's package.
        env: The environment, or None for a run without.
        keeps_earlier: Whether the one beside is dropped; else it takes the place of the
            earlier one, even if it lacks some of that.

    Raises:
        DetlError: There are not two, or a run is using the data folder.
    """
    context, folder = _open(project, package, env)
    beside = NextResults(folder)
    beside.finish()
    if not beside.is_open():
        raise DetlError(
            f"There is nothing in {beside.folder}: a run works there only while it "
            f"would replace a result in {folder}."
        )
    with _holding(folder):
        if keeps_earlier:
            count, now = beside.discard(), "dropped"
            said = f"Dropped {count} files of {beside.folder}; the earlier ones stay."
        else:
            count, now = len(beside.missing()), "yes"
            beside.take_place()
            said = (
                f"What was made in {beside.folder} now lies in {folder}; files of the "
                f"earlier result that are gone without being made again: {count}."
            )
        if _find_own_store(context):
            from detl.session.earlier_runs import note_place

            note_place(*_tags_of(context, folder), now)
    click.echo(said)


def _open(project: Path, package: str, env: str | None) -> tuple[KedroContext, Path]:
    """Return the context of the environment, and its data folder."""
    loader = settings.CONFIG_LOADER_CLASS(
        str(project / settings.CONF_SOURCE), env=env, **settings.CONFIG_LOADER_ARGS
    )
    # Without hooks: one of them makes an MLflow store.
    context = KedroContext(project, loader, env, package, _create_hook_manager())
    return context, context.project_path / loader["globals"]["data"]


def _holding(folder: Path) -> AbstractContextManager[None]:
    """Hold the data folder against all runs."""
    everything = frozenset(every_node().all_outputs())
    use = Use(reads=frozenset(), writes=everything, removes=frozenset())
    return using(folder, use, "kedro clean")


def remove_made_files(catalog: CatalogProtocol, folder: Path) -> int:
    """Return how many files of nodes were there; they are deleted.

    Args:
        catalog: Says where the files lie. All other files are kept.
        folder: The data folder. Nothing outside of it is deleted. Its folders that
            become empty are deleted too.
    """
    from detl.datasets import KeptFileDataset, remove_saved
    from detl.datasets.atomic import unlink_saved

    nodes = every_node()
    made = [catalog.get(name) for name in sorted(nodes.all_outputs())]
    kept = [catalog.get(name) for name in sorted(nodes.inputs())]
    removed = [remove_saved(dataset, below=folder) for dataset in made if dataset]
    removed += [d.remove(folder) for d in kept if isinstance(d, KeptFileDataset)]
    removed.append(unlink_saved(folder / made_with.FILE, below=folder))
    return sum(removed)


def _forget_runs(context: KedroContext, folder: Path) -> int:
    """Delete the data folder's runs in the project's own store; return how many."""
    if not _find_own_store(context):
        return 0
    from detl.session.earlier_runs import delete_runs

    return delete_runs(*_tags_of(context, folder))


def _find_own_store(context: KedroContext) -> bool:
    """Return whether the project's own store is in use; MLflow is told where it is."""
    store = context.project_path / OWN
    if os.environ.get("MLFLOW_TRACKING_URI", "").strip() or not store.is_file():
        return False
    refuse_unusable_file(store)
    import mlflow

    mlflow.set_tracking_uri(name_own_store(context.project_path))
    return True


def _tags_of(context: KedroContext, folder: Path) -> tuple[str, str]:
    """Return environment and data folder as they stand in the tags of runs."""
    return name_environment(context.env), name_path(folder, context.project_path)
