"""Graph of the shortcut card, and of the sources that are left out."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES, FOLDS
from detl.pipelines.crossval.pipeline import train_folds

from .nodes import (
    draw_shortcuts,
    extract_features_without_centre,
    grade_shortcuts,
    leave_sources_out,
    list_controls,
    list_identifiable,
    pool_without_centre,
    predict_controls,
    predict_from_cues,
    probe_source,
    score_same_source,
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
            _of_all(architectures),
            *(
                Pipeline(
                    [_train_without_centre(name, folds), _grade(name, folds)],
                    tags=[name],
                )
                for name in architectures
            ),
            draw,
        ]
    )


def _of_all(architectures: Sequence[str]) -> Pipeline:
    return Pipeline(
        [
            Node(
                predict_from_cues,
                inputs=[
                    "data_b",
                    "images",
                    "pixels",
                    "folds",
                    "params:audit",
                ],
                outputs="cue_predictions",
                name="predict_from_cues",
            ),
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
        inputs={"data_b", "images", "pixels", "folds"},
        parameters={"params:audit", "params:split"},
        tags=list(architectures),
    )


def _train_without_centre(architecture: str, folds: Sequence[str]) -> Pipeline:
    extract = Node(
        extract_features_without_centre,
        inputs=["trunk", "pixels", "data_b", "params:audit"],
        outputs="features",
        name="extract_features_without_centre",
    )
    pool = Node(
        pool_without_centre,
        inputs={
            "data_b": "data_b",
            **{f"{fold}_tested": f"{fold}.predictions" for fold in folds},
            **{f"{f}_validated": f"{f}.validation_predictions" for f in folds},
        },
        outputs="tested",
        name="pool_without_centre",
    )
    return Pipeline(
        [extract, *train_folds(folds), pool],
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


def _grade(architecture: str, folds: Sequence[str]) -> Pipeline:
    first = folds[0]
    nodes = [
        Node(
            grade_shortcuts,
            inputs=[
                "tested",
                f"{architecture}.shortcuts.without_centre.tested",
                "shortcuts.cue_predictions",
                "images",
                "params:seed",
            ],
            outputs="card",
            name="grade_shortcuts",
        ),
        Node(
            predict_controls,
            inputs={
                "trunk": "trunk",
                "pixels": "pixels",
                "controls": "shortcuts.controls",
                **{fold: f"{architecture}.crossval.{fold}.model" for fold in folds},
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
        Node(
            # Features of two networks do not compare, so the probe is of one.
            probe_source,
            inputs=[
                f"{architecture}.crossval.{first}.model",
                "features",
                "control_features",
                "shortcuts.controls",
                f"{architecture}.crossval.{first}.predictions",
                "data_b",
                "images",
                "params:seed",
            ],
            outputs="source_probe",
            name="probe_source",
        ),
        Node(
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
        ),
    ]
    others = {
        name: name
        for name in Pipeline(nodes).inputs()
        if "." in name and not name.startswith("params:")
    }
    return Pipeline(
        nodes,
        namespace=f"{architecture}.shortcuts",
        inputs={
            "pixels": "pixels",
            "data_b": "data_b",
            "images": "images",
            "tested": f"{architecture}.evaluate.tested",
            "trunk": f"{architecture}.transfer.trunk",
            "tail": f"{architecture}.transfer.tail",
            "features": f"{architecture}.transfer.features",
            **others,
        },
        parameters={
            "params:transfer": f"params:architectures.{architecture}.transfer",
            "params:split": "params:split",
            "params:seed": "params:seed",
        },
    )
