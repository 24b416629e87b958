"""Graph of the external test: images that no fold has seen, and what they cost."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES, FOLDS

from .nodes import (
    decode_external_images,
    predict_external,
    read_external_images,
    score_external,
    select_unseen,
)


def create_pipeline(
    architectures: Sequence[str] = ARCHITECTURES, folds: Sequence[str] = FOLDS
) -> Pipeline:
    """Test every architecture's folds on the images of ``params:source``."""
    return Pipeline(
        [
            _read(architectures),
            *(_one_architecture(name, folds) for name in architectures),
        ]
    )


def _read(architectures: Sequence[str]) -> Pipeline:
    return Pipeline(
        [
            Node(
                read_external_images,
                inputs=["params:source", "params:ingest", "patient_key"],
                outputs=["source", "candidates", "rejected_rows"],
                name="read_external_images",
            ),
            Node(
                decode_external_images,
                inputs=["candidates", "rejected_rows", "params:ingest"],
                outputs=["decoded", "pixels", "undecoded"],
                name="decode_external_images",
            ),
            Node(
                select_unseen,
                inputs=[
                    "decoded",
                    "pixels",
                    "undecoded",
                    "own_images",
                    "own_pixels",
                    "data_a",
                    "data_b",
                    "params:ingest",
                    "params:split",
                ],
                outputs=["images", "rejected"],
                name="select_unseen",
            ),
        ],
        namespace="external",
        inputs={
            "patient_key": "patient_key",
            "own_images": "images",
            "own_pixels": "pixels",
            "data_a": "data_a",
            "data_b": "data_b",
        },
        parameters={"params:source", "params:ingest", "params:split"},
        tags=list(architectures),
    )


def _one_architecture(architecture: str, folds: Sequence[str]) -> Pipeline:
    nodes = [
        Node(
            predict_external,
            inputs={
                "trunk": f"{architecture}.transfer.trunk",
                "external_pixels": "external.pixels",
                "external_images": "external.images",
                **{fold: f"{architecture}.crossval.{fold}.model" for fold in folds},
            },
            outputs=["fold_predictions", "predictions"],
            name="predict_external",
        ),
        Node(
            score_external,
            inputs=[
                "fold_predictions",
                "predictions",
                "external.images",
                f"{architecture}.crossval.tested",
                "params:seed",
            ],
            outputs="scores",
            name="score_external",
        ),
    ]
    return Pipeline(
        nodes,
        namespace=f"{architecture}.external",
        inputs=Pipeline(nodes).inputs() - {"params:seed"},
        parameters={"params:seed"},
        tags=[architecture],
    )
