"""A runner that gives out tasks to Dask's workers, and logs what they have made.

The session that the user starts, the driver, does all that a session does but run
nodes: it checks, holds the data folder, opens the tree of MLflow runs and fills it. A
worker reads and writes files (``work``).
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol, MemoryDataset
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from kedro.runner import SequentialRunner
from pluggy import PluginManager

from detl.cluster.tasks import Schedule, Task
from detl.cluster.work import PASSED_ON, Assignment, Order, Report, run_task
from detl.cluster.workers import open_workers, replace_lost
from detl.errors import DetlError, NotAvailableError
from detl.session.commands import describe_command
from detl.session.interrupts import INTERRUPTS
from detl.session.mlflow_hooks import MLFLOW_HOOKS
from detl.session.progress import (
    LAST_RUN,
    note_last_run,
    read_last_seconds,
    weigh_nodes,
)
from detl.session.quiet import keep_off_accelerators
from detl.session.workplace import WORKPLACE

if TYPE_CHECKING:
    from distributed import Client, Future

_LOOK_AGAIN = 1.0
"""Seconds after which the driver looks whether further workers have come."""


class OrderHooks:
    """Keeps what a session was asked for, which its runner is not told."""

    def __init__(self) -> None:
        self.run_params: dict[str, Any] = {}

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any]) -> None:
        """Keep it."""
        self.run_params = run_params


ORDER_HOOKS = OrderHooks()
"""Those of the session of this process."""


class DaskRunner(SequentialRunner):
    """Runs architectures and folds at once, on Dask's workers.

    They are of this machine, of Slurm or another batch system, of Kubernetes or a
    cloud::

        kedro run --runner detl.cluster.DaskRunner --runner-params workers=4
        ... --runner-params cluster=dask_jobqueue.SLURMCluster,workers=15
        ... --runner-params address=tcp://host:8786

    A task that fails is tried again, and then counts as failed: nodes that do not need
    what it lacks still run, and the first error is raised at the end. A branch that is
    not available is left out.
    """

    def __init__(
        self,
        address: str | None = None,
        cluster: str | None = None,
        workers: int | None = None,
        threads: int | None = None,
        retries: int = 1,
        is_async: bool = False,
    ) -> None:
        """Take what ``--runner-params`` says.

        Args:
            address: Of a scheduler of Dask that runs already.
            cluster: Class of a cluster that is started for this run, and ended with
                it; its settings are in Dask's own configuration (``~/.config/dask``).
            workers: How many workers it has; by default what the configuration says,
                or, on this machine, one for each processor.
            threads: Of each worker of this machine; by default its part of the
                processors. Results depend on it, in their rounding.
            retries: How often a task that failed is tried again.
            is_async: What Kedro always says; nodes load and save one by one.
        """
        super().__init__(is_async)
        self._address, self._cluster = address, cluster
        self._workers, self._threads = workers, threads
        self._retries = retries

    def _run(
        self,
        pipeline: Pipeline,
        catalog: CatalogProtocol,
        hook_manager: PluginManager | None = None,
        run_id: str | None = None,
    ) -> None:
        if not pipeline.nodes:
            return
        order = _make_order(catalog, is_local=not (self._address or self._cluster))
        last = read_last_seconds(order.project / LAST_RUN)
        seconds = weigh_nodes([str(n.name) for n in pipeline.nodes], last)
        driver = _Driver(pipeline, catalog, seconds, hook_manager, run_id)
        try:
            with open_workers(
                self._address, self._cluster, self._workers, self._threads
            ) as client:
                self._give_out(client, order, driver)
        except KeyboardInterrupt as interrupt:
            raise DetlError(
                "The run was interrupted; 'make resume' continues it."
            ) from interrupt
        if driver.errors:
            self._logger.error(
                "%d of %d nodes are not done; once the cause is removed, "
                "'make resume' continues this run.",
                driver.count_lost(),
                len(pipeline.nodes),
            )
            raise driver.errors[0]
        driver.note_times()

    def _give_out(self, client: "Client", order: Order, driver: "_Driver") -> None:
        """Give out each task once its inputs are there and a worker is free."""
        from distributed import wait

        client.forward_logging("detl")
        if not client.nthreads():
            self._logger.warning("The first worker has not come yet; waiting for it.")

        running: dict[Future, Task] = {}
        made: list[Node] = []
        while True:
            # One must wait for the first worker to come.
            at_once = max(1, len(client.nthreads()))
            while len(running) < at_once and (task := driver.start_next()):
                future = client.submit(
                    run_task,
                    order,
                    driver.assign(task),
                    pure=False,
                    retries=self._retries,
                )
                running[future] = task
            # Meanwhile, so that no worker waits for MLflow.
            while made and not any(future.done() for future in running):
                MLFLOW_HOOKS.add_made(made.pop(0))
            if not running:
                return
            try:
                done = wait(
                    list(running), timeout=_LOOK_AGAIN, return_when="FIRST_COMPLETED"
                ).done
            except TimeoutError:
                INTERRUPTS.raise_lost()
                replace_lost(client)
                continue
            for future in done:
                task = running.pop(future)
                if error := future.exception():
                    while made:  # before the run that they belong to ends
                        MLFLOW_HOOKS.add_made(made.pop(0))
                    failed = driver.fail(task, error)
                    self._logger.error("Node %s failed: %s", failed.name, error)
                else:
                    made += driver.finish(task, future.result())


class _Driver:
    """What the driver does before and after a task: schedule, hooks and MLflow."""

    def __init__(
        self,
        pipeline: Pipeline,
        catalog: CatalogProtocol,
        seconds: Mapping[str, float],
        hook_manager: PluginManager | None,
        run_id: str | None,
    ) -> None:
        self._pipeline, self._catalog = pipeline, catalog
        self._began = datetime.now(UTC)
        self._schedule = Schedule(pipeline, catalog, seconds)
        self._hooks: Any = hook_manager.hook if hook_manager else None
        self._run_id = run_id
        self.errors: list[BaseException] = []
        self._seconds: dict[str, float] = {}
        self._left_out: set[Node] = set()
        self._uses_keras = False
        self._maker = {name: node for node in pipeline.nodes for name in node.outputs}
        self._in_memory = {
            name for name in self._maker if isinstance(catalog.get(name), MemoryDataset)
        }
        self._values: dict[str, Any] = {}

    def start_next(self) -> Task | None:
        """Return the next task that is ready, after telling the hooks of its nodes."""
        task = self._schedule.take()
        for node in reversed(task.nodes if task else ()):
            self._tell("before_node_run", node, inputs={})
        return task

    def assign(self, task: Task) -> Assignment:
        """Return the task's nodes, with what it takes and gives that is in no file.

        Nodes come with it whose outputs stay in memory and are not sent.
        """
        found = dict.fromkeys(task.nodes)
        values: dict[str, Any] = {}
        waiting = list(task.nodes)
        while waiting:
            for name in waiting.pop().inputs:
                if name in self._values:
                    values[name] = self._values[name]
                elif name in self._in_memory and self._maker[name] not in found:
                    found[self._maker[name]] = None
                    waiting.append(self._maker[name])
        outside = [node for node in self._pipeline.nodes if node not in task.nodes]
        taken = {name for node in outside for name in node.inputs}
        made = {name for node in task.nodes for name in node.outputs}
        return Assignment(
            nodes=[str(node.name) for node in found],
            values=values,
            wanted=made & taken & self._in_memory,
        )

    def finish(self, task: Task, report: Report) -> list[Node]:
        """Return the nodes of a task that are done, which MLflow is to have."""
        if report.accelerators is not None:
            if not self._uses_keras:
                keep_off_accelerators()
                self._uses_keras = True
            MLFLOW_HOOKS.note_accelerators(report.accelerators)
        self._seconds |= report.seconds
        self._values |= report.values
        for node in self._pipeline.nodes:
            # Of several tasks, where what it makes stays in memory.
            if node.name in report.left_out and node not in self._left_out:
                self._left_out.add(node)
                reason = NotAvailableError(report.left_out[node.name])
                self._tell("on_node_error", node, error=reason, inputs={})
        done = self._schedule.finish(task, self._left_out)
        for node in done:
            self._tell("after_node_run", node, inputs={}, outputs={})
        return done

    def fail(self, task: Task, error: BaseException) -> Node:
        """Return the node that failed; go on without what needs its outputs."""
        self.errors.append(error)
        made = [node for node in task.nodes if self._has_made(node)]
        for node in made:
            self._tell("after_node_run", node, inputs={}, outputs={})
            MLFLOW_HOOKS.add_made(node)
        failed = self._schedule.fail(task, made)
        self._tell("on_node_error", failed, error=error, inputs={})
        return failed

    def count_lost(self) -> int:
        """Return how many nodes are not done."""
        return len(self._schedule.lost)

    def note_times(self) -> None:
        """Note how long each node took, for the next run and for Kedro-Viz."""
        from kedro_viz.integrations.kedro.hooks_utils import is_default_run

        if is_default_run(ORDER_HOOKS.run_params):
            timed = [n for n in self._pipeline.nodes if n.name in self._seconds]
            note_last_run(timed, self._seconds, self._catalog, self._began)

    def _has_made(self, node: Node) -> bool:
        """Return whether the files of a node are there, all that it writes."""
        return all(
            self._catalog.exists(name)
            for name in node.outputs
            if name not in self._in_memory
        )

    def _tell(self, hook: str, node: Node, **told: Any) -> None:
        if self._hooks is not None:
            getattr(self._hooks, hook)(
                node=node,
                catalog=self._catalog,
                is_async=False,
                run_id=self._run_id,
                **told,
            )


def _make_order(catalog: CatalogProtocol, is_local: bool) -> Order:
    """Return what the tasks of the session that is going on are part of."""
    from detl.session.provenance import Provenance

    run_params = ORDER_HOOKS.run_params
    provenance = catalog.get("provenance")
    return Order(
        project=Path(run_params["project_path"]),
        command=describe_command(run_params, WORKPLACE.is_beside),
        environment={n: os.environ[n] for n in PASSED_ON if n in os.environ},
        provenance=provenance.describe()
        if isinstance(provenance, Provenance)
        else None,
        is_local=is_local,
    )
