"""A runner that goes fold by fold, and goes on if one branch fails."""

from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from kedro.runner import SequentialRunner
from kedro.runner.task import Task
from pluggy import PluginManager

from detl.design import Unit, unit_of
from detl.errors import DetlError, NotAvailableError
from detl.session.selection import nodes_that_need


class FoldByFoldRunner(SequentialRunner):
    """Runs one node after the other, an architecture and a fold at a time.

    Kedro's own runners go breadth first: all folds are trained before the first is
    scored. Here a fold is trained, scored and explained before the next one begins.
    If a node of one architecture or fold fails, the nodes that do not need its outputs
    still run; then the first error is raised. If a node fails that all share, such as
    the split, nothing more runs. If a node says that its branch is not available here,
    the branch is left out, and that is not an error.
    """

    def __repr__(self) -> str:
        """Return a text that says which of Kedro's runners this one is.

        Kedro-Viz follows a run, for its workflow view, if it finds
        "kedro.runner.sequential_runner.SequentialRunner object" in this text.
        """
        kind = f"{SequentialRunner.__module__}.{SequentialRunner.__qualname__}"
        return f"<{type(self).__qualname__}, a {kind} object>"

    def _run(
        self,
        pipeline: Pipeline,
        catalog: CatalogProtocol,
        hook_manager: PluginManager | None = None,
        run_id: str | None = None,
    ) -> None:
        needs = pipeline.node_dependencies
        loads = {
            name: sum(name in node.inputs for node in pipeline.nodes)
            for name in pipeline.datasets()
        }
        done: set[Node] = set()
        left_out: set[Node] = set()
        errors: dict[Node, Exception] = {}
        waiting = sorted(pipeline.nodes, key=_unit)
        while node := next((n for n in waiting if needs[n] <= done | left_out), None):
            waiting.remove(node)
            task = Task(node, catalog, self._is_async, hook_manager, run_id=run_id)
            try:
                task.execute()
            except KeyboardInterrupt as interrupt:
                raise DetlError(
                    f"The run was interrupted in node {node.name!r}; "
                    "'make resume' continues it."
                ) from interrupt
            except NotAvailableError as reason:
                branch = {node, *nodes_that_need(node, pipeline, catalog)}
                self._logger.info("%d nodes are left out: %s", len(branch), reason)
                left_out |= branch
                waiting = [n for n in waiting if n not in branch]
            except Exception as error:
                if _unit(node) == ():
                    raise
                errors[node] = error
                self._logger.error("Node %s failed: %s", node.name, error)
            else:
                done.add(node)
                self._release_datasets(node, catalog, loads, pipeline)
        if errors:
            self._logger.error(
                "%d of %d nodes are not done; once the cause is removed, "
                "'make resume' continues this run.",
                len(needs) - len(done | left_out),
                len(needs),
            )
            raise next(iter(errors.values()))


def _unit(node: Node) -> Unit:
    return unit_of(node.namespace)
