"""The same graph with the stages outermost, for the picture in Kedro-Viz."""

from kedro.pipeline import Pipeline


def group_by_stage(pipeline: Pipeline) -> Pipeline:
    """Return the same nodes in namespaces that begin with the stage.

    ``vgg16.crossval.fold_1`` becomes ``crossval.vgg16.fold_1``. The datasets keep their
    names. Kedro-Viz draws a box per outermost namespace, and knows a node by its
    function and datasets, so that the status of a run shows in both graphs.
    """
    return Pipeline(
        [node._copy(namespace=_stage_first(node.namespace)) for node in pipeline.nodes]
    )


def _stage_first(namespace: str | None) -> str | None:
    parts = (namespace or "").split(".")
    if len(parts) < 2:
        return namespace
    architecture, stage, *rest = parts
    return ".".join([stage, architecture, *rest])
