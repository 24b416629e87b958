"""Graph of the deletion: pixels go in the order of the heat maps, or at random."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES, FOLDS
from detl.figures.explanation_scores import draw_deletion_curves

from .nodes import score_folds, trace_folds


def create_pipeline(
    architectures: Sequence[str] = ARCHITECTURES, folds: Sequence[str] = FOLDS
) -> Pipeline:
    """Return the graph that deletes and inserts what the heat maps mark."""
    draw = Node(
        draw_deletion_curves,
        inputs={name: f"{name}.deletion.deletion_curves" for name in architectures},
        outputs="deletion_picture",
        name="draw_deletion_curves",
    )
    return Pipeline([draw, *(_one_architecture(name, folds) for name in architectures)])


def _one_architecture(architecture: str, folds: Sequence[str]) -> Pipeline:
    given = ("trunk", "pixels", "features", "explained", "map_shift")
    nodes = [
        Node(
            trace_folds,
            inputs={
                **{name: name for name in given},
                "seed": "params:seed",
                **{fold: f"{fold}.model" for fold in folds},
            },
            outputs="curves",
            name="trace_folds",
        ),
        Node(
            score_folds,
            inputs=["curves", "explained", "params:seed"],
            outputs=["deletion", "deletion_curves"],
            name="score_folds",
        ),
    ]
    return Pipeline(
        nodes,
        namespace=f"{architecture}.deletion",
        inputs={
            "pixels": "pixels",
            **{n: f"{architecture}.transfer.{n}" for n in ("trunk", "features")},
            **{
                f"{fold}.model": f"{architecture}.crossval.{fold}.model"
                for fold in folds
            },
            "explained": f"{architecture}.explanation_scores.explained",
            "map_shift": f"{architecture}.explain.map_shift",
        },
        parameters={"params:seed"},
    )
