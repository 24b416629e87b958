"""The pipelines of the project."""

from functools import cache

from kedro.pipeline import Pipeline


@cache
def register_pipelines() -> dict[str, Pipeline]:
    """Return the stages by name, and their sum as ``detl``, which is the default.

    The comparisons, ``optimism``, ``ablation`` and ``stability``, the ``audit`` and the
    ``external`` test build on what ``detl`` has made, and end with the report, which
    then has them. They are made once: Kedro asks for them, the command line, and most
    hooks.
    """
    from detl.pipelines import (
        ablation,
        crossval,
        evaluate,
        explain,
        explanation_scores,
        external,
        ingest,
        optimism,
        package,
        phantom,
        predict,
        pretrain,
        report,
        shortcuts,
        split,
        stability,
        transfer,
    )

    stages = {
        "ingest": ingest.create_pipeline(),
        "split": split.create_pipeline(),
        "pretrain": pretrain.create_pipeline(),
        "transfer": transfer.create_pipeline(),
        "crossval": crossval.create_pipeline(),
        "explain": explain.create_pipeline(),
        "evaluate": evaluate.create_pipeline(),
        "report": report.create_pipeline(),
        "package": package.create_pipeline(),
    }
    detl = sum(stages.values(), Pipeline([]))
    # The card has what the report says.
    ending = stages["report"] + stages["package"]
    return {
        **stages,
        "report": ending,
        "package": ending,
        "optimism": optimism.create_pipeline() + ending,
        "ablation": ablation.create_pipeline() + ending,
        "stability": stability.create_pipeline() + ending,
        "audit": (
            shortcuts.create_pipeline() + explanation_scores.create_pipeline() + ending
        ),
        "external": external.create_pipeline() + ending,
        "predict": predict.create_pipeline(),
        "phantom": phantom.create_pipeline(),
        "detl": detl,
        "__default__": detl,
    }
