"""The pipelines of the project."""

from kedro.pipeline import Pipeline


def register_pipelines() -> dict[str, Pipeline]:
    """Return the stages by name, and their sum as ``detl``, which is the default."""
    from detl.pipelines import (
        crossval,
        explain,
        ingest,
        phantom,
        pretrain,
        split,
        transfer,
    )

    stages = {
        "ingest": ingest.create_pipeline(),
        "split": split.create_pipeline(),
        "pretrain": pretrain.create_pipeline(),
        "transfer": transfer.create_pipeline(),
        "crossval": crossval.create_pipeline(),
        "explain": explain.create_pipeline(),
    }
    detl = sum(stages.values(), Pipeline([]))
    return {
        **stages,
        "phantom": phantom.create_pipeline(),
        "detl": detl,
        "__default__": detl,
    }
