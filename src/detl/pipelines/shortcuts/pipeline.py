"""Graph of the shortcuts: what is reached without the lungs, and what sources tell."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES, FOLDS
from detl.evaluation.shortcuts.same_source import score_same_source
from detl.evaluation.shortcuts.sources_out import list_identifiable
from detl.figures.shortcuts import draw_shortcuts
from detl.pipelines.crossval.pipeline import train_folds

from .nodes import (
    extract_features_without_centre,
    extract_views_without_centre,
    grade_network,
    label_controls,
    leave_sources_out,
    predict_controls,
    predict_from_each_cue,
    probe_networks,
)

_OF_ALL = Pipeline(
    [
        Node(
            predict_from_each_cue,
            inputs=["data_b", "images", "pixels", "folds", "params:audit"],
            outputs="cue_predictions",
            name="predict_from_each_cue",
        ),
        Node(
            label_controls,
            inputs=["data_b", "images", "params:split"],
            outputs="controls",
            name="label_controls",
        ),
        Node(
            list_identifiable,
            inputs=["data_b", "images"],
            outputs="identifiable",
            name="list_identifiable",
        ),
    ],
    namespace="shortcuts",
    inputs={"data_b", "images", "pixels", "folds"},
    parameters={"params:audit", "params:split"},
)


def create_pipeline(
    architectures: Sequence[str] = ARCHITECTURES, folds: Sequence[str] = FOLDS
) -> Pipeline:
    """Return the graph that grades every architecture's shortcuts."""
    draw = Node(
        draw_shortcuts,
        inputs={name: f"{name}.shortcuts.card" for name in architectures},
        outputs="shortcuts_picture",
        name="draw_shortcuts",
    )
    return Pipeline(
        [
            _OF_ALL,
            draw,
            *(_one_architecture(name, folds) for name in architectures),
        ]
    )


def _one_architecture(architecture: str, folds: Sequence[str]) -> Pipeline:
    shared = ("pixels", "data_b", "images", *(f"split.{fold}" for fold in folds))
    transferred = ("trunk", "tail", "features", "views")
    tested = ("tested", "tested_by_seed", *(f"{fold}.model" for fold in folds))
    return Pipeline(
        [
            _train_without_centre(folds),
            _grade(),
            *_test_within_source(folds),
            _probe(folds),
            _leave_sources_out(),
        ],
        namespace=f"{architecture}.shortcuts",
        inputs={
            **{name: name for name in shared},
            **{name: f"{architecture}.transfer.{name}" for name in transferred},
            **{name: f"{architecture}.crossval.{name}" for name in tested},
            **{name: f"shortcuts.{name}" for name in ("controls", "cue_predictions")},
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
        grade_network,
        inputs=[
            "tested_by_seed",
            "without_centre.tested_by_seed",
            "cue_predictions",
            "images",
            "params:seed",
        ],
        outputs="card",
        name="grade_network",
    )


def _test_within_source(folds: Sequence[str]) -> list[Node]:
    return [
        Node(
            predict_controls,
            inputs={
                **{name: name for name in ("trunk", "pixels", "controls")},
                "seed": "params:seed",
                **{fold: f"{fold}.model" for fold in folds},
            },
            outputs=["control_predictions", "control_features"],
            name="predict_controls",
        ),
        Node(
            score_same_source,
            inputs=[
                "tested_by_seed",
                "control_predictions",
                "images",
                "params:seed",
            ],
            outputs="same_source",
            name="score_same_source",
        ),
    ]


def _probe(folds: Sequence[str]) -> Node:
    given = ("features", "control_features", "controls", "tested", "data_b", "images")
    return Node(
        probe_networks,
        inputs={
            **{name: name for name in given},
            "seed": "params:seed",
            **{fold: f"{fold}.model" for fold in folds},
        },
        outputs="source_probe",
        name="probe_networks",
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
