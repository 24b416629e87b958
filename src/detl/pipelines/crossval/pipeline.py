"""Graph of the cross-validation: one namespace per architecture and fold."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES, FOLDS
from detl.evaluation.predictions import pool_predictions
from detl.figures.confusion import draw_confusion_matrices
from detl.pipelines.binding import bind, of_those_there
from detl.wording import network_title

from .nodes import (
    collect_folds,
    collect_validated,
    draw_fold_matrix,
    predict_fold,
    score_fold,
    tabulate_summaries,
    train_fold,
)

_ONE_FOLD = Pipeline(
    [
        Node(
            train_fold,
            inputs=[
                "tail",
                "features",
                "views",
                "data_b",
                "fold",
                "protocol",
                "params:transfer",
                "params:seed",
                "params:seeds",
            ],
            outputs=["model", "history"],
            name="train_fold",
        ),
        Node(
            predict_fold,
            inputs=["model", "features", "data_b", "fold", "params:seed"],
            outputs=["predictions", "validation_predictions", "seed_predictions"],
            name="predict_fold",
        ),
        Node(
            score_fold,
            inputs=["seed_predictions", "predictions", "history", "params:transfer"],
            outputs="metrics",
            name="score_fold",
        ),
    ]
)


def create_pipeline(
    architectures: Sequence[str] = ARCHITECTURES, folds: Sequence[str] = FOLDS
) -> Pipeline:
    """Return the graph that trains, tests and scores every fold of an architecture."""
    return Pipeline(
        [
            *(_one_architecture(architecture, folds) for architecture in architectures),
            _summarise(architectures),
        ]
    )


def _summarise(architectures: Sequence[str]) -> Pipeline:
    summaries = {name: f"{name}.crossval.summary" for name in architectures}
    matrices = {name: f"{name}.crossval.confusion_matrix" for name in architectures}
    return Pipeline(
        [
            Node(
                of_those_there(tabulate_summaries),
                inputs=summaries,
                outputs="summary",
                name="tabulate_summaries",
            ),
            Node(
                of_those_there(draw_confusion_matrices),
                inputs=matrices,
                outputs="confusion_matrices",
                name="draw_confusion_matrices",
            ),
        ],
        namespace="crossval",
        inputs={*summaries.values(), *matrices.values()},
        outputs={"summary", "confusion_matrices"},
    )


def train_folds(
    folds: Sequence[str],
    features: str = "features",
    views: str = "views",
    split: str = "split",
) -> list[Node | Pipeline]:
    """Return a pipeline per fold, and the nodes that pool what the folds have tested.

    A fold's pipeline trains its tails, predicts its test part and scores it. The
    pooled predictions are the datasets ``tested_by_seed``, of each seed's networks, and
    ``tested``, of the mean of their probabilities. Among the inputs is ``protocol``,
    that of the split.

    Args:
        folds: Names of the folds, which become namespaces.
        features: Dataset of the frozen part's output.
        views: Dataset of its output for augmented versions.
        split: Namespace of the datasets of the folds.
    """
    one_per_fold = [
        Pipeline(
            _ONE_FOLD,
            namespace=fold,
            inputs={
                **{name: name for name in ("tail", "data_b", "protocol")},
                "features": features,
                "views": views,
                "fold": f"{split}.{fold}",
            },
            parameters={"params:transfer", "params:seed", "params:seeds"},
        )
        for fold in folds
    ]
    return [
        *one_per_fold,
        _pool(folds, "predictions", "tested"),
        _pool(folds, "seed_predictions", "tested_by_seed"),
    ]


def _one_architecture(architecture: str, folds: Sequence[str]) -> Pipeline:
    collect = Node(
        collect_folds,
        inputs={
            **{name: name for name in ("tested_by_seed", "tested")},
            **{name: name for name in ("folds", "pretraining")},
            "parameters": "params:transfer",
            "seed": "params:seed",
            **{fold: f"{fold}.history" for fold in folds},
        },
        outputs=["fold_summary", "confusion_matrix", "summary"],
        name="collect_folds",
    )
    validated = Node(
        collect_validated,
        inputs={
            **{name: name for name in ("data_b", "tested", "protocol")},
            **{fold: f"{fold}.validation_predictions" for fold in folds},
        },
        outputs="validated",
        name="collect_validated",
    )
    return Pipeline(
        [
            *train_folds(folds),
            *(_draw_matrix(architecture, fold) for fold in folds),
            validated,
            collect,
        ],
        namespace=f"{architecture}.crossval",
        inputs={
            "tail": f"{architecture}.transfer.tail",
            "features": f"{architecture}.transfer.features",
            "views": f"{architecture}.transfer.views",
            "protocol": "params:split.protocol",
            "pretraining": f"{architecture}.pretrain.scores",
            "data_b": "data_b",
            "folds": "folds",
            **{f"split.{fold}": f"split.{fold}" for fold in folds},
        },
        parameters={
            "params:transfer": f"params:architectures.{architecture}.transfer",
            "params:seed": "params:seed",
            "params:seeds": "params:seeds",
        },
    )


def _draw_matrix(architecture: str, fold: str) -> Pipeline:
    title = f"{network_title(architecture)}, {fold.replace('_', ' ')}, ensemble"
    draw = Node(
        bind(draw_fold_matrix, title=title),
        inputs="predictions",
        outputs="confusion_matrix_picture",
        name="draw_fold_matrix",
    )
    return Pipeline([draw], namespace=fold)


def _pool(folds: Sequence[str], predictions: str, pooled: str) -> Node:
    return Node(
        pool_predictions,
        inputs={"data_b": "data_b", **{f: f"{f}.{predictions}" for f in folds}},
        outputs=pooled,
        name=f"pool_{pooled}",
    )
