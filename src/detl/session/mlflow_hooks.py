"""Filling MLflow beside a run: a run for the session, its architectures, their folds.

The nodes know nothing of MLflow. The catalog says which outputs are logged, under
``metadata: {mlflow: {kind: ..., key: ...}}``, and these hooks do it.
"""

import hashlib
import json
import os
from collections.abc import Generator
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import pandas as pd
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from detl.design import Unit, unit_of
from detl.errors import DetlError, NotAvailableError
from detl.session.commands import (
    COMMAND,
    LAST_COMMAND,
    UNFINISHED,
    Command,
    ask_for_the_same,
    describe_command,
    name_environment,
)
from detl.session.mlflow_store import (
    asking_once,
    describe_refusal,
    is_of_mlflow,
    name_own_store,
    refuse_unusable_address,
)
from detl.session.project_parameters import describe_fault
from detl.session.selection import FILTERS, every_node, has_all_outputs, select_pipeline

if TYPE_CHECKING:
    from detl.session.run_tree import RunTree

COMPLETE = "detl.complete"
"""Tag of a session's run that has made all that was asked for first."""

SOURCE = "detl.source"
"""Tag of a session's run: what its networks were last tested on elsewhere."""

WHOLE_PIPELINES: tuple[list[str] | None, ...] = (["detl"], ["__default__"], None, [])
"""The pipelines whose run, unless filtered, is a run from the beginning."""


class MlflowHooks:
    """Fills the tree of MLflow runs (see ``run_tree``) beside the session.

    kedro-mlflow starts and ends the run of the session. A session that runs a part
    of the pipeline continues in the newest run that had the same parameters.
    """

    def __init__(self) -> None:
        self._tree: RunTree | None = None
        self._parameters: dict[str, Any] = {}
        self._store = ""
        self._raw = ""
        self._environment = ""
        self._open_outputs: dict[Unit, set[str]] = {}
        self._left_out: list[Node] = []
        self._command: Command = {}
        self._is_continued = False
        self._logged_parameters: dict[str, str] = {}
        self._lock = Lock()
        self._catalog = DataCatalog()

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: KedroContext) -> None:
        """Name the store, before kedro-mlflow reads its name from the environment.

        A relative one would depend on the working directory.
        """
        named = (
            _read_store(context) or os.environ.get("MLFLOW_TRACKING_URI", "").strip()
        )
        if not named:
            project = Path(context.project_path)
            os.environ["MLFLOW_TRACKING_URI"] = named = name_own_store(project)
            # A server has a place of its own for artifacts.
            os.environ["DETL_ARTIFACTS"] = "mlartifacts"
        self._store = named
        refuse_unusable_address(named)
        self._parameters = context.config_loader["parameters"]
        self._raw = context.config_loader["globals"]["raw"]
        self._environment = name_environment(context.env)

    @hook_impl(wrapper=True, specname="after_context_created")
    def refuse_unusable_store(self) -> Generator[None, object, object]:
        """Tell in a sentence, and at once, why kedro-mlflow cannot use the store."""
        try:
            with asking_once():
                return (yield)
        except Exception as error:  # others than these are raised as they are
            if is_of_mlflow(error):
                raise DetlError(describe_refusal(error, self._store)) from error
            raise

    @hook_impl(tryfirst=True, specname="before_pipeline_run")
    def choose_parent(self, run_params: dict[str, Any]) -> None:
        """Let kedro-mlflow continue in an earlier run where this is part of one."""
        from detl.session.earlier_runs import (
            find_run_to_continue,
            refuse_files_of_other_parameters,
            refuse_other_run,
        )

        is_part = run_params["pipeline_names"] not in WHOLE_PIPELINES or any(
            run_params[name] for name in (*FILTERS, "only_missing_outputs")
        )
        if run_params["only_missing_outputs"]:
            refuse_files_of_other_parameters(self._environment, self._digest)
        named = os.environ.get("MLFLOW_RUN_ID")
        if named:
            refuse_other_run(named, self._environment, self._digest)
        elif is_part:
            earlier = find_run_to_continue(self._environment, self._digest)
            if earlier:
                os.environ["MLFLOW_RUN_ID"] = earlier

    @hook_impl(specname="before_pipeline_run")
    def note_command(self, run_params: dict[str, Any], pipeline: Pipeline) -> None:
        """Describe the run that kedro-mlflow has opened, so that it can be resumed.

        Before ``OutputHooks`` removes what is to be made: a process that is killed
        then has not removed anything that it has not said it would make.
        """
        import mlflow

        from detl.session.run_tree import RunTree

        run = mlflow.active_run()
        self._tree = None
        if run is None:
            return
        self._tree = RunTree(mlflow.MlflowClient(), run.info.run_id)
        before = self._tree.tags
        self._is_continued = COMMAND in before
        self._command = describe_command(run_params)
        first = before.get(COMMAND, json.dumps(self._command))
        names = json.loads(first)["pipeline_names"] or ["__default__"]
        tags = {
            COMMAND: first,
            LAST_COMMAND: json.dumps(self._command),
            UNFINISHED: json.dumps([*self._unfinished_others(), self._command]),
            # kedro-mlflow names the run after the pipeline of this session.
            "mlflow.runName": "+".join(names),
            "detl.environment": self._environment,
            "detl.parameters": self._digest,
        }
        if self._is_continued:
            # Until all that was asked for is there again.
            tags[COMPLETE] = "no"
        if "params:source" in pipeline.inputs():
            tags[SOURCE] = str(self._parameters["source"])
        self._tree.set_tags(tags)

    @hook_impl(trylast=True)
    def before_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Note what is not on disk yet, by the units that make it."""
        self._catalog = catalog
        self._open_outputs = {}
        self._left_out = []
        self._logged_parameters = {}
        for node in pipeline.nodes:
            outputs = self._open_outputs.setdefault(unit_of(node.namespace), set())
            outputs.update(n for n in node.outputs if not catalog.exists(n))

    @hook_impl(tryfirst=True)
    def before_node_run(self, node: Node, inputs: dict[str, Any]) -> None:
        """Open the run of the node's unit, and log the parameters that the node uses.

        ``inputs`` is a copy that only the hooks see: parameters are taken out of it,
        which kedro-mlflow would log value by value, each in a call of its own. The
        whole tree is not logged, because its values are by the nodes that use them, nor
        is the source of the external test: a parameter of a run cannot change, and
        one run may be tested on several sources (``SOURCE``).
        """
        inputs.pop("parameters", None)
        inputs.pop("params:source", None)
        used = {
            name.removeprefix("params:"): inputs.pop(name)
            for name in sorted(inputs)
            if name.startswith("params:")
        }
        if self._tree is not None:
            unit = unit_of(node.namespace)
            with self._lock:
                self._tree.start(unit, self._parameters_of)
                before = self._logged_parameters
                flat = _flatten(used)
                new = {k: v for k, v in flat.items() if before.get(k) != v}
                if new:
                    self._tree.log_parameters((), new)
                    before.update(new)

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
    def on_node_error(self, error: Exception, node: Node) -> None:
        """End the run of the node's unit, and of its architecture, as FAILED."""
        if isinstance(error, NotAvailableError):
            self._left_out.append(node)
        elif self._tree is not None:
            unit = unit_of(node.namespace)
            while unit:
                self._tree.end(unit, "FAILED")
                unit = unit[:-1]

    @hook_impl(tryfirst=True)
    def after_pipeline_run(self, pipeline: Pipeline) -> None:
        """Complete the tree from the catalog and end what is still open."""
        if self._tree is None:
            return
        self._complete_from_catalog(pipeline)
        self._tree.end_open(self._open_outputs, "FINISHED")
        os.environ.pop("MLFLOW_RUN_ID", None)
        unfinished = [c for c in self._unfinished_others() if not self._has_made(c)]
        tags = {UNFINISHED: json.dumps(unfinished)}
        first = json.loads(self._tree.tags[COMMAND])
        if not self._is_continued or self._has_made(first):
            tags[COMPLETE] = "yes"
        self._tree.set_tags(tags)

    @hook_impl(tryfirst=True)
    def on_pipeline_error(self, pipeline: Pipeline) -> None:
        """Keep what has been made, and end as FAILED what could not be finished."""
        if self._tree is None:
            return
        self._complete_from_catalog(pipeline)
        self._tree.end_open(self._open_outputs, "FAILED")
        os.environ.pop("MLFLOW_RUN_ID", None)

    @property
    def _digest(self) -> str:
        """Digest of the parameters: runs that differ in it are different runs.

        What a trained network is tested on elsewhere does not make it another one.
        """
        chosen = {k: v for k, v in self._parameters.items() if k != "source"}
        content = json.dumps([self._raw, chosen], sort_keys=True, default=str)
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    def _parameters_of(self, unit: Unit) -> dict[str, Any]:
        """Return the parameters of an architecture, flat; its folds share them."""
        if len(unit) != 1:
            return {}
        return _flatten(self._parameters["architectures"][unit[0]])

    def _log(self, unit: Unit, dataset_name: str, data: Any) -> None:
        how = _how_to_log(self._catalog.get(dataset_name))
        if self._tree is not None and how:
            leaf = dataset_name.rsplit(".", 1)[-1]
            self._tree.log(unit, dataset_name, how["kind"], how.get("key", leaf), data)

    def _complete_from_catalog(self, pipeline: Pipeline) -> None:
        """Log what this run has made or used, and lies on disk, but not in MLflow.

        That is what a killed session had saved but not logged, and what an earlier
        session made whose run this one does not continue.
        """
        if self._tree is None:
            return
        self._tree.look_up()
        whole = every_node()
        for node in whole.to_nodes(*(n.name for n in pipeline.nodes)).nodes:
            unit = unit_of(node.namespace)
            for name in node.outputs:
                if self._tree.lacks(unit, name):
                    dataset = self._catalog.get(name)
                    if dataset and _how_to_log(dataset) and dataset.exists():
                        self._log(unit, name, dataset.load())

    def _unfinished_others(self) -> list[Command]:
        """Return the unfinished commands of the run, without the session's own."""
        if self._tree is None:
            return []
        commands = json.loads(self._tree.tags.get(UNFINISHED, "[]"))
        return [c for c in commands if not ask_for_the_same(c, self._command)]

    def _has_made(self, command: Command) -> bool:
        """Return whether all is there that this command was to make."""
        asked = select_pipeline(command["pipeline_names"], command)
        return has_all_outputs(asked, self._left_out, self._catalog)


def _read_store(context: KedroContext) -> str | None:
    """Return the store that ``conf/*/mlflow.yml`` names, if it names one.

    Raises:
        DetlError: kedro-mlflow would refuse what stands there.
    """
    from kedro_mlflow.config.kedro_mlflow_config import KedroMlflowConfig
    from pydantic import ValidationError

    try:
        read = KedroMlflowConfig.model_validate(context.config_loader["mlflow"])
    except ValidationError as error:
        faults = "; ".join(describe_fault(fault) for fault in error.errors())
        raise DetlError(
            f"The configuration of MLflow is refused: {faults}. Mend it in "
            "conf/*/mlflow.yml."
        ) from error
    named: str | None = read.server.mlflow_tracking_uri
    return named


def _how_to_log(dataset: Any) -> dict[str, str] | None:
    """Return what the catalog says about logging this dataset, if anything."""
    metadata = getattr(dataset, "metadata", None) or {}
    return metadata.get("mlflow")


def _flatten(parameters: dict[str, Any]) -> dict[str, str]:
    """Return the parameters by their whole names, blocks of which may be models."""
    from kedro_mlflow.framework.hooks.mlflow_hook import mlflow_hook
    from pydantic import BaseModel

    plain = {
        name: value.model_dump() if isinstance(value, BaseModel) else value
        for name, value in parameters.items()
    }
    # Records keep each value's type, where a row would make a float of an integer.
    (flat,) = pd.json_normalize(plain).to_dict("records")
    named = mlflow_hook.sanitize_param_name
    return {named(str(name)): str(value) for name, value in flat.items()}
