"""Which nodes a command asks for."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from kedro.io import CatalogProtocol, MemoryDataset
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from detl.errors import DetlError

FILTERS = (
    "tags",
    "from_nodes",
    "to_nodes",
    "node_names",
    "from_inputs",
    "to_outputs",
    "namespaces",
)
"""Options of ``kedro run`` that leave out nodes, by the names of its session."""


_WITHOUT_TRAINING = {
    *("explain", "evaluate", "shortcuts", "lesions", "report", "package"),
    "explanation_scores",
}
"""Stages that take minutes at most, as they are named in namespaces."""


def select_pipeline(
    names: Sequence[str] | None, filters: Mapping[str, Any]
) -> Pipeline:
    """Return the nodes of these pipelines (default if none) that pass the filters.

    Args:
        names: Registered pipelines.
        filters: Values of ``FILTERS``; an empty one leaves out nothing.

    Raises:
        DetlError: There is no such pipeline, node, tag, namespace or dataset.
    """
    from detl.pipeline_registry import PICTURE, register_pipelines

    known = register_pipelines()
    asked = names or ["__default__"]
    for name in asked:
        if name == PICTURE:
            raise DetlError(
                f"Pipeline {name!r} shows in Kedro-Viz what pipeline 'detl' does, and "
                "is not run: run 'kedro run --pipeline detl'."
            )
        _refuse_unknown("pipeline", name, [one for one in known if one != PICTURE])
    chosen = Pipeline({node for name in asked for node in known[name].nodes})
    given = {name: filters[name] for name in FILTERS if filters.get(name)}
    for tag in given.get("tags", ()):
        _refuse_unknown("tag", tag, sorted({t for n in chosen.nodes for t in n.tags}))
    for namespace in given.get("namespaces", ()):
        _refuse_unknown("namespace", namespace, _namespaces_like(namespace, chosen))
    if "namespaces" in given:
        given["node_namespaces"] = given.pop("namespaces")
    try:
        return chosen.filter(**given)
    except ValueError as error:
        raise DetlError(" ".join(str(error).split())) from error


def _refuse_unknown(kind: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        choices = ", ".join(known)
        raise DetlError(f"There is no {kind} {name!r}; choose one of {choices}.")


def _namespaces_like(namespace: str, pipeline: Pipeline) -> list[str]:
    """Return the namespaces below the longest part of this name that is one."""
    every = {""}
    for node in pipeline.nodes:
        parts = (node.namespace or "").split(".")
        every |= {".".join(parts[: k + 1]) for k in range(len(parts))}
    if namespace in every:
        return [namespace]
    above = namespace
    while above not in every:
        above = above.rpartition(".")[0]
    return sorted(n for n in every if n and n.rpartition(".")[0] == above)


@cache
def every_node() -> Pipeline:
    """Return all pipelines as one, without the phantoms', which make the raw data."""
    from detl.pipeline_registry import PICTURE, register_pipelines

    known = register_pipelines()
    counted = known.keys() - {"phantom", PICTURE}
    return Pipeline({node for name in counted for node in known[name].nodes})


def is_whole(pipeline: Pipeline) -> bool:
    """Return whether these are all nodes of the default pipeline, and no others."""
    from detl.pipeline_registry import register_pipelines

    return set(pipeline.nodes) == set(register_pipelines()["__default__"].nodes)


def makers() -> dict[str, Node]:
    """Return the node that makes a dataset, by the dataset's name."""
    return {name: node for node in every_node().nodes for name in node.outputs}


def pipeline_of(node: Node) -> str:
    """Return the name of a pipeline that has this node, ``detl`` if it has it."""
    from detl.pipeline_registry import register_pipelines

    known = register_pipelines()
    return next(n for n in ("detl", *known) if node in known[n].nodes)


def trains_nothing(node: Node) -> bool:
    """Return whether a node is of a stage that trains no network."""
    return not _WITHOUT_TRAINING.isdisjoint((node.namespace or "").split("."))


def in_order(outputs: set[str]) -> list[str]:
    """Return these outputs of nodes, each before those that it was made from."""
    return [
        n for node in every_node().nodes[::-1] for n in node.outputs if n in outputs
    ]


def nodes_above(names: Iterable[str], catalog: CatalogProtocol) -> set[Node]:
    """Return the nodes that have made these datasets, directly or not.

    Args:
        names: Datasets that are there.
        catalog: Tells which inputs may be missing. One that is missing was not used.
    """
    from detl.datasets import MayBeMissing

    made_by = makers()
    found: set[Node] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        node = made_by.get(name)
        if node is None or node in found:
            continue
        if isinstance(catalog.get(name), MayBeMissing) and not catalog.exists(name):
            continue
        found.add(node)
        waiting += node.inputs
    return found


def outputs_made_from(outputs: set[str]) -> set[str]:
    """Return every dataset that is made, directly or not, from these outputs."""
    whole = every_node()
    follow = [node.name for node in whole.nodes if outputs & set(node.inputs)]
    return whole.from_nodes(*follow).all_outputs() if follow else set()


def nodes_that_need(
    node: Node, pipeline: Pipeline, catalog: CatalogProtocol
) -> set[Node]:
    """Return the nodes that cannot run without this one's outputs.

    A node that may do without an input (``MayBeMissing``) can run.
    """
    from detl.datasets import MayBeMissing

    found: set[Node] = set()
    missing = set(node.outputs)
    while True:
        required = {
            name for name in missing if not isinstance(catalog.get(name), MayBeMissing)
        }
        more = {n for n in pipeline.nodes if required & set(n.inputs)} - found
        if not more:
            return found
        found |= more
        missing |= {name for n in more for name in n.outputs}


def has_all_outputs(
    pipeline: Pipeline, left_out: Iterable[Node], catalog: CatalogProtocol
) -> bool:
    """Return whether the outputs of these nodes are saved.

    Args:
        pipeline: The nodes.
        left_out: Nodes that are not available here. They do not count, nor do those
            that need them.
        catalog: Says what is saved. Datasets in memory do not count.
    """
    without = set(left_out)
    for node in tuple(without):
        without |= nodes_that_need(node, pipeline, catalog)
    made = Pipeline([node for node in pipeline.nodes if node not in without])
    return all(
        catalog.exists(name)
        for name in made.all_outputs()
        if not isinstance(catalog.get(name), MemoryDataset | None)
    )
