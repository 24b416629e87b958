"""How far a run is, on one line of a terminal; at its end, what it has made."""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol, DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from tqdm import tqdm

LAST_RUN = ".viz/kedro_pipeline_events.json"
"""Where Kedro-Viz notes how long each node of the last run took."""

SAID_OTHERWISE = {"summary", "report_page", "predict.counts"}
"""Outputs at which the closing table or the report's path is printed (hooks.py), or the
node itself tells where its files are."""


class RunProgressHooks:
    """Shows node, stage, time and time left in a terminal, and none in a log file."""

    def __init__(self) -> None:
        self._shown = ExitStack()
        self._bar: tqdm | None = None
        self._project = Path()
        self._seconds: dict[str, float] = {}
        self._done: list[str] = []
        self._start = 0.0

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Note where the project lies."""
        self._project = Path(context.project_path)

    @hook_impl(trylast=True)
    def before_pipeline_run(self, pipeline: Pipeline) -> None:
        """Open the line, once the other hooks have let the run begin."""
        self._start = time.monotonic()
        self._done = []
        self._seconds = weigh_nodes(
            [node.name for node in pipeline.nodes],
            read_last_seconds(self._project / LAST_RUN),
        )
        if sys.stderr.isatty():
            # In a notebook, the import alone warns of missing widgets.
            from tqdm.contrib.logging import logging_redirect_tqdm

            self._bar = self._shown.enter_context(
                tqdm(
                    total=len(pipeline.nodes),
                    bar_format="node {n_fmt} of {total_fmt}  {desc}",
                    dynamic_ncols=True,
                    leave=False,
                )
            )
            self._shown.enter_context(logging_redirect_tqdm())

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Show the node."""
        if self._bar is not None:
            elapsed = time.monotonic() - self._start
            left = estimate_seconds_left(elapsed, self._done, self._seconds)
            self._bar.n = len(self._done) + 1
            self._bar.set_description_str(describe(node.name, elapsed, left))

    @hook_impl
    def after_node_run(self, node: Node) -> None:
        """Count the node."""
        self._done.append(node.name)
        if self._bar is not None:
            # Others may run at the same time (cluster/dask_runner.py).
            self._bar.n = min(len(self._done) + 1, self._bar.total)
            self._bar.refresh()

    @hook_impl
    def on_node_error(self, node: Node) -> None:
        """Count the node, which is not run again."""
        self._done.append(node.name)

    @hook_impl(tryfirst=True)
    def after_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Close the line, and say what was made unless another hook does."""
        self._close()
        if not SAID_OTHERWISE & pipeline.all_outputs():
            elapsed = time.monotonic() - self._start
            click.echo(
                f"Done: {len(self._done)} nodes in {spell_time(elapsed)}. Files made:"
            )
            for line in list_files(pipeline.all_outputs(), catalog, self._project):
                click.echo(f"  {line}")

    @hook_impl(tryfirst=True)
    def on_pipeline_error(self) -> None:
        """Close the line."""
        self._close()

    def _close(self) -> None:
        self._shown.close()
        self._bar = None


def describe(name: str, elapsed: float, left: float | None) -> str:
    """Return the line after the number of the node.

    Args:
        name: Of the node, such as ``vgg16.crossval.fold_2.train_fold``.
        elapsed: Seconds since the beginning of the run.
        left: Seconds to its end, if known.
    """
    shown = f"{name.replace('.', ' ')}  {spell_time(elapsed)} elapsed"
    return shown if left is None else f"{shown}, about {spell_time(left)} left"


def spell_time(seconds: float) -> str:
    """Return seconds as ``m:ss``, or ``h:mm:ss`` from an hour on."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def read_last_seconds(path: Path) -> dict[str, float]:
    """Return how long each node of the last run took, by name; empty if not known."""
    try:
        events = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return {
        event["node"]: event["duration"]
        for event in events
        if event["event"] == "after_node_run"
    }


def weigh_nodes(names: Iterable[str], last: Mapping[str, float]) -> dict[str, float]:
    """Return what part of the time each node takes, as its seconds in the last run.

    A node that was not run then counts as the mean of the others, so that all count
    the same where nothing is known.
    """
    names = list(names)
    known = [last[name] for name in names if name in last]
    mean = sum(known) / len(known) if known else 1.0
    return {name: last.get(name, mean) for name in names}


def estimate_seconds_left(
    elapsed: float, done: Iterable[str], seconds: Mapping[str, float]
) -> float | None:
    """Return the seconds to the end of the run; None while too little is done to say.

    The nodes to come take as much longer or shorter than ``seconds`` as those that are
    done, so that the last run may have been of another size.

    Args:
        elapsed: Seconds since the beginning.
        done: Names of the nodes that are done.
        seconds: Of every node of the run.
    """
    total = sum(seconds.values())
    past = sum(seconds[name] for name in done)
    return None if past < total / 50 else elapsed * (total - past) / past


def list_files(names: Iterable[str], catalog: DataCatalog, project: Path) -> list[str]:
    """Return a line per folder with files of these datasets: how many, and its path."""
    folders: Counter[str] = Counter()
    for name in names:
        dataset = catalog.get(name)
        path = getattr(dataset, "path", None) or getattr(dataset, "_filepath", None)
        if dataset is not None and path is not None and dataset.exists():
            folder = Path(path).parent
            inside = folder.is_relative_to(project)
            folders[str(folder.relative_to(project) if inside else folder)] += 1
    return [f"{count:3d} in {folder}" for folder, count in sorted(folders.items())]


def note_last_run(
    nodes: Iterable[Node],
    seconds: Mapping[str, float],
    catalog: CatalogProtocol,
    began: datetime,
) -> None:
    """Note how long each node took elsewhere, as Kedro-Viz does of nodes run here.

    Args:
        nodes: Those that have run.
        seconds: What each of them took, by name.
        catalog: Knows the files that they have made.
        began: When the run did.
    """
    from kedro_viz.integrations.kedro.hooks_utils import (
        generate_timestamp,
        hash_node,
        write_events,
    )
    from kedro_viz.integrations.kedro.run_hooks import create_dataset_event

    events: list[dict[str, Any]] = [
        {"event": "before_pipeline_run", "timestamp": began.isoformat()}
    ]
    for node in nodes:
        events.append(
            {
                "event": "after_node_run",
                "node": node.name,
                "node_id": hash_node(node),
                "duration": seconds[node.name],
                "status": "success",
            }
        )
        events += [
            create_dataset_event("after_dataset_saved", name, True, catalog)
            for name in node.outputs
        ]
    events.append({"event": "after_pipeline_run", "timestamp": generate_timestamp()})
    write_events(events)
