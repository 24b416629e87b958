"""Graph of the shortcut card: what a network reaches without the lungs."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES, FOLDS
from detl.figures.shortcuts import draw_shortcuts
from detl.pipelines.crossval.pipeline import train_folds

from .nodes import (
    extract_features_without_centre,
    grade_shortcuts,
    predict_from_cues,
)


def create_pipeline(
    architectures: Sequence[str] = ARCHITECTURES, folds: Sequence[str] = FOLDS
) -> Pipeline:
    """Grade every architecture's shortcuts.

    The tag of an architecture keeps what it needs: ``--tags vgg16``.
    """
    draw = Node(
        draw_shortcuts,
        inputs={name: f"{name}.shortcuts.card" for name in architectures},
        outputs="shortcuts_picture",
        name="draw_shortcuts",
        tags=list(architectures),
    )
    return Pipeline(
        [
            _predict_from_cues(architectures),
            *(
                Pipeline(
                    [_train_without_centre(name, folds), _grade(name)], tags=[name]
                )
                for name in architectures
            ),
            draw,
        ]
    )


def _predict_from_cues(architectures: Sequence[str]) -> Pipeline:
    inputs = ["data_b", "images", "pixels", "folds"]
    node = Node(
        predict_from_cues,
        inputs=[*inputs, "params:audit"],
        outputs="cue_predictions",
        name="predict_from_cues",
    )
    return Pipeline(
        [node],
        namespace="shortcuts",
        inputs=set(inputs),
        parameters={"params:audit"},
        tags=list(architectures),
    )


def _train_without_centre(architecture: str, folds: Sequence[str]) -> Pipeline:
    extract = Node(
        extract_features_without_centre,
        inputs=["trunk", "pixels", "data_b", "params:audit"],
        outputs="features",
        name="extract_features_without_centre",
    )
    return Pipeline(
        [extract, *train_folds(folds)],
        namespace=f"{architecture}.shortcuts.without_centre",
        inputs={
            "pixels": "pixels",
            "data_b": "data_b",
            "trunk": f"{architecture}.transfer.trunk",
            "tail": f"{architecture}.transfer.tail",
            **{f"split.{fold}": f"split.{fold}" for fold in folds},
        },
        parameters={
            "params:transfer": f"params:architectures.{architecture}.transfer",
            "params:audit": "params:audit",
            "params:seed": "params:seed",
        },
    )


def _grade(architecture: str) -> Pipeline:
    grade = Node(
        grade_shortcuts,
        inputs=[
            "tested",
            "without_centre.tested",
            "cue_predictions",
            "images",
            "params:seed",
        ],
        outputs="card",
        name="grade_shortcuts",
    )
    return Pipeline(
        [grade],
        namespace=f"{architecture}.shortcuts",
        inputs={
            "tested": f"{architecture}.crossval.tested",
            "cue_predictions": "shortcuts.cue_predictions",
            "images": "images",
        },
        parameters={"params:seed"},
    )
