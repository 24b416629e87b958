"""Removing what the runs of an environment have made, and nothing else."""

import os
from contextlib import nullcontext
from pathlib import Path

import click
from kedro.framework.context import KedroContext
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.framework.project import settings
from kedro.io import CatalogProtocol

from detl.session import made_with
from detl.session.commands import name_environment
from detl.session.mlflow_store import OWN, name_own_store, refuse_unusable_file
from detl.session.selection import every_node
from detl.session.simultaneous_runs import Use, using


def remove_results(project: Path, package: str, env: str | None) -> None:
    """Remove what the environment's runs have made, and print how much that was.

    Args:
        project: The project's root.
        package: Name of the project's package.
        env: The environment, or None for a run without.

    Raises:
        DetlError: If a run is using the data folder.
    """
    loader = settings.CONFIG_LOADER_CLASS(
        str(project / settings.CONF_SOURCE), env=env, **settings.CONFIG_LOADER_ARGS
    )
    # Without hooks: one of them makes an MLflow store.
    context = KedroContext(project, loader, env, package, _create_hook_manager())
    folder = context.project_path / loader["globals"]["data"]
    everything = frozenset(every_node().all_outputs())
    use = Use(reads=frozenset(), writes=everything, removes=frozenset())
    # A run makes the folder, so without a folder no run is going on.
    with using(folder, use, "kedro clean") if folder.is_dir() else nullcontext():
        files = remove_made_files(context.catalog, folder)
        runs = _forget_runs(context)
    click.echo(
        f"Removed of environment {name_environment(env)}: {files} files in {folder}, "
        f"{runs} runs in MLflow. What no run has made is kept, and so are the other "
        "environments ('kedro clean --env NAME')."
    )


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


def _forget_runs(context: KedroContext) -> int:
    """Delete the environment's runs in the project's own store; return how many."""
    store = context.project_path / OWN
    if os.environ.get("MLFLOW_TRACKING_URI", "").strip() or not store.is_file():
        return 0
    refuse_unusable_file(store)
    import mlflow

    from detl.session.earlier_runs import delete_runs

    mlflow.set_tracking_uri(name_own_store(context.project_path))
    return delete_runs(name_environment(context.env))
