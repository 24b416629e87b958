"""Graph of the shortcuts: what cues tell beside the lungs, and what sources tell."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES, FOLDS
from detl.evaluation.shortcuts.same_source import score_same_source
from detl.evaluation.shortcuts.sources_out import list_identifiable

from .nodes import (
    grade_cues,
    label_controls,
    predict_controls,
    predict_from_each_cue,
    probe_networks,
)

PREDICT_FROM_EACH_CUE = Node(
    predict_from_each_cue,
    inputs=["data_b", "images", "pixels", "folds", "params:audit"],
    outputs="cue_predictions",
    name="predict_from_each_cue",
)

GRADE_CUES = Node(
    grade_cues,
    inputs=["tested_by_seed", "cue_predictions", "images", "params:seed"],
    outputs="cues",
    name="grade_cues",
)

_OF_ALL = Pipeline(
    [
        PREDICT_FROM_EACH_CUE,
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
    """Return the graph that looks for shortcuts without training a network."""
    return Pipeline([_OF_ALL, *(_one_architecture(n, folds) for n in architectures)])


def _one_architecture(architecture: str, folds: Sequence[str]) -> Pipeline:
    transferred = ("trunk", "features")
    tested = ("tested", "tested_by_seed", *(f"{fold}.model" for fold in folds))
    return Pipeline(
        [GRADE_CUES, *_test_within_source(folds), _probe(folds)],
        namespace=f"{architecture}.shortcuts",
        inputs={
            **{name: name for name in ("pixels", "data_b", "images")},
            **{name: f"{architecture}.transfer.{name}" for name in transferred},
            **{name: f"{architecture}.crossval.{name}" for name in tested},
            **{name: f"shortcuts.{name}" for name in ("controls", "cue_predictions")},
        },
        parameters={"params:seed"},
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
