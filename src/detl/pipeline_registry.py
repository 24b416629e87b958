"""The pipelines of the project."""

from functools import cache

from kedro.pipeline import Pipeline

from detl.design import ARCHITECTURES, unit_of

PICTURE = "stages"
"""The pipeline that shows the nodes of ``detl`` by stage, and is not run."""

PURPOSES = {
    "ingest": "read, check and shrink the raw images",
    "split": "draw Data-A, Data-B and the folds by patient",
    "pretrain": "train each network on Data-A: normal or diseased",
    "transfer": "replace the last layer, and freeze all but the tail",
    "crossval": "fine-tune and test on Data-B, fold by fold",
    "explain": "draw Grad-CAM of each fold's test images",
    "evaluate": "measure and compare: accuracies, calibration, subgroups",
    "shortcuts": "ask what source, metadata and border alone give away",
    "lesions": "ask whether heat maps point at known lesions",
    "report": "write report.html from what is there, and pack the networks",
    "package": "the same: a model card and a bundle of each network",
    "detl": "all of the above, in order; the default",
    "audit": "after detl: networks without the lungs, or a source; heat maps",
    "external": "after detl: test on images from elsewhere (--source)",
    "audit-predictions": "judge any model (--params predictions=CSV,source=PATH)",
    "optimism": "after detl: the paper's protocol against folds by patient",
    "ablation": "after detl: other initial weights, other layers trained",
    "stability": "after detl: further pretrainings (--params pretrainings=3)",
    "predict": "answer for new images (--params input=PATH)",
    "phantom": "draw the synthetic sample, which a run does where it is missing",
    "stages": "not run: detl by stage, for the picture in Kedro-Viz",
}
"""What each pipeline is for; 'make help' and 'kedro run --help' show it."""


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
        audit_predictions,
        crossval,
        evaluate,
        explain,
        explanation_scores,
        external,
        ingest,
        lesions,
        optimism,
        package,
        phantom,
        predict,
        pretrain,
        report,
        retrain,
        shortcuts,
        split,
        stability,
        transfer,
    )
    from detl.pipelines.by_stage import group_by_stage

    stages = {
        "ingest": ingest.create_pipeline(),
        "split": split.create_pipeline(),
        "pretrain": pretrain.create_pipeline(),
        "transfer": transfer.create_pipeline(),
        "crossval": crossval.create_pipeline(),
        "explain": explain.create_pipeline(),
        "evaluate": evaluate.create_pipeline(),
        "shortcuts": shortcuts.create_pipeline(),
        "lesions": lesions.create_pipeline(),
        "report": report.create_pipeline(),
        "package": package.create_pipeline(),
    }
    detl = sum(stages.values(), Pipeline([]))
    # The card has what the report says.
    ending = stages["report"] + stages["package"]
    known = {
        **stages,
        "report": ending,
        "package": ending,
        "optimism": optimism.create_pipeline() + ending,
        "ablation": ablation.create_pipeline() + ending,
        "stability": stability.create_pipeline() + ending,
        "audit": (
            retrain.create_pipeline() + explanation_scores.create_pipeline() + ending
        ),
        "external": external.create_pipeline() + ending,
        "audit-predictions": audit_predictions.create_pipeline(),
        "predict": predict.create_pipeline(),
        "phantom": phantom.create_pipeline(),
        "detl": detl,
        "__default__": detl,
    }
    tagged = {name: tag_by_network(pipeline) for name, pipeline in known.items()}
    return {**tagged, PICTURE: group_by_stage(tagged["detl"])}


def tag_by_network(pipeline: Pipeline) -> Pipeline:
    """Return the pipeline with each node tagged with the networks that need it.

    So ``--tags vgg16`` is all of one network, through to the report.
    """
    return Pipeline(
        [
            node.tag(
                unit_of(node.namespace)[:1]
                or node.tags & set(ARCHITECTURES)
                or ARCHITECTURES
            )
            for node in pipeline.nodes
        ]
    )
