"""What a worker does: one task, in the driver's data folder, as the driver was asked.

A worker checks nothing, holds nothing and logs nothing. The driver has checked the
parameters, holds the data folder against other runs, and fills MLflow with what it
finds in the files. So a worker needs the project, its environment and its data folder.
"""

import logging
import os
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import Any

import pandas as pd
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.framework.project import settings
from kedro.framework.startup import bootstrap_project
from kedro.io import CatalogProtocol, MemoryDataset
from kedro.pipeline.node import Node

from detl.errors import DetlError, NotAvailableError
from detl.networks.keras_settings import choose_backend
from detl.session.commands import Command
from detl.session.config_loader import giving
from detl.session.hooks import ProgressHooks
from detl.session.provenance import Provenance, name_accelerators
from detl.session.runner import FoldByFoldRunner
from detl.session.selection import select_pipeline
from detl.session.workplace import Workplace

PASSED_ON = ("KERAS_BACKEND", "DETL_PATIENT_KEY_FILE")
"""Environment variables that a worker must find as the driver did."""

_SENT = (pd.DataFrame, Mapping, str, int, float)
"""Types of what one task sends to another."""

_opened: list[tuple["Order", CatalogProtocol]] = []
"""The run whose tasks this process does, and its catalog."""

_ALONE = Lock()
"""Working directory and environment are the whole process's, so tasks take turns."""


@dataclass(frozen=True)
class Order:
    """What a task is part of, which is the same for all tasks of a run."""

    project: Path
    """The project's root, where the worker finds it too."""
    command: Command
    """What the driver's session was asked for."""
    environment: Mapping[str, str]
    """Values of ``PASSED_ON``, as far as they are set."""
    provenance: Mapping[str, Any] | None
    """What the report says of the run; None if no node takes it."""
    is_local: bool
    """Whether the driver, to which messages go, is on the same terminal."""


@dataclass(frozen=True)
class Assignment:
    """What one worker is to do."""

    nodes: Sequence[str]
    """Names of the nodes to run."""
    values: Mapping[str, Any]
    """What other tasks have made in memory, by the dataset's name."""
    wanted: Collection[str]
    """What other tasks need and stays in memory, by the dataset's name."""


@dataclass
class Report:
    """What a worker says of a task that it has done."""

    seconds: dict[str, float] = field(default_factory=dict)
    """What each node took, by name."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Why a node was not available there, by name."""
    values: dict[str, Any] = field(default_factory=dict)
    """What was wanted, by the dataset's name: tables and numbers. Arrays and networks
    are made again where they are needed, in seconds, rather than sent."""
    accelerators: str | None = None
    """The worker's accelerators; None if it has not used Keras."""


class _ReportHooks:
    """Notes in a report what becomes of each node."""

    def __init__(self, report: Report, wanted: Collection[str]) -> None:
        self._report, self._wanted = report, wanted
        self._start = 0.0

    @hook_impl
    def before_node_run(self) -> None:
        """Note the time."""
        self._start = perf_counter()

    @hook_impl
    def after_node_run(self, node: Node) -> None:
        """Note how long the node took."""
        self._report.seconds[node.name] = perf_counter() - self._start

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Keep what is wanted."""
        if dataset_name in self._wanted and isinstance(data, _SENT):
            self._report.values[dataset_name] = data

    @hook_impl
    def on_node_error(self, error: Exception, node: Node) -> None:
        """Note what is not available here."""
        if isinstance(error, NotAvailableError):
            self._report.left_out[node.name] = str(error)


def run_task(order: Order, assignment: Assignment) -> Report:
    """Return what became of the nodes of a task, which are run.

    Those need not run whose outputs an earlier try has left.

    Args:
        order: What the task is part of.
        assignment: What is to be done.

    Raises:
        DetlError: The project is not there, or an earlier task in this process has
            imported Keras with another backend.
    """
    with _ALONE:
        _enter(order)
        _forward_messages()
        command = order.command
        with (
            giving("DETL_DATA", command["data"]),
            giving("DETL_RESULTS", command["results"]),
        ):
            return _run_nodes(order, assignment)


def _enter(order: Order) -> None:
    """Make this process a part of the driver's."""
    # Relative paths in parameters are from where the command was typed.
    folder = order.project / order.command["folder"]
    if not folder.is_dir():
        raise DetlError(
            f"A worker finds no folder {folder}, in which the run was started: let "
            "all machines see the project under the same path (docs/deploy.md)."
        )
    os.chdir(folder)
    for name in PASSED_ON:
        os.environ.pop(name, None)
    os.environ.update(order.environment)
    asked = choose_backend()
    keras = sys.modules.get("keras")
    if keras is not None and keras.backend.backend() != asked:
        raise DetlError(
            f"A worker has Keras on {keras.backend.backend()!r} from an earlier run, "
            f"and this run is on {asked!r}: start the workers again."
        )
    bootstrap_project(order.project)
    # The driver says what has failed, once it has been tried again.
    logging.getLogger(FoldByFoldRunner.__module__).setLevel(logging.CRITICAL)
    if order.is_local:
        # Else a message would stand there twice, and once across the line of progress.
        logging.getLogger().handlers.clear()


def _forward_messages() -> None:
    """Let the project's messages go to the driver, as it has asked Dask's worker.

    Kedro sets up the logging of a process once it is imported. A job's worker imports
    it for its first task, and would print all messages into the job's own log only.
    """
    from distributed import get_worker
    from distributed.diagnostics.plugin import ForwardLoggingPlugin

    for plugin in get_worker().plugins.values():
        if isinstance(plugin, ForwardLoggingPlugin):
            logging.getLogger(plugin.logger_name).addHandler(plugin.handler)


def _run_nodes(order: Order, assignment: Assignment) -> Report:
    catalog = _open_catalog(order)
    for name, value in assignment.values.items():
        catalog.save(name, value)
    report = Report()
    hooks = _create_hook_manager()
    hooks.register(_ReportHooks(report, assignment.wanted))
    hooks.register(ProgressHooks())
    asked = {"node_names": assignment.nodes}
    pipeline = select_pipeline(order.command["pipeline_names"], asked)
    FoldByFoldRunner().run(
        pipeline,
        catalog,
        hook_manager=hooks,
        # What is in memory is never there.
        only_missing_outputs=not assignment.wanted,
    )
    for name in pipeline.all_outputs() | assignment.values.keys():
        if isinstance(catalog.get(name), MemoryDataset):
            catalog.release(name)
    if "keras" in sys.modules:
        report.accelerators = name_accelerators()
    return report


def _open_catalog(order: Order) -> CatalogProtocol:
    """Return the catalog of the driver's run, which is read once for all its tasks."""
    if _opened and _opened[0][0] == order:
        return _opened[0][1]
    command = order.command
    loader = settings.CONFIG_LOADER_CLASS(
        str(order.project / settings.CONF_SOURCE),
        env=command["env"],
        runtime_params=command["runtime_params"],
        **settings.CONFIG_LOADER_ARGS,
    )
    # Without the project's hooks, which are the driver's.
    context = KedroContext(
        order.project,
        loader,
        command["env"],
        "detl",
        _create_hook_manager(),
        command["runtime_params"],
    )
    catalog = context.catalog
    if order.provenance is not None:
        catalog["provenance"] = Provenance(order.provenance)
    place = Workplace()
    place.begin(context)
    if command["is_beside"]:
        place.enter(catalog)
    _opened[:] = [(order, catalog)]
    return catalog
