"""Graph of the cross-validation: one namespace per architecture and fold."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES, FOLDS
from detl.evaluation.metrics import score_predictions
from detl.evaluation.predictions import pool_predictions
from detl.figures.confusion import draw_confusion_matrices

from .nodes import (
    collect_folds,
    predict_fold,
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
                "data_b",
                "fold",
                "params:transfer",
                "params:seed",
            ],
            outputs=["model", "history"],
            name="train_fold",
        ),
        Node(
            predict_fold,
            inputs=["model", "features", "data_b", "fold"],
            outputs=["predictions", "validation_predictions"],
            name="predict_fold",
        ),
        Node(
            score_predictions,
            inputs="predictions",
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
                tabulate_summaries,
                inputs=summaries,
                outputs="summary",
                name="tabulate_summaries",
            ),
            Node(
                draw_confusion_matrices,
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
    folds: Sequence[str], features: str = "features", split: str = "split"
) -> list[Node | Pipeline]:
    """Return a pipeline per fold, and the node that pools what the folds have tested.

    A fold's pipeline trains its tail, predicts its test part and scores it. The
    pooled predictions are dataset ``tested``.

    Args:
        folds: Names of the folds, which become namespaces.
        features: Dataset of the frozen part's output.
        split: Namespace of the datasets of the folds.
    """
    one_per_fold = [
        Pipeline(
            _ONE_FOLD,
            namespace=fold,
            inputs={
                "tail": "tail",
                "features": features,
                "data_b": "data_b",
                "fold": f"{split}.{fold}",
            },
            parameters={"params:transfer", "params:seed"},
        )
        for fold in folds
    ]
    return [*one_per_fold, _pool(folds, "predictions", "tested")]


def _one_architecture(architecture: str, folds: Sequence[str]) -> Pipeline:
    collect = Node(
        collect_folds,
        inputs={
            **{name: name for name in ("tested", "folds", "pretraining")},
            **{fold: f"{fold}.history" for fold in folds},
        },
        outputs=["fold_summary", "confusion_matrix", "summary"],
        name="collect_folds",
    )
    pool = _pool(folds, "validation_predictions", "validated")
    return Pipeline(
        [*train_folds(folds), pool, collect],
        namespace=f"{architecture}.crossval",
        inputs={
            "tail": f"{architecture}.transfer.tail",
            "features": f"{architecture}.transfer.features",
            "pretraining": f"{architecture}.pretrain.scores",
            "data_b": "data_b",
            "folds": "folds",
            **{f"split.{fold}": f"split.{fold}" for fold in folds},
        },
        parameters={
            "params:transfer": f"params:architectures.{architecture}.transfer",
            "params:seed": "params:seed",
        },
    )


def _pool(folds: Sequence[str], predictions: str, pooled: str) -> Node:
    return Node(
        pool_predictions,
        inputs={"data_b": "data_b", **{f: f"{f}.{predictions}" for f in folds}},
        outputs=pooled,
        name=f"pool_{pooled}",
    )
