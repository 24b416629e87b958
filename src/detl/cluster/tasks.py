"""Which nodes a worker runs in one go, and which of these tasks comes next."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from detl.design import ARCHITECTURES, Unit, unit_of
from detl.session.selection import nodes_that_need


@dataclass(frozen=True)
class Task:
    """Nodes of one namespace that follow each other without waiting for another."""

    unit: Unit
    nodes: tuple[Node, ...]
    """In an order that their inputs allow."""

    @property
    def name(self) -> str:
        """The name of the first node, by which messages speak of the task."""
        return str(self.nodes[0].name)


def tasks_of(pipeline: Pipeline) -> list[Task]:
    """Return the tasks of a pipeline, each behind those that it needs.

    Kedro's ``group_nodes_by("namespace")`` looks at the first part of a namespace only,
    which is one task for all of an architecture. Here a task is a namespace's nodes (a
    stage's, of an architecture and a fold where it has them) up to where they wait for
    another namespace's; what comes after that is another task. So the pretraining does
    not wait for pictures of the sample, and an architecture's scores not for its maps.
    """
    needs = pipeline.node_dependencies
    step: dict[Node, int] = {}
    nodes: dict[tuple[int, str], list[Node]] = {}
    for node in pipeline.nodes:  # in an order that their inputs allow
        place = node.namespace or ""
        step[node] = max(
            (step[n] + (n.namespace != node.namespace) for n in needs[node]), default=0
        )
        nodes.setdefault((step[node], place), []).append(node)
    in_order = sorted(nodes.items(), key=lambda item: item[0][0])
    return [Task(unit_of(place), tuple(of_it)) for (_, place), of_it in in_order]


class Schedule:
    """Says which task comes next, and goes on past those that fail.

    First comes the task after which most is still to be done, one task after the other,
    so that the longest does not end alone. Where that is not known, an architecture
    that stands later in the design, which is a larger one, comes first.
    """

    def __init__(
        self, pipeline: Pipeline, catalog: CatalogProtocol, seconds: Mapping[str, float]
    ) -> None:
        """Cut the pipeline into tasks.

        Args:
            pipeline: What is to be run.
            catalog: Says which inputs a node can do without.
            seconds: What each node takes, by name, in any unit of time.
        """
        self._pipeline, self._catalog = pipeline, catalog
        self._needs = pipeline.node_dependencies
        tasks = tasks_of(pipeline)
        rank = _rank(tasks, self._needs, seconds)
        self._waiting = sorted(tasks, key=lambda task: rank[task], reverse=True)
        self._over: set[Node] = set()
        """Nodes that are done or left out: those behind them need not wait."""
        self.lost: set[Node] = set()
        """Nodes that failed, and those that need them."""

    def take(self) -> Task | None:
        """Return the next task, None if each waits for others or none is left."""
        for task in tuple(self._waiting):
            nodes = tuple(n for n in task.nodes if n not in self._over | self.lost)
            if all(self._needs[n] <= self._over.union(nodes) for n in nodes):
                self._waiting.remove(task)
                if nodes:
                    return replace(task, nodes=nodes)
        return None

    def finish(self, task: Task, left_out: Iterable[Node]) -> list[Node]:
        """Return the nodes of a task that are done; let those go that wait for it.

        Args:
            task: It has come to its end.
            left_out: Nodes that are not available here; those that cannot do without
                them are left out too.
        """
        out = set(left_out)
        for node in tuple(out):
            out |= nodes_that_need(node, self._pipeline, self._catalog)
        self._over |= out.union(task.nodes)
        return [node for node in task.nodes if node not in out]

    def fail(self, task: Task, made: Iterable[Node]) -> Node:
        """Return the node at which a task failed; drop all that needs what it lacks.

        Args:
            task: It has failed.
            made: Those of its nodes whose outputs are there all the same.
        """
        self._over.update(made)
        lacking = [node for node in task.nodes if node not in self._over]
        # A task may also fail after its last node.
        lacking = lacking or [task.nodes[-1]]
        names = [str(node.name) for node in lacking]
        self.lost.update(self._pipeline.from_nodes(*names).nodes)
        return lacking[0]


def _rank(
    tasks: list[Task], needs: Mapping[Node, set[Node]], seconds: Mapping[str, float]
) -> dict[Task, tuple[float, int]]:
    """Return the time from a task's start to the end of the run, and its network."""
    task_of = {node: task for task in tasks for node in task.nodes}
    after: dict[Task, float] = dict.fromkeys(tasks, 0.0)
    for task in reversed(tasks):
        own = after[task] = after[task] + sum(seconds[str(n.name)] for n in task.nodes)
        for before in {task_of[n] for node in task.nodes for n in needs[node]} - {task}:
            after[before] = max(after[before], own)
    size = {name: place for place, name in enumerate(ARCHITECTURES, start=1)}
    return {
        task: (after[task], size.get(task.unit[0], 0) if task.unit else 0)
        for task in tasks
    }
