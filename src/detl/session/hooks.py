"""What happens around a run: parameters checked, stale outputs removed, result told."""

import logging
import sys
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from detl.design import unit_of
from detl.errors import DetlError
from detl.session.project_parameters import ProjectParameters, check_parameters
from detl.session.quiet import import_keras
from detl.session.selection import every_node, outputs_made_from
from detl.session.simultaneous_runs import Use, using

REPORT = "08_reporting/report.html"
"""Where the page of the report lies, below the data folder (catalog.yml)."""


class DataFolderHooks:
    """Refuses a run that another one would disturb, before anything else happens."""

    def __init__(self) -> None:
        self._held = ExitStack()
        self._folder = Path()

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Note the data folder of the environment."""
        data = context.config_loader["globals"]["data"]
        self._folder = Path(context.project_path) / data

    @hook_impl(wrapper=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> Generator[None, Any, Any]:
        """Hold the data folder until the run ends, or until another hook refuses it."""
        from detl.session.provenance import spell_command

        use = _use_of(pipeline, catalog, run_params["only_missing_outputs"])
        self._held.close()
        self._held.enter_context(using(self._folder, use, spell_command(run_params)))
        try:
            return (yield)
        except BaseException:
            self._held.close()
            raise

    @hook_impl(wrapper=True)
    def after_pipeline_run(self) -> Generator[None, Any, Any]:
        """Let the data folder go."""
        with self._held:
            return (yield)

    @hook_impl(wrapper=True)
    def on_pipeline_error(self) -> Generator[None, Any, Any]:
        """Let the data folder go."""
        with self._held:
            return (yield)


def _use_of(pipeline: Pipeline, catalog: DataCatalog, only_missing: bool) -> Use:
    """Return what a run reads, writes and removes, folders by their paths.

    Two datasets may be one folder: the phantoms are written as one and read as another.
    """
    from detl.datasets import FolderDataset

    def named(names: set[str]) -> frozenset[str]:
        datasets = {name: catalog.get(name) for name in names}
        return frozenset(
            str(dataset.path) if isinstance(dataset, FolderDataset) else name
            for name, dataset in datasets.items()
        )

    writes = pipeline.all_outputs()
    removes = set() if only_missing else outputs_made_from(writes) - writes
    return Use(named(pipeline.inputs()), named(writes), named(removes))


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


class InputHooks:
    """Refuses to start where inputs are missing, unreadable, or of other parameters."""

    @hook_impl(tryfirst=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Look for the inputs that another stage makes."""
        from detl.datasets import MayBeMissing

        makers = {
            output: node for node in every_node().nodes for output in node.outputs
        }
        missing = [
            name
            for name in sorted(pipeline.inputs() & makers.keys())
            if not isinstance(catalog.get(name), MayBeMissing)
            and not catalog.exists(name)
        ]
        if missing:
            maker = makers[missing[0]].name
            one = f"--to-nodes {maker}"
            wanted = one if len(missing) == 1 else "--pipeline detl"
            environment = f" --env {run_params['env']}" if run_params["env"] else ""
            raise DetlError(
                f"{missing[0]!r} is not there yet, which node {maker!r} makes "
                f"({len(missing)} missing in all): run 'kedro run "
                f"{wanted}{environment}' first."
            )
        _refuse_other_parameters(pipeline.inputs(), catalog)
        if "params:source" in pipeline.inputs():
            _refuse_unreadable_source(catalog)
            if run_params["only_missing_outputs"]:
                _refuse_files_of_another_source(catalog)


def _refuse_other_parameters(taken: set[str], catalog: DataCatalog) -> None:
    """Refuse parameters that are not those of the files that are taken from disk."""
    loaded = catalog.load("parameters")
    asked = ProjectParameters.model_validate(loaded).model_dump()
    if taken & {"images", "pixels"}:
        _refuse_another(catalog, "ingest_parameters", "ingest", asked["ingest"])
    if "data_b" in taken:
        _refuse_another(catalog, "split_parameters", "split", asked["split"])
    for name, blocks in asked["architectures"].items():
        for stage, used in (
            (f"{name}.pretrain", ("network", "pretrain")),
            (f"{name}.crossval", ("transfer",)),
        ):
            if any(dataset.startswith(f"{stage}.") for dataset in taken):
                chosen = {block: blocks[block] for block in used}
                where = f"architectures.{name}"
                _refuse_another(catalog, f"{stage}.trained_with", where, chosen)


def _refuse_another(
    catalog: DataCatalog, noted: str, where: str, asked: dict[str, Any]
) -> None:
    """Refuse a block of parameters that is not the one noted beside the files."""
    from detl.schemas.parameters import flatten_parameters

    if not catalog.exists(noted):
        return
    before = flatten_parameters({where: catalog.load(noted)})
    now = flatten_parameters({where: asked})
    changed = [n for n in sorted(before | now) if before.get(n) != now.get(n)]
    if changed:
        name = changed[0]
        raise DetlError(
            f"The files on disk were made with {name} = {before.get(name, 'nothing')}, "
            f"and {now.get(name, 'nothing')} is asked for (parameters changed: "
            f"{len(changed)}): put these back, or run 'kedro run --pipeline detl' with "
            "the new ones first."
        )


def _refuse_unreadable_source(catalog: DataCatalog) -> None:
    """Refuse an external source before the results of the one before are removed.

    The node that reads it would refuse it too, but after ``OutputHooks``.
    """
    from detl.pipelines.external.nodes import read_external_images
    from detl.schemas.parameters import IngestParameters

    ingest = IngestParameters.model_validate(catalog.load("params:ingest"))
    key = catalog.load("patient_key")
    read_external_images(catalog.load("params:source"), ingest, key)


def _refuse_files_of_another_source(catalog: DataCatalog) -> None:
    """Refuse to take what lies on disk for the results of this external source."""
    before, asked = catalog.load("external.source"), catalog.load("params:source")
    if before not in (None, asked):
        raise DetlError(
            f"The files on disk are of the external source {before!r}, and {asked!r} "
            "is asked for: run without --only-missing-outputs, or name that one."
        )


class ProvenanceHooks:
    """Tells the report what it was made by."""

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Put ``provenance`` into the catalog, where a node asks for it."""
        from detl.session.provenance import Provenance, describe_run

        if "provenance" in pipeline.inputs():
            described = describe_run(Path(run_params["project_path"]), run_params)
            catalog["provenance"] = Provenance(described)


class OutputHooks:
    """Removes what a run is about to write, and what was made from it.

    Nothing on disk is then older than what it was made from, so that "is it there?",
    which is all that ``--only-missing-outputs`` asks, means "is it made from this?".
    """

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Remove the outputs of all nodes that are going to run, and what follows."""
        from detl.datasets import remove_saved

        if run_params["only_missing_outputs"]:
            return
        outputs = pipeline.all_outputs()
        for name in sorted(outputs | outputs_made_from(outputs)):
            dataset = catalog.get(name)
            if dataset is not None:
                remove_saved(dataset)


class ClosingTableHooks:
    """Ends a run with its result."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Note where the report goes, as it is typed from the project's root."""
        self._report = f"{context.config_loader['globals']['data']}/{REPORT}"

    @hook_impl(trylast=True)
    def after_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Print the tables that this run has made."""
        from detl.session import closing_table

        made = pipeline.all_outputs()
        if "optimism" in made:
            click.echo(closing_table.format_optimism(catalog.load("optimism")))
        if "ablation" in made:
            click.echo(closing_table.format_ablation(catalog.load("ablation")))
        if "summary" in made:
            summary = catalog.load("summary")
            click.echo(closing_table.format_summary(summary, self._report))
        elif "report_page" in made:
            click.echo(f"\nThe report: {self._report}")
