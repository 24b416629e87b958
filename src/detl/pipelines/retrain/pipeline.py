"""Graph of what trains the tails again: without the lungs, and without a source."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES, FOLDS
from detl.pipelines.crossval.pipeline import train_folds

from .nodes import (
    extract_features_without_centre,
    extract_views_without_centre,
    grade_without_lungs,
    leave_sources_out,
)


def create_pipeline(
    architectures: Sequence[str] = ARCHITECTURES, folds: Sequence[str] = FOLDS
) -> Pipeline:
    """Return the graph that trains every architecture's tails without something."""
    return Pipeline([_one_architecture(name, folds) for name in architectures])


def _one_architecture(architecture: str, folds: Sequence[str]) -> Pipeline:
    shared = ("pixels", "data_b", "images", *(f"split.{fold}" for fold in folds))
    transferred = ("trunk", "tail", "features", "views")
    return Pipeline(
        [_train_without_centre(folds), _grade(), _leave_sources_out()],
        namespace=f"{architecture}.retrain",
        inputs={
            **{name: name for name in shared},
            **{name: f"{architecture}.transfer.{name}" for name in transferred},
            "tested_by_seed": f"{architecture}.crossval.tested_by_seed",
            "protocol": "params:split.protocol",
        },
        parameters={
            "params:transfer": f"params:architectures.{architecture}.transfer",
            **{
                f"params:{name}": f"params:{name}"
                for name in ("audit", "split", "seed", "seeds")
            },
        },
    )


def _train_without_centre(folds: Sequence[str]) -> Pipeline:
    extract = Node(
        extract_features_without_centre,
        inputs=["trunk", "pixels", "data_b", "params:audit"],
        outputs="features",
        name="extract_features_without_centre",
    )
    view = Node(
        extract_views_without_centre,
        inputs=[
            "trunk",
            "pixels",
            "data_b",
            "params:audit",
            "params:transfer",
            "params:seed",
        ],
        outputs="views",
        name="extract_views_without_centre",
    )
    return Pipeline(
        [extract, view, *train_folds(folds)],
        namespace="without_centre",
        inputs={
            *("pixels", "data_b", "trunk", "tail", "protocol"),
            *(f"split.{fold}" for fold in folds),
        },
        parameters={
            *("params:transfer", "params:audit", "params:seed", "params:seeds")
        },
    )


def _grade() -> Node:
    return Node(
        grade_without_lungs,
        inputs=[
            "tested_by_seed",
            "without_centre.tested_by_seed",
            "images",
            "params:seed",
        ],
        outputs="without_lungs",
        name="grade_without_lungs",
    )


def _leave_sources_out() -> Node:
    return Node(
        leave_sources_out,
        inputs=[
            "tail",
            "features",
            "views",
            "data_b",
            "images",
            "params:transfer",
            "params:split",
            "params:seed",
            "params:seeds",
        ],
        outputs="sources_out",
        name="leave_sources_out",
    )
