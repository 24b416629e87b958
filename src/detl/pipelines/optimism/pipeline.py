"""Graph of the comparison of protocols: the other split, and all that follows it.

The cross-validation has trained one protocol, ``split.protocol``. Here the other one is
trained, on the same images, and the accuracies are compared.
"""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES, FOLDS, OTHER_PROTOCOL
from detl.pipelines.binding import bind
from detl.pipelines.crossval.pipeline import train_folds
from detl.pipelines.pretrain.pipeline import PRETRAIN_ARCHITECTURE
from detl.pipelines.transfer.pipeline import TRANSFER_ARCHITECTURE
from detl.splitting.folds import separate_folds

from .nodes import (
    assign_other_folds,
    compare_with_other_protocol,
    match_training_size,
    name_other_protocol,
    select_other_data_a,
    summarise_other_protocol,
    tabulate_differences,
)

_MATCH = [
    Node(
        select_other_data_a,
        inputs=["images", "own_data_a", "data_b", "params:split", "params:seed"],
        outputs="data_a",
        name="select_other_data_a",
    ),
    Node(
        match_training_size,
        inputs=["all_folds", "own_folds", "data_b", "params:seed"],
        outputs="folds",
        name="match_training_size",
    ),
]


def create_pipeline(
    architectures: Sequence[str] = ARCHITECTURES, folds: Sequence[str] = FOLDS
) -> Pipeline:
    """Return the graph that trains under the other protocol, and compares."""
    tabulate = Node(
        tabulate_differences,
        inputs={name: f"{name}.optimism.difference" for name in architectures},
        outputs="optimism",
        name="tabulate_differences",
    )
    return Pipeline(
        [
            _draw_other_split(folds),
            tabulate,
            *(_train(name, folds) for name in architectures),
            *(_compare(name) for name in architectures),
        ]
    )


def _draw_other_split(folds: Sequence[str]) -> Pipeline:
    return Pipeline(
        [
            *_MATCH,
            Node(
                bind(assign_other_folds, folds=tuple(folds)),
                inputs=["data_b", "params:split", "params:seed"],
                outputs="all_folds",
                name="assign_other_folds",
            ),
            Node(
                name_other_protocol,
                inputs="params:split",
                outputs="protocol",
                name="name_other_protocol",
            ),
            Node(
                separate_folds,
                inputs="folds",
                outputs=list(folds),
                name="separate_folds",
            ),
        ],
        namespace="optimism",
        inputs={
            **{name: name for name in ("images", "data_b")},
            "own_data_a": "data_a",
            "own_folds": "folds",
        },
        parameters={"params:split", "params:seed"},
    )


def _train(architecture: str, folds: Sequence[str]) -> Pipeline:
    """Return pretraining, transfer and folds under the other protocol."""
    summarise = Node(
        summarise_other_protocol,
        inputs={
            **{name: name for name in ("tested_by_seed", "tested")},
            "folds": "optimism.folds",
            "pretraining": "scores",
            "seed": "params:seed",
            "split": "params:split",
            "parameters": "params:transfer",
            **{fold: f"{fold}.history" for fold in folds},
        },
        outputs=["fold_summary", "summary"],
        name="summarise_other_protocol",
    )
    return Pipeline(
        [
            Pipeline(PRETRAIN_ARCHITECTURE, inputs={"data_a": "optimism.data_a"}),
            Pipeline(
                TRANSFER_ARCHITECTURE,
                inputs={"pretrained": "model"},
                outputs={"model": "new_head"},
            ),
            *train_folds(folds, split="optimism"),
            summarise,
        ],
        namespace=f"{architecture}.optimism.{OTHER_PROTOCOL}",
        inputs={
            **{name: name for name in ("pixels", "data_b")},
            "protocol": "optimism.protocol",
            **{
                f"optimism.{name}": f"optimism.{name}"
                for name in ("data_a", "folds", *folds)
            },
        },
        parameters={
            **{
                f"params:{block}": f"params:architectures.{architecture}.{block}"
                for block in ("network", "pretrain", "transfer")
            },
            **{name: name for name in ("params:seed", "params:seeds", "params:split")},
        },
    )


def _compare(architecture: str) -> Node:
    return Node(
        compare_with_other_protocol,
        inputs=[
            "data_b",
            f"{architecture}.crossval.tested_by_seed",
            f"{architecture}.optimism.{OTHER_PROTOCOL}.tested_by_seed",
            "params:split",
            "params:seed",
        ],
        outputs=f"{architecture}.optimism.difference",
        name="compare_with_other_protocol",
        namespace=f"{architecture}.optimism",
    )
