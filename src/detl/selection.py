"""Which nodes a command asks for."""

from collections.abc import Mapping, Sequence
from typing import Any

from kedro.pipeline import Pipeline

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
