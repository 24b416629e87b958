"""Graph of the explanations' scores: deletion, and networks that forget."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES, FOLDS
from detl.figures.explanation_scores import draw_deletion_curves, draw_sanity

from .nodes import (
    choose_explained,
    randomise_network,
    score_folds,
    trace_folds,
)


def create_pipeline(
    architectures: Sequence[str] = ARCHITECTURES, folds: Sequence[str] = FOLDS
) -> Pipeline:
    """Return the graph that scores the heat maps of every architecture."""
    return Pipeline(
        [
            *_draw_scores(architectures),
            *(_one_architecture(name, folds) for name in architectures),
        ]
    )


def _draw_scores(architectures: Sequence[str]) -> list[Node]:
    def of_each(table: str) -> dict[str, str]:
        return {name: f"{name}.explanation_scores.{table}" for name in architectures}

    return [
        Node(
            draw_deletion_curves,
            inputs=of_each("deletion_curves"),
            outputs="deletion_picture",
            name="draw_deletion_curves",
        ),
        Node(
            draw_sanity,
            inputs=of_each("sanity"),
            outputs="sanity_picture",
            name="draw_sanity",
        ),
    ]


def _one_architecture(architecture: str, folds: Sequence[str]) -> Pipeline:
    transferred = ("trunk", "features")
    tested = ("tested", *(f"{fold}.model" for fold in folds))
    return Pipeline(
        [*_score_deletion(folds), _randomise(folds[0])],
        namespace=f"{architecture}.explanation_scores",
        inputs={
            **{name: name for name in ("pixels", "data_b")},
            **{name: f"{architecture}.transfer.{name}" for name in transferred},
            **{name: f"{architecture}.crossval.{name}" for name in tested},
            "map_shift": f"{architecture}.explain.map_shift",
        },
        parameters={"params:audit", "params:seed"},
    )


def _score_deletion(folds: Sequence[str]) -> list[Node]:
    given = ("trunk", "pixels", "features", "explained", "map_shift")
    return [
        Node(
            choose_explained,
            inputs=["data_b", "tested", "params:audit", "params:seed"],
            outputs="explained",
            name="choose_explained",
        ),
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


def _randomise(first: str) -> Node:
    """Return the node of one network, which shows whether a method looks at weights."""
    return Node(
        randomise_network,
        inputs=[
            "trunk",
            f"{first}.model",
            "pixels",
            "features",
            "explained",
            "params:seed",
        ],
        outputs="sanity",
        name="randomise_network",
    )
