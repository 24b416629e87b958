"""Graph of the ablation: the same folds from other weights, with more or less trained.

The arm that is DETL itself has been trained by the cross-validation, whose results are
taken. A namespace ``<architecture>.ablation.<arm>.<fold>`` per fold of the others.
"""

from collections.abc import Callable, Sequence
from functools import partial, update_wrapper

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES, ARMS, FOLDS, REFERENCE_ARM
from detl.pipelines.crossval.pipeline import train_folds
from detl.pipelines.transfer.nodes import extract_features

from .nodes import (
    build_from_imagenet,
    build_untrained,
    collect_arm,
    join_architectures,
    tabulate_arms,
    take_pixels,
    unfreeze_all,
    unfreeze_head,
    unfreeze_last_block,
)

_FREE: dict[str, Callable] = {
    "head": unfreeze_head,
    "last_block": unfreeze_last_block,
    "all": unfreeze_all,
}

_SHARED = [
    Node(
        take_pixels,
        inputs=["pixels", "data_b"],
        outputs="data_b_pixels",
        name="take_pixels",
    ),
    Node(
        build_untrained,
        inputs=["params:network", "pixels", "params:seed"],
        outputs="scratch_model",
        name="build_untrained",
    ),
    Node(
        build_from_imagenet,
        inputs=["params:network", "params:imagenet", "pixels", "params:seed"],
        outputs="imagenet_model",
        name="build_from_imagenet",
    ),
]


def create_pipeline(
    architectures: Sequence[str] = ARCHITECTURES, folds: Sequence[str] = FOLDS
) -> Pipeline:
    """Train every arm on every fold, and compare it with the method of the paper.

    The tag of an architecture keeps what it needs: ``--tags vgg16``.
    """
    join = Node(
        join_architectures,
        inputs={
            f"{name}_{table}": f"{name}.ablation.{dataset}"
            for name in architectures
            for table, dataset in (("arms", "arms"), ("folds", "arm_folds"))
        },
        outputs=["ablation", "ablation_folds", "ablation_picture"],
        name="join_architectures",
    )
    return Pipeline(
        [
            Pipeline([join], tags=list(architectures)),
            *(
                Pipeline([_one_architecture(name, folds)], tags=[name])
                for name in architectures
            ),
        ]
    )


def _one_architecture(architecture: str, folds: Sequence[str]) -> Pipeline:
    tabulate = Node(
        tabulate_arms,
        inputs={
            "folds": "folds",
            "network": "params:network",
            "imagenet": "params:imagenet",
            **{f"{arm}_folds": f"{arm}.fold_summary" for arm in ARMS},
            **{f"{arm}_summary": f"{arm}.summary" for arm in ARMS},
        },
        outputs=["arms", "arm_folds"],
        name="tabulate_arms",
    )
    return Pipeline(
        [
            *_SHARED,
            *(_one_arm(arm, folds) for arm in ARMS if arm != REFERENCE_ARM),
            _reference_arm(folds),
            tabulate,
        ],
        namespace=f"{architecture}.ablation",
        inputs={
            "detl_model": f"{architecture}.transfer.model",
            "pixels": "pixels",
            "data_b": "data_b",
            "folds": "folds",
            **{f"split.{fold}": f"split.{fold}" for fold in folds},
            **{
                f"crossval.{name}": f"{architecture}.crossval.{name}"
                for name in _results_of(folds)
            },
        },
        parameters={
            **{
                f"params:{block}": f"params:architectures.{architecture}.{block}"
                for block in ("network", "transfer", "imagenet")
            },
            "params:seed": "params:seed",
        },
    )


def _one_arm(arm: str, folds: Sequence[str]) -> Pipeline:
    """What is frozen, once; the rest, on each fold; and the folds together."""
    initialisation, unfreeze = ARMS[arm]
    free = _FREE[unfreeze]
    # The arm shapes the graph, so it is bound here and is no parameter.
    free_for_arm = update_wrapper(partial(free, arm=arm), free)
    if unfreeze == "all":
        features = "data_b_pixels"
        prepare = [Node(free_for_arm, "model", "tail", name=free.__name__)]
    else:
        features = "features"
        prepare = [
            Node(free_for_arm, "model", ["trunk", "tail"], name=free.__name__),
            Node(
                extract_features,
                inputs=["trunk", "pixels", "data_b"],
                outputs="features",
                name="extract_features",
            ),
        ]
    whole = Pipeline(
        [*prepare, *train_folds(folds, features=features), _collect(folds)]
    )
    names = {name: name for name in whole.inputs() if not name.startswith("params:")}
    return Pipeline(
        whole,
        namespace=arm,
        inputs={**names, "model": f"{initialisation}_model"},
        parameters={"params:transfer", "params:seed"},
    )


def _reference_arm(folds: Sequence[str]) -> Pipeline:
    """The folds that the cross-validation has trained, together."""
    return Pipeline(
        [_collect(folds)],
        namespace=REFERENCE_ARM,
        inputs={
            "folds": "folds",
            **{name: f"crossval.{name}" for name in _results_of(folds)},
        },
    )


def _collect(folds: Sequence[str]) -> Node:
    return Node(
        collect_arm,
        inputs={
            "folds": "folds",
            **{name.replace(".", "_"): name for name in _results_of(folds)},
        },
        outputs=["fold_summary", "summary"],
        name="collect_arm",
    )


def _results_of(folds: Sequence[str]) -> list[str]:
    return [f"{fold}.{name}" for fold in folds for name in ("metrics", "predictions")]
