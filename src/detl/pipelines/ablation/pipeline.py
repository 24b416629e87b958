"""Graph of the ablation: the same folds from other weights, with more or less trained.

The cross-validation has trained the arm that is DETL itself, so its predictions are
taken. Each fold of the other arms has a namespace
``<architecture>.ablation.<arm>.<fold>``.
"""

from collections.abc import Callable, Sequence

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES, ARMS, FOLDS, REFERENCE_ARM
from detl.figures.ablation import draw_arms
from detl.pipelines.binding import bind
from detl.pipelines.crossval.pipeline import train_folds
from detl.pipelines.transfer.nodes import (
    extract_features_of_data_b,
    extract_views_of_data_b,
)
from detl.schemas.tables import stack_architectures

from .nodes import (
    build_from_imagenet,
    build_untrained,
    collect_arm,
    compare_with_reference,
    tabulate_arms,
    take_pixels,
    unfreeze_all,
    unfreeze_head,
    unfreeze_last_block,
    view_pixels,
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
        view_pixels,
        inputs=["pixels", "data_b", "params:transfer", "params:seed"],
        outputs="data_b_views",
        name="view_pixels",
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

_COLLECT = Node(
    collect_arm,
    inputs=["tested_by_seed", "tested", "folds", "params:seed"],
    outputs=["fold_summary", "summary"],
    name="collect_arm",
)


def create_pipeline(
    architectures: Sequence[str] = ARCHITECTURES, folds: Sequence[str] = FOLDS
) -> Pipeline:
    """Return the graph that compares every arm with the paper's method."""
    return Pipeline(
        [
            _join(architectures),
            *(_one_architecture(name, folds) for name in architectures),
        ]
    )


def _join(architectures: Sequence[str]) -> Pipeline:
    """Return the graph of the tables over all architectures, and of their picture."""
    tables = {
        table: {name: f"{name}.ablation.{table}" for name in architectures}
        for table in ("arms", "arm_folds")
    }
    return Pipeline(
        [
            Node(
                stack_architectures,
                inputs=tables["arms"],
                outputs="ablation",
                name="stack_arms",
            ),
            Node(
                stack_architectures,
                inputs=tables["arm_folds"],
                outputs="ablation_folds",
                name="stack_arm_folds",
            ),
            Node(
                draw_arms,
                inputs=["ablation", "ablation_folds"],
                outputs="ablation_picture",
                name="draw_arms",
            ),
        ],
        namespace="ablation",
        inputs={name for of_each in tables.values() for name in of_each.values()},
        outputs={"ablation", "ablation_folds", "ablation_picture"},
    )


def _one_architecture(architecture: str, folds: Sequence[str]) -> Pipeline:
    return Pipeline(
        [
            *_SHARED,
            *(_one_arm(arm, folds) for arm in ARMS if arm != REFERENCE_ARM),
            _reference_arm(),
            *_compare_arms(),
        ],
        namespace=f"{architecture}.ablation",
        inputs={
            "detl_model": f"{architecture}.transfer.model",
            **{
                f"crossval.{name}": f"{architecture}.crossval.{name}"
                for name in ("tested", "tested_by_seed")
            },
            **{name: name for name in ("pixels", "data_b", "folds")},
            "protocol": "params:split.protocol",
            **{f"split.{fold}": f"split.{fold}" for fold in folds},
        },
        parameters={
            **{
                f"params:{block}": f"params:architectures.{architecture}.{block}"
                for block in ("network", "transfer", "imagenet")
            },
            "params:seed": "params:seed",
            "params:seeds": "params:seeds",
        },
    )


def _one_arm(arm: str, folds: Sequence[str]) -> Pipeline:
    """Return the graph of an arm: what is frozen, once; the rest, on each fold."""
    initialisation, unfreeze = ARMS[arm]
    free = _FREE[unfreeze]
    if unfreeze == "all":
        features, views = "data_b_pixels", "data_b_views"
        prepare = [Node(bind(free, arm=arm), "model", "tail", name=free.__name__)]
    else:
        features, views = "features", "views"
        prepare = [
            Node(bind(free, arm=arm), "model", ["trunk", "tail"], name=free.__name__),
            Node(
                extract_features_of_data_b,
                inputs=["trunk", "pixels", "data_b"],
                outputs="features",
                name="extract_features",
            ),
            Node(
                extract_views_of_data_b,
                inputs=["trunk", "pixels", "data_b", "params:transfer", "params:seed"],
                outputs="views",
                name="extract_views",
            ),
        ]
    whole = Pipeline([*prepare, *train_folds(folds, features, views), _COLLECT])
    names = {name: name for name in whole.inputs() if not name.startswith("params:")}
    return Pipeline(
        whole,
        namespace=arm,
        inputs={**names, "model": f"{initialisation}_model"},
        parameters={"params:transfer", "params:seed", "params:seeds"},
    )


def _reference_arm() -> Pipeline:
    """Return the graph of the arm that the cross-validation has trained."""
    return Pipeline(
        [_COLLECT],
        namespace=REFERENCE_ARM,
        inputs={
            "folds": "folds",
            **{name: f"crossval.{name}" for name in ("tested", "tested_by_seed")},
        },
        parameters={"params:seed"},
    )


def _compare_arms() -> list[Node]:
    by_arm = {arm: f"{arm}.tested_by_seed" for arm in ARMS}
    by_arm[REFERENCE_ARM] = "crossval.tested_by_seed"
    return [
        Node(
            compare_with_reference,
            inputs={"folds": "folds", "seed": "params:seed", **by_arm},
            outputs=["compared_arms", "arm_folds"],
            name="compare_with_reference",
        ),
        Node(
            tabulate_arms,
            inputs={
                "compared": "compared_arms",
                "network": "params:network",
                "imagenet": "params:imagenet",
            },
            outputs="arms",
            name="tabulate_arms",
        ),
    ]
