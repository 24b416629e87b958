"""The MLflow run of one session: what it was asked for, has made, and leaves open."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import yaml
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from mlflow.tracking import MlflowClient

from detl.design import Unit, labels_of, unit_of
from detl.errors import NotAvailableError
from detl.schemas.keras_model import KerasModel
from detl.session.commands import (
    COMMAND,
    COMPLETE,
    IN_PLACE,
    LAST_COMMAND,
    MODELS,
    NAMING_FILES,
    PREDICTIONS,
    RESULTS,
    SOURCE,
    TESTED_ON,
    UNFINISHED,
    Command,
    Setting,
    ask_for_the_same,
    describe_command,
)
from detl.session.logged_model import TwoParts
from detl.session.mlflow_view import save_view
from detl.session.provenance import tag_accelerators, tag_run
from detl.session.run_tree import CROSS_VALIDATION, UNIT, RunTree
from detl.session.selection import every_node, has_all_outputs, select_pipeline
from detl.session.shown_parameters import choose_parameters

LATE = ("curves", "model")
"""What a fold logs last, in this order.

MLflow's compare page begins with the metric that a run has had first, which is to be
the accuracy."""


class SessionRun:
    """Fills the run tree with what the nodes of one session use and make."""

    def __init__(
        self, run_id: str, setting: Setting, pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Find the runs below ``run_id``, which kedro-mlflow has opened."""
        self._tree = RunTree(MlflowClient(), run_id)
        self._setting = setting
        self._pipeline = pipeline
        self._catalog = catalog
        self._command: Command = {}
        self._is_continued = COMMAND in self._tree.tags
        self._to_make: dict[Unit, set[str]] = {}
        self._left_out: list[Node] = []
        self._late: dict[Unit, dict[str, Any]] = {}
        self._trunk: dict[str, KerasModel] = {}
        self.accelerators: str | None = None
        """Those of other processes in which the nodes run; None if they run here."""

    def begin(self, run_params: Mapping[str, Any], is_beside: bool) -> None:
        """Note the command as unfinished, and what its units have to make.

        Args:
            run_params: What Kedro passes to ``before_pipeline_run``.
            is_beside: Whether earlier files are still where these belong.
        """
        self._command = describe_command(run_params, is_beside)
        self._note_command(run_params, is_beside)
        only_missing = run_params["only_missing_outputs"]
        for node in self._pipeline.nodes:
            to_make = self._to_make.setdefault(unit_of(node.namespace), set())
            to_make.update(
                name
                for name in node.outputs
                if not (only_missing and self._catalog.exists(name))
            )

    def start_node(self, node: Node) -> None:
        """Open the run of the node's unit."""
        self._tree.start(unit_of(node.namespace), self._parameters_of)

    def add_output(self, node: Node, name: str, data: Any) -> None:
        """Log an output if the catalog says so; end a unit's run with its last one."""
        unit = unit_of(node.namespace)
        how = self._how_to_log(name)
        if how and how["kind"] == "picture":
            data = self._catalog.load(name)  # with what stands below it in the file
        if how and how["kind"] in LATE and "fold" in labels_of(unit):
            self._late.setdefault(unit, {})[name] = data
        elif how:
            self._log(unit, name, data, how)
        self._to_make[unit].discard(name)
        if unit and not self._to_make[unit]:
            self._log_late(unit)
            self._tree.end(unit, "FINISHED")

    def add_made(self, node: Node) -> None:
        """Log the outputs of a node that has run in another process."""
        for name in node.outputs:
            is_logged = self._how_to_log(name) is not None
            data = self._catalog.load(name) if is_logged else None
            self.add_output(node, name, data)

    def end_node(self, node: Node, error: Exception) -> None:
        """End the run of the unit, and those above it, as FAILED.

        A node that is not available here has not failed.
        """
        if isinstance(error, NotAvailableError):
            self._left_out.append(node)
            return
        unit = unit_of(node.namespace)
        while unit:
            self._tree.end(unit, "FAILED")
            unit = unit[:-1]

    def end(self, status: str) -> None:
        """Log what is on disk but not in MLflow, and end the runs that are open.

        A killed session may have saved something without logging it, and an earlier
        session may have logged in a run that this one does not continue.

        Args:
            status: ``FINISHED`` or ``FAILED``, for runs that lack an output.
        """
        self._tree.look_up()
        asked = [node.name for node in self._pipeline.nodes]
        for node in every_node().to_nodes(*asked).nodes:
            unit = unit_of(node.namespace)
            for name in node.outputs:
                if self._tree.lacks(unit, name):
                    how, dataset = self._how_to_log(name), self._catalog.get(name)
                    if how and dataset and dataset.exists():
                        self._log(unit, name, dataset.load(), how)
        self._tree.log_headline()
        self._tree.set_tags(tag_accelerators(self.accelerators))
        self._tree.end_open(self._to_make, status)

    def note_end(self) -> None:
        """Note which commands are still unfinished, and whether the run is complete."""
        unfinished = [c for c in self._unfinished_others() if not self._has_made(c)]
        tags = {UNFINISHED: json.dumps(unfinished)}
        first = json.loads(self._tree.tags[COMMAND])
        if not self._is_continued or self._has_made(first):
            tags[COMPLETE] = "yes"
        self._tree.set_tags(tags)

    def _note_command(self, run_params: Mapping[str, Any], is_beside: bool) -> None:
        first = self._tree.tags.get(COMMAND, json.dumps(self._command))
        names = json.loads(first)["pipeline_names"] or ["__default__"]
        tags = {
            COMMAND: first,
            LAST_COMMAND: json.dumps(self._command),
            UNFINISHED: json.dumps([*self._unfinished_others(), self._command]),
            # kedro-mlflow names the run after the pipeline of this session.
            "mlflow.runName": "+".join(names),
            "detl.environment": self._setting.environment,
            "detl.parameters": self._setting.digest,
            RESULTS: self._setting.results,
            IN_PLACE: self._tree.tags.get(IN_PLACE, "not yet" if is_beside else "yes"),
            # Of kedro-mlflow and MLflow, which write where the project lies here.
            "project_path": ".",
            "mlflow.source.name": "kedro",
            UNIT: "",
            CROSS_VALIDATION: self._tree.parent_id,
            **tag_run(run_params),
        }
        if self._is_continued:
            # Until all that was asked for is there again.
            tags[COMPLETE] = "no"
        taken = self._pipeline.inputs()
        if f"params:{SOURCE}" in taken and f"params:{PREDICTIONS}" not in taken:
            tags[TESTED_ON] = str(self._setting.parameters[SOURCE])
        self._tree.set_tags(tags)
        if not self._is_continued:
            parameters = {
                name: value
                for name, value in self._setting.parameters.items()
                if name not in NAMING_FILES
            }
            text = yaml.safe_dump(parameters, sort_keys=False, allow_unicode=True)
            self._tree.log_parameters((), self._parameters_of(()))
            self._tree.client.log_text(self._tree.parent_id, text, "parameters.yml")
        save_view(self._tree.client, self._tree.parent_id)

    def _parameters_of(self, unit: Unit) -> dict[str, str]:
        given = self._command["runtime_params"] or {}
        return choose_parameters(unit, self._setting, given)

    def _how_to_log(self, name: str) -> dict[str, Any] | None:
        """Return what the catalog says about logging this dataset, if anything."""
        metadata = getattr(self._catalog.get(name), "metadata", None) or {}
        how = metadata.get("mlflow")
        if how and how["kind"] == "model" and not self._setting.parameters[MODELS]:
            return None
        return how

    def _log(self, unit: Unit, name: str, data: Any, how: Mapping[str, Any]) -> None:
        key = how.get("key", name.rsplit(".", 1)[-1])
        if how["kind"] == "model":
            data = TwoParts(data, partial(self._load_trunk, how["trunk"]))
        self._tree.log(unit, name, how["kind"], key, data, how.get("keys", {}))

    def _load_trunk(self, name: str) -> KerasModel:
        """Return the trunk, which the folds of an architecture share."""
        if name not in self._trunk:
            self._trunk = {name: self._catalog.load(name)}
        return self._trunk[name]

    def _log_late(self, unit: Unit) -> None:
        waiting = [
            (how, name, data)
            for name, data in self._late.pop(unit, {}).items()
            if (how := self._how_to_log(name))
        ]
        for how, name, data in sorted(waiting, key=lambda w: LATE.index(w[0]["kind"])):
            self._log(unit, name, data, how)

    def _unfinished_others(self) -> list[Command]:
        """Return the unfinished commands of the run, without the session's own."""
        commands = json.loads(self._tree.tags.get(UNFINISHED, "[]"))
        return [c for c in commands if not ask_for_the_same(c, self._command)]

    def _has_made(self, command: Command) -> bool:
        """Return whether everything is there that this command makes."""
        asked = select_pipeline(command["pipeline_names"], command)
        return has_all_outputs(asked, self._left_out, self._catalog)
