"""The hooks around a run: what it needs is prepared, and its result shown."""

import logging
import sys
from pathlib import Path
from typing import Any

import click
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from detl.datasets import FolderDataset, file_of
from detl.design import unit_of
from detl.networks.keras_settings import import_keras
from detl.session.workplace import name_path

AUDIT = "audit_predictions_verdict"
"""Verdict on another model's predictions."""


class ProgressHooks:
    """Shows a line per epoch in a terminal, and none in a log file."""

    @hook_impl
    def after_context_created(self) -> None:
        """Show the epochs if the error stream is a terminal."""
        if sys.stderr.isatty():
            logging.getLogger("detl.epochs").setLevel(logging.INFO)

    @hook_impl(tryfirst=True)
    def before_dataset_loaded(self, node: Node) -> None:
        """Import Keras quietly, just before the first node that needs it."""
        if unit_of(node.namespace):
            import_keras()


class SampleHooks:
    """Makes the sample where a run reads it and it is not there."""

    @hook_impl(tryfirst=True)
    def before_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Make the sample, unless other raw data are asked for (DETL_DATA)."""
        from detl.schemas.parameters import PhantomParameters
        from detl.session.sample import ensure_sample

        if "radiographs" not in pipeline.inputs():
            return
        raw, sample = catalog.get("radiographs"), catalog.get("phantoms")
        if not isinstance(raw, FolderDataset) or not isinstance(sample, FolderDataset):
            return
        if raw.path == sample.path:
            asked = catalog.load("params:phantom")
            ensure_sample(sample, PhantomParameters.model_validate(asked))


class ProvenanceHooks:
    """Tells the report which command, code and machine made it."""

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Put ``provenance`` into the catalog if a node takes it."""
        from detl.session.provenance import Provenance, describe_run

        if "provenance" in pipeline.inputs():
            described = describe_run(Path(run_params["project_path"]), run_params)
            catalog["provenance"] = Provenance(described)


class ClosingTableHooks:
    """Prints the result at the end of a run."""

    def __init__(self) -> None:
        self._project = Path()

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Note where the project lies."""
        self._project = Path(context.project_path)

    @hook_impl(trylast=True)
    def after_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Print the tables that this run has made."""
        from detl.session import closing_table

        made = pipeline.all_outputs()
        report = self._name_file(catalog, "report_page")
        if "optimism" in made:
            click.echo(closing_table.format_optimism(catalog.load("optimism")))
        if "ablation" in made:
            click.echo(closing_table.format_ablation(catalog.load("ablation")))
        if "stability" in made:
            click.echo(closing_table.format_stability(catalog.load("stability")))
        if "summary" in made:
            from detl.session.mlflow_view import find_current_address

            text = closing_table.format_summary(
                catalog.load("summary"), report, find_current_address(self._project)
            )
            click.echo(text)
        elif "report_page" in made:
            click.echo(f"\nThe report: {report}")
        elif AUDIT in made:
            click.echo(closing_table.format_verdict(catalog.load(AUDIT)))
            page = self._name_file(catalog, "audit_predictions_page")
            click.echo(f"\nThe page: {page}")

    def _name_file(self, catalog: DataCatalog, name: str) -> str | None:
        """Return where a dataset's file lies, as people read it; None if nowhere."""
        file = file_of(catalog.get(name))
        if file is None or not file.is_file():
            return None
        return name_path(file, self._project)
