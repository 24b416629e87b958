"""Graph of what the sources of the images give away.

Its datasets lie beside the shortcut card, in the namespaces ``shortcuts``.
"""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES, FOLDS

from .nodes import (
    leave_sources_out,
    list_controls,
    list_identifiable,
    predict_controls,
    probe_source,
    score_same_source,
)


def create_pipeline(
    architectures: Sequence[str] = ARCHITECTURES, folds: Sequence[str] = FOLDS
) -> Pipeline:
    """Test every architecture within a source, for the source, and without it.

    The tag of an architecture keeps what it needs: ``--tags vgg16``.
    """
    return Pipeline(
        [
            _list_what_can_be_tested(architectures),
            *(_one_architecture(name, folds) for name in architectures),
        ]
    )


def _list_what_can_be_tested(architectures: Sequence[str]) -> Pipeline:
    return Pipeline(
        [
            Node(
                list_controls,
                inputs=["data_b", "images", "params:split"],
                outputs="controls",
                name="list_controls",
            ),
            Node(
                list_identifiable,
                inputs=["data_b", "images"],
                outputs="identifiable",
                name="list_identifiable",
            ),
        ],
        namespace="shortcuts",
        inputs={"data_b", "images"},
        parameters={"params:split"},
        tags=list(architectures),
    )


def _one_architecture(architecture: str, folds: Sequence[str]) -> Pipeline:
    transferred = ("trunk", "tail", "features")
    trained = ["tested", *(f"{fold}.model" for fold in folds)]
    return Pipeline(
        [*_test_within_source(folds), _probe_source(folds), _leave_sources_out()],
        namespace=f"{architecture}.shortcuts",
        inputs={
            **{name: name for name in ("pixels", "data_b", "images")},
            **{name: f"{architecture}.transfer.{name}" for name in transferred},
            **{name: f"{architecture}.crossval.{name}" for name in trained},
            "controls": "shortcuts.controls",
        },
        parameters={
            "params:transfer": f"params:architectures.{architecture}.transfer",
            "params:split": "params:split",
            "params:seed": "params:seed",
        },
        tags=[architecture],
    )


def _test_within_source(folds: Sequence[str]) -> list[Node]:
    return [
        Node(
            predict_controls,
            inputs={
                "trunk": "trunk",
                "pixels": "pixels",
                "controls": "controls",
                **{fold: f"{fold}.model" for fold in folds},
            },
            outputs=["control_predictions", "control_features"],
            name="predict_controls",
        ),
        Node(
            score_same_source,
            inputs=["tested", "control_predictions", "images", "params:seed"],
            outputs="same_source",
            name="score_same_source",
        ),
    ]


def _probe_source(folds: Sequence[str]) -> Node:
    given = ("features", "control_features", "controls", "tested", "data_b", "images")
    return Node(
        probe_source,
        inputs={
            **{name: name for name in given},
            "seed": "params:seed",
            **{fold: f"{fold}.model" for fold in folds},
        },
        outputs="source_probe",
        name="probe_source",
    )


def _leave_sources_out() -> Node:
    return Node(
        leave_sources_out,
        inputs=[
            "tail",
            "features",
            "data_b",
            "images",
            "params:transfer",
            "params:split",
            "params:seed",
        ],
        outputs="sources_out",
        name="leave_sources_out",
    )
