"""The hooks that refuse a run: for its parameters, its inputs, or what these are of."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from detl.design import unit_of
from detl.errors import DetlError
from detl.session.commands import OF_ADDITIONS, PREDICTIONS, PRETRAININGS
from detl.session.made_with import (
    FILE,
    RAW,
    Change,
    Values,
    find_changes,
    list_values,
)
from detl.session.project_parameters import check_parameters
from detl.session.selection import (
    every_node,
    makers,
    nodes_above,
    outputs_made_from,
    pipeline_of,
)
from detl.session.workplace import Workplace


class ParameterHooks:
    """Refuses misspelt and ill-typed parameters before anything else happens."""

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: KedroContext) -> None:
        """Check the whole tree of parameters, even those that no node takes."""
        check_parameters(context.config_loader["parameters"])


class InputHooks:
    """Refuses to start where inputs are missing or unreadable."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace

    @hook_impl(tryfirst=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Look for the inputs that other stages make, and read the external source."""
        if f"params:{PRETRAININGS}" in pipeline.inputs():
            _refuse_one_pretraining(run_params, catalog)
        made_by = makers()
        missing = [
            name
            for name in sorted(pipeline.inputs() & made_by.keys())
            if not catalog.exists(name) and _is_needed(name, pipeline, catalog)
        ]
        if missing:
            maker = made_by[missing[0]].name
            one = f"--to-nodes {maker}"
            wanted = one if len(missing) == 1 else "--pipeline detl"
            environment = f" --env {run_params['env']}" if run_params["env"] else ""
            only = " --only-missing-outputs" if self._workplace.is_beside else ""
            raise DetlError(
                f"{missing[0]!r} is not there yet{self._workplace.where}; node "
                f"{maker!r} makes it ({len(missing)} missing in all): run 'kedro run "
                f"{wanted}{environment}{only}' first."
            )
        is_audit = f"params:{PREDICTIONS}" in pipeline.inputs()
        if is_audit:
            _refuse_unreadable_predictions(catalog)
        if "params:source" in pipeline.inputs() and not (
            is_audit and catalog.load("params:source") is None
        ):
            _refuse_unreadable_source(catalog)


def _is_needed(name: str, pipeline: Pipeline, catalog: DataCatalog) -> bool:
    """Return whether a node of the pipeline cannot do without this dataset.

    What may be missing (``MayBeMissing``) is missing to other parts of the graph: a
    table over all networks does without one of them, and a network's own nodes do not.
    """
    from detl.datasets import MayBeMissing

    if not isinstance(catalog.get(name), MayBeMissing):
        return True
    owner = unit_of(makers()[name].namespace)
    takers = [node for node in pipeline.nodes if name in node.inputs]
    return owner != () and owner in {unit_of(node.namespace) for node in takers}


def _refuse_one_pretraining(run_params: dict[str, Any], catalog: DataCatalog) -> None:
    """Refuse to compare pretrainings where there is to be one."""
    from detl.session.provenance import spell_command

    if catalog.load(f"params:{PRETRAININGS}") > 1:
        return
    asked = {**(run_params["runtime_params"] or {}), PRETRAININGS: 3}
    raise DetlError(
        f"'{PRETRAININGS}' is 1, which is the one that pipeline detl makes, and must "
        "be 2 or more to compare it with others: run "
        f"'{spell_command({**run_params, 'runtime_params': asked})}'."
    )


def _refuse_unreadable_source(catalog: DataCatalog) -> None:
    """Refuse an external source before the results of the last one are replaced.

    The node that reads it refuses it too, but only after ``OutputHooks``.
    """
    from detl.schemas.parameters import IngestParameters
    from detl.sources.external import read_external_images

    ingest = IngestParameters.model_validate(catalog.load("params:ingest"))
    key = catalog.load("patient_key")
    read_external_images(catalog.load("params:source"), ingest, key)


def _refuse_unreadable_predictions(catalog: DataCatalog) -> None:
    """Refuse another model's csv before the last page is replaced."""
    from detl.sources.predictions_csv import read_answers

    predictions = catalog.load(f"params:{PREDICTIONS}")
    if predictions is None:
        raise DetlError(
            "There are no predictions to audit: name a csv with --params "
            "predictions=CSV."
        )
    read_answers(Path(predictions))


def _list_taken(
    pipeline: Pipeline, catalog: DataCatalog, *, only_missing: bool
) -> list[str]:
    """Return the datasets of nodes that are there and that a run takes as they are."""
    outputs = pipeline.all_outputs()
    if only_missing:
        names = pipeline.inputs() | outputs
    else:
        # ``OutputHooks`` puts these out of use before the run.
        names = pipeline.inputs() - outputs_made_from(outputs)
    return [name for name in sorted(names & makers().keys()) if catalog.exists(name)]


def _spell_making(datasets: list[str], run_params: dict[str, Any]) -> str:
    """Return the command that makes these datasets with the parameters of this run."""
    from detl.session.provenance import spell_command

    maker = makers()[datasets[0]]
    is_one = len(datasets) == 1
    return spell_command(
        {
            "env": run_params["env"],
            "runtime_params": run_params["runtime_params"],
            "pipeline_names": [pipeline_of(maker) if is_one else "detl"],
            "to_nodes": [maker.name] if is_one else [],
        }
    )


class LedgerHooks:
    """Notes which parameters datasets are made with, and refuses to take others."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace
        self._raw = ""
        self._is_sample = False
        self._values: Values = {}

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Find the raw data of the environment."""
        folders = context.config_loader["globals"]
        self._raw = folders["raw"]
        self._is_sample = folders["raw"] == folders["sample"]

    @hook_impl(tryfirst=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Refuse files that were made with other parameters than this run has.

        Raises:
            DetlError: A file that the run takes was made with another parameter, or
                the ledger does not say what it was made with.
        """
        self._values = list_values(catalog.load("parameters"), self._raw)
        taken = _list_taken(
            pipeline, catalog, only_missing=run_params["only_missing_outputs"]
        )
        ledger = self._workplace.ledger.read()
        if unnoted := [name for name in taken if name not in ledger]:
            file = self._workplace.ledger.folder / FILE
            raise DetlError(
                f"{unnoted[0]!r} is there, and {file} does not say what it was made "
                f"with (files without a note: {len(unnoted)}): put a copy of that "
                "ledger back, or make the files again with "
                f"'{_spell_making(unnoted, run_params)}'."
            )
        above = nodes_above(taken, catalog)
        in_order = [node for node in every_node().nodes if node in above]
        changes = [
            change
            for change in find_changes(in_order, ledger, self._values)
            if self._matters(change, ledger)
        ]
        if not run_params["only_missing_outputs"]:
            # The same images may lie in another folder on another machine.
            changes = [change for change in changes if change.parameter != RAW]
        # The results of an external test stay those of their own source, for example.
        unused = {n for n in OF_ADDITIONS if f"params:{n}" not in pipeline.inputs()}
        changes = [change for change in changes if change.parameter not in unused]
        if changes:
            dataset, name, before = changes[0]
            raise DetlError(
                f"{dataset!r}{self._workplace.where} was made with {name} = "
                f"{before or 'nothing'}, and "
                f"{self._values.get(name, 'nothing')} is asked for (parameters "
                f"changed: {len(changes)}): put these back, or make it again with the "
                f"new ones, '{_spell_making([dataset], run_params)}'."
            )

    def _matters(self, change: Change, ledger: Mapping[str, Values]) -> bool:
        """Return whether a change is of raw data that were and are those in use."""
        if not change.parameter.startswith("phantom."):
            return True
        return self._is_sample and ledger[change.dataset].get(RAW) == self._raw

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Note the node's outputs before they are made, here or by a worker."""
        self._workplace.ledger.note(node.outputs, self._values)
