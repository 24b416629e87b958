"""The hooks that keep finished results until others can take their place."""

from collections.abc import Generator, Mapping
from contextlib import ExitStack
from typing import Any

import click
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol, DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from detl.datasets import file_of
from detl.errors import DetlError, NotAvailableError
from detl.session.provenance import spell_command
from detl.session.selection import (
    every_node,
    in_order,
    is_whole,
    nodes_that_need,
    outputs_made_from,
    pipeline_of,
    select_pipeline,
    trains_nothing,
)
from detl.session.simultaneous_runs import Use, using
from detl.session.workplace import Workplace


class DataFolderHooks:
    """Holds the data folder, and lets new results take the place of the earlier ones.

    A run that would disturb another one is refused, before anything else happens.
    """

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace
        self._held = ExitStack()
        self._left_out: list[Node] = []

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Find the data folder of the environment."""
        self._workplace.begin(context)

    @hook_impl(wrapper=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> Generator[None, Any, Any]:
        """Hold the data folder until the run ends or another hook refuses it."""
        only_missing = run_params["only_missing_outputs"]
        use = _use_of(pipeline, catalog, only_missing)
        self._left_out = []
        self._held.close()
        self._held.enter_context(
            using(self._workplace.data, use, spell_command(run_params))
        )
        try:
            if _begins_anew(run_params, pipeline):
                self._workplace.end()
                _refuse_to_drop_results(self._workplace, catalog, run_params)
            else:
                self._workplace.enter(catalog)
            return (yield)
        except BaseException:
            self._held.close()
            raise

    @hook_impl
    def on_node_error(self, error: Exception, node: Node) -> None:
        """Note what cannot be had here."""
        if isinstance(error, NotAvailableError):
            self._left_out.append(node)

    @hook_impl(wrapper=True)
    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> Generator[None, Any, Any]:
        """Let new results take their place before others look; let the folder go."""
        place = self._workplace
        with self._held:
            out = set(self._left_out)
            for node in self._left_out:
                out |= nodes_that_need(node, pipeline, catalog)
            names = [name for node in out for name in node.outputs]
            place.end({place.file_of(catalog, name) for name in names})
            if place.missing:
                place.makers = _find_makers(place, catalog)
                place.is_quick = _trains_nothing(place.makers, catalog)
            result = yield
        if place.is_beside:
            click.echo(f"\n{_describe_rest(place, run_params)}")
        return result

    @hook_impl(wrapper=True)
    def on_pipeline_error(self) -> Generator[None, Any, Any]:
        """Let the data folder go; say that the earlier results are still there."""
        with self._held:
            result = yield
        place = self._workplace
        if place.is_beside:
            click.echo(
                f"The earlier result in {place.name} is as it was. 'kedro resume' goes "
                f"on with the new one in {place.place}; "
                f"'{place.spell_clean('--next')}' drops it.",
                err=True,
            )
        return result


def _use_of(pipeline: Pipeline, catalog: DataCatalog, only_missing: bool) -> Use:
    """Return what a run reads, writes and puts out of date.

    Folders are named by their paths: two datasets may be the same folder, such as that
    of the phantoms.
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


def _begins_anew(run_params: Mapping[str, Any], pipeline: Pipeline) -> bool:
    """Return whether a run takes nothing of what others have made beside."""
    return not run_params["only_missing_outputs"] and is_whole(pipeline)


def _refuse_to_drop_results(
    place: Workplace, catalog: CatalogProtocol, run_params: Mapping[str, Any]
) -> None:
    """Refuse a whole run where one has come to its end beside earlier results."""
    outputs = select_pipeline(None, {}).all_outputs()
    files = [place.file_of(catalog, name) for name in outputs]
    if not place.next.is_open() or not all(
        place.next.place_of(file).is_file() for file in files if file
    ):
        return
    place.makers = _find_makers(place, catalog)
    raise DetlError(
        f"{place.next.folder} holds the result of a whole run, which cannot take the "
        f"place of the earlier one before all of that is made again (files missing: "
        f"{len(place.missing)}): '{spell_rest(place, run_params)}' makes them, "
        f"'{place.spell_clean('--earlier')}' does without them, and "
        f"'{place.spell_clean('--next')}' drops the new one."
    )


def _find_makers(place: Workplace, catalog: CatalogProtocol) -> list[str]:
    """Return the pipelines that make what is missing."""
    missing = set(place.missing)
    nodes = [
        node
        for node in every_node().nodes
        if any(place.file_of(catalog, name) in missing for name in node.outputs)
    ]
    return list(dict.fromkeys(pipeline_of(node) for node in nodes))


def _trains_nothing(pipelines: list[str], catalog: CatalogProtocol) -> bool:
    """Return whether nothing has to be trained for what these pipelines lack."""
    return all(
        trains_nothing(node)
        for node in select_pipeline(pipelines, {}).nodes
        if any(_is_missing(catalog, name) for name in node.outputs)
    )


def _is_missing(catalog: CatalogProtocol, name: str) -> bool:
    file = file_of(catalog.get(name))
    return file is not None and not file.is_file()


def spell_rest(place: Workplace, run_params: Mapping[str, Any]) -> str:
    """Return the command that makes what is missing."""
    return spell_command(
        {
            "env": run_params["env"],
            "runtime_params": run_params["runtime_params"],
            "pipeline_names": place.makers,
            "only_missing_outputs": True,
        }
    )


def _describe_rest(place: Workplace, run_params: Mapping[str, Any]) -> str:
    """Return why new results have not taken their place, and what to do."""
    command = spell_rest(place, run_params)
    if not place.missing:
        return (
            f"{place.name} keeps the earlier result while another run uses it; "
            f"'{command}' puts the new one, {place.place}, in its place."
        )
    first = place.missing[0]
    shown = first.relative_to(place.data) if place.data in first.parents else first
    return (
        f"{place.name} keeps the earlier result until all of it is made again. Files "
        f"missing in {place.place}: {len(place.missing)}, the first {shown}. "
        f"'{command}' makes them; '{place.spell_clean('--earlier')}' does without them."
    )


class OutputHooks:
    """Puts what a run is about to write, and all that was made from it, out of use.

    So nothing in use is older than its inputs: a file that is there, which is all that
    ``--only-missing-outputs`` looks for, was made from the files that are there. Where
    some of it is there already, the run works beside it (``next_results``).
    """

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Begin to replace the outputs of all nodes that are to run, and those below.

        Before MLflow is told of the run: one that is killed here is not resumed, since
        it has made nothing.
        """
        place = self._workplace
        if run_params["only_missing_outputs"]:
            if place.is_beside:
                place.replace(catalog, _list_missing(pipeline, catalog))
            return
        if _begins_anew(run_params, pipeline) and place.next.is_open():
            click.echo(
                f"Dropping what an unfinished run has made in {place.next.folder}, and "
                "beginning anew; 'kedro resume' would have gone on with it."
            )
            place.drop()
        outputs = pipeline.all_outputs()
        names = in_order(outputs | outputs_made_from(outputs))
        files = (place.file_of(catalog, name) for name in names)
        if place.is_beside or any(file.is_file() for file in files if file):
            place.replace(catalog, names)


def _list_missing(pipeline: Pipeline, catalog: CatalogProtocol) -> list[str]:
    """Return the outputs of the nodes that lack one, the last ones first."""
    return [
        name
        for node in pipeline.nodes[::-1]
        if any(_is_missing(catalog, output) for output in node.outputs)
        for name in node.outputs
    ]
