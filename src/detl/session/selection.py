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


def select_pipeline(
    names: Sequence[str] | None, filters: Mapping[str, Any]
) -> Pipeline:
    """Return the nodes of these pipelines (of the default, if none) that pass.

    Args:
        names: Registered pipelines.
        filters: Values of ``FILTERS``; what is empty leaves out nothing.

    Raises:
        DetlError: If a pipeline, node, tag, namespace or dataset is not there.
    """
    from detl.pipeline_registry import register_pipelines

    known = register_pipelines()
    chosen = Pipeline([])
    for name in names or ["__default__"]:
        if name not in known:
            raise DetlError(
                f"There is no pipeline {name!r}; choose one of {', '.join(known)}."
            )
        chosen += known[name]
    given = {name: filters[name] for name in FILTERS if filters.get(name)}
    if "namespaces" in given:
        given["node_namespaces"] = given.pop("namespaces")
    try:
        return chosen.filter(**given)
    except ValueError as error:
        raise DetlError(" ".join(str(error).split())) from error


@cache
def every_node() -> Pipeline:
    """Return the pipelines that together hold every node but the phantoms'."""
    return select_pipeline(["detl", "optimism", "ablation", "audit", "external"], {})


def outputs_made_from(outputs: set[str]) -> set[str]:
    """Return what all nodes make, directly or not, from these outputs."""
    whole = every_node()
    follow = [node.name for node in whole.nodes if outputs & set(node.inputs)]
    return whole.from_nodes(*follow).all_outputs() if follow else set()


def nodes_that_need(
    node: Node, pipeline: Pipeline, catalog: CatalogProtocol
) -> set[Node]:
    """Return the nodes that cannot run without this one's outputs.

    A node that takes an output only if it is there (``MayBeMissing``) can.
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
    """Return whether all is saved that the nodes make, but for a part of them.

    Args:
        pipeline: The nodes.
        left_out: Nodes that are not available here; what needs them is not asked for.
        catalog: Says what is saved. What it keeps in memory only is not asked for.
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
