"""What happens around a run: parameters checked, stale outputs removed, MLflow filled.

The nodes know nothing of MLflow. The catalog says which outputs are logged, under
``metadata: {mlflow: {kind: ..., key: ...}}``, and these hooks do it.
"""

import hashlib
import json
import logging
import os
import socket
import sys
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import click
import pandas as pd
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from detl.project_parameters import check_parameters
from detl.quiet import import_keras
from detl.units import Unit, unit_of

if TYPE_CHECKING:
    from detl.run_tree import RunTree

WHOLE_PIPELINES: tuple[list[str] | None, ...] = (["detl"], ["__default__"], None, [])
"""The pipelines whose run, unless filtered, is a run from the beginning."""

_FILTERS = (
    "tags",
    "from_nodes",
    "to_nodes",
    "node_names",
    "from_inputs",
    "to_outputs",
    "namespaces",
    "only_missing_outputs",
)


class ParameterHooks:
    """Refuses misspelt and ill-typed parameters before anything else happens."""

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: KedroContext) -> None:
        """Check the whole tree of parameters, also what no node asks for."""
        check_parameters(context.config_loader["parameters"])


class ProgressHooks:
    """Shows a line per epoch to someone who looks on, and none to a log file."""

    @hook_impl
    def after_context_created(self) -> None:
        """Let the lines of the epochs through where the error stream is a terminal."""
        if sys.stderr.isatty():
            logging.getLogger("detl.epochs").setLevel(logging.INFO)

    @hook_impl(tryfirst=True)
    def before_dataset_loaded(self, node: Node) -> None:
        """Import Keras quietly, just before the first node that needs it."""
        if unit_of(node.namespace):
            import_keras()


class OutputHooks:
    """Removes what a run is about to write.

    What lies on disk is then always of one run, so that "is it there?", which is
    all that ``--only-missing-outputs`` asks, means "has this run made it?".
    """

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Remove the outputs of all nodes that are going to run."""
        from detl.datasets import remove_saved

        if run_params["only_missing_outputs"]:
            return
        for name in sorted(pipeline.all_outputs()):
            dataset = catalog.get(name)
            if dataset is not None:
                remove_saved(dataset)


class MlflowHooks:
    """Fills the tree of MLflow runs (see ``run_tree``) beside the session.

    kedro-mlflow starts and ends the run of the session. A session that runs a part
    of the pipeline continues in the newest run that had the same parameters.
    """

    def __init__(self) -> None:
        self._tree: RunTree | None = None
        self._parameters: dict[str, Any] = {}
        self._environment = ""
        self._open_outputs: dict[Unit, set[str]] = {}
        self._failed: set[Unit] = set()
        self._lock = Lock()
        self._catalog = DataCatalog()

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: KedroContext) -> None:
        """Name the store, before kedro-mlflow reads its name from the environment.

        A relative one would depend on the working directory.
        """
        store = Path(context.project_path) / "mlflow.db"
        os.environ.setdefault("MLFLOW_TRACKING_URI", f"sqlite:///{store.as_posix()}")
        self._parameters = context.config_loader["parameters"]
        self._environment = context.env or "base"

    @hook_impl(tryfirst=True, specname="before_pipeline_run")
    def choose_parent(self, run_params: dict[str, Any]) -> None:
        """Let kedro-mlflow continue in an earlier run where this is part of one."""
        from detl.earlier_runs import find_run_to_continue

        is_part = run_params["pipeline_names"] not in WHOLE_PIPELINES or any(
            run_params[name] for name in _FILTERS
        )
        if is_part and "MLFLOW_RUN_ID" not in os.environ:
            earlier = find_run_to_continue(self._environment, self._digest)
            if earlier:
                os.environ["MLFLOW_RUN_ID"] = earlier

    @hook_impl(trylast=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Describe the run that kedro-mlflow has opened, so that it can be resumed."""
        import mlflow

        from detl.run_tree import RunTree

        run = mlflow.active_run()
        self._tree = None
        if run is None:
            return
        self._tree = RunTree(mlflow.MlflowClient(), run.info.run_id)
        self._catalog = catalog
        self._failed = set()
        self._open_outputs = {}
        for node in pipeline.nodes:
            outputs = self._open_outputs.setdefault(unit_of(node.namespace), set())
            outputs.update(node.outputs)
        command = {
            "env": run_params["env"],
            "pipeline_names": run_params["pipeline_names"],
            "runtime_params": run_params["runtime_params"],
        }
        tags = {
            "detl.environment": self._environment,
            "detl.parameters": self._digest,
            "detl.process": f"{socket.gethostname()}:{os.getpid()}",
        }
        if "detl.command" not in run.data.tags:
            tags["detl.command"] = json.dumps(command)
        for key, value in tags.items():
            self._tree.client.set_tag(run.info.run_id, key, value)

    @hook_impl(tryfirst=True)
    def before_node_run(self, node: Node, inputs: dict[str, Any]) -> None:
        """Open the run of the node's unit.

        ``inputs`` is a copy that only the hooks see: typed parameters become
        dictionaries again in it, which kedro-mlflow can log value by value.
        """
        from pydantic import BaseModel

        for name, value in inputs.items():
            if isinstance(value, BaseModel):
                inputs[name] = value.model_dump()
        if self._tree is not None:
            unit = unit_of(node.namespace)
            with self._lock:
                self._tree.start(unit, self._parameters_of(unit))

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any, node: Node) -> None:
        """Log what the catalog says shall be logged; end a run with its last output."""
        if self._tree is None:
            return
        unit = unit_of(node.namespace)
        self._log(unit, dataset_name, data)
        self._open_outputs[unit].discard(dataset_name)
        if unit and not self._open_outputs[unit]:
            self._tree.end(unit, "FINISHED")

    @hook_impl
    def on_node_error(self, node: Node) -> None:
        """End the run of the node's unit, and of its architecture, as FAILED."""
        if self._tree is not None:
            unit = unit_of(node.namespace)
            while unit:
                self._failed.add(unit)
                self._tree.end(unit, "FAILED")
                unit = unit[:-1]

    @hook_impl(tryfirst=True)
    def after_pipeline_run(self, run_params: dict[str, Any]) -> None:
        """Complete the tree from the catalog and end what is still open."""
        if self._tree is None:
            return
        self._complete_from_catalog()
        self._tree.end_open("FINISHED")
        if run_params["pipeline_names"] in WHOLE_PIPELINES:
            self._tree.client.set_tag(self._tree.parent_id, "detl.complete", "yes")

    @hook_impl(tryfirst=True)
    def on_pipeline_error(self) -> None:
        """Keep what has been made, and end as FAILED what could not be finished."""
        if self._tree is None:
            return
        self._complete_from_catalog()
        self._tree.end_open("FAILED")

    @property
    def _digest(self) -> str:
        """Digest of the parameters: runs that differ in it are different runs."""
        content = json.dumps(self._parameters, sort_keys=True, default=str)
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    def _parameters_of(self, unit: Unit) -> dict[str, Any]:
        """Return the parameters of an architecture, flat; its folds share them."""
        if len(unit) != 1:
            return {}
        blocks = self._parameters["architectures"][unit[0]]
        flat = pd.json_normalize(blocks).iloc[0]
        return {str(name): value for name, value in flat.items()}

    def _log(self, unit: Unit, dataset_name: str, data: Any) -> None:
        how = _how_to_log(self._catalog.get(dataset_name))
        if self._tree is not None and how:
            leaf = dataset_name.rsplit(".", 1)[-1]
            self._tree.log(unit, dataset_name, how["kind"], how.get("key", leaf), data)

    def _complete_from_catalog(self) -> None:
        """Log what lies on disk but not in MLflow.

        That is what a killed session had saved but not logged, and what an earlier
        session made whose run this one does not continue.
        """
        from detl.pipeline_registry import register_pipelines

        if self._tree is None:
            return
        logged = {unit: self._tree.logged(unit) for unit in self._tree.run_ids}
        for node in register_pipelines()["detl"].nodes:
            unit = unit_of(node.namespace)
            for name in node.outputs:
                if unit in logged and name not in logged[unit]:
                    dataset = self._catalog.get(name)
                    if dataset and _how_to_log(dataset) and dataset.exists():
                        self._log(unit, name, dataset.load())


def _how_to_log(dataset: Any) -> dict[str, str] | None:
    """Return what the catalog says about logging this dataset, if anything."""
    metadata = getattr(dataset, "metadata", None) or {}
    return metadata.get("mlflow")


class ClosingTableHooks:
    """Ends a whole run with its result."""

    @hook_impl(trylast=True)
    def after_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Print the summary, where this run has made it."""
        from detl.closing_table import format_summary

        if "summary" in pipeline.all_outputs():
            click.echo(format_summary(catalog.load("summary")))
