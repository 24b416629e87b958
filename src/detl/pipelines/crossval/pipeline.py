"""Graph of the cross-validation: one namespace per architecture and fold."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES, FOLDS

from .nodes import (
    collect_folds,
    note_parameters,
    predict_fold,
    score_fold,
    summarise_architectures,
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
        Node(score_fold, inputs="predictions", outputs="metrics", name="score_fold"),
    ]
)


def create_pipeline(
    architectures: Sequence[str] = ARCHITECTURES, folds: Sequence[str] = FOLDS
) -> Pipeline:
    """Train, test and score every architecture on every fold, then summarise."""
    return Pipeline(
        [
            *(_one_architecture(architecture, folds) for architecture in architectures),
            Node(
                summarise_architectures,
                inputs={
                    f"{architecture}_{result}": f"{architecture}.crossval.{result}"
                    for architecture in architectures
                    for result in ("summary", "confusion_matrix")
                },
                outputs=["summary", "confusion_matrices"],
                name="summarise_architectures",
            ),
        ]
    )


def train_folds(
    folds: Sequence[str], features: str = "features", split: str = "split"
) -> list[Pipeline]:
    """Return a pipeline per fold: train its tail, predict, score its test part.

    Args:
        folds: Names of the folds, which become namespaces.
        features: Dataset of the frozen part's output.
        split: Namespace of the datasets of the folds.
    """
    return [
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


def _one_architecture(architecture: str, folds: Sequence[str]) -> Pipeline:
    parameters = {
        "params:transfer": f"params:architectures.{architecture}.transfer",
        "params:seed": "params:seed",
    }
    collect = Node(
        collect_folds,
        inputs={
            "folds": "folds",
            "pretraining": "pretraining",
            **{
                f"{fold}_{result}": f"{fold}.{result}"
                for result in ("metrics", "predictions", "history")
                for fold in folds
            },
        },
        outputs=["fold_summary", "confusion_matrix", "summary"],
        name="collect_folds",
    )
    note = Node(
        note_parameters,
        inputs={
            "parameters": "params:transfer",
            **{fold: f"{fold}.history" for fold in folds},
        },
        outputs="trained_with",
        name="note_parameters",
    )
    return Pipeline(
        [*train_folds(folds), collect, note],
        namespace=f"{architecture}.crossval",
        inputs={
            "tail": f"{architecture}.transfer.tail",
            "features": f"{architecture}.transfer.features",
            "pretraining": f"{architecture}.pretrain.scores",
            "data_b": "data_b",
            "folds": "folds",
            **{f"split.{fold}": f"split.{fold}" for fold in folds},
        },
        parameters=parameters,
    )
