"""Graph of the external test: images that no fold has seen, and what they cost."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES, FOLDS
from detl.sources.external import read_external_images

from .nodes import (
    decode_external_images,
    measure_external_refusals,
    predict_external,
    score_external,
    select_unseen,
)

_FROZEN = ("trunk", "features")

_READ = Pipeline(
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
        "own_images": "images",
        "own_pixels": "pixels",
        **{name: name for name in ("patient_key", "data_a", "data_b")},
    },
    parameters={"params:source", "params:ingest", "params:split"},
)


def create_pipeline(
    architectures: Sequence[str] = ARCHITECTURES, folds: Sequence[str] = FOLDS
) -> Pipeline:
    """Return the graph that tests every fold's network on ``params:source``."""
    return Pipeline(
        [
            _READ,
            *(_one_architecture(name, folds) for name in architectures),
        ]
    )


def _one_architecture(architecture: str, folds: Sequence[str]) -> Pipeline:
    tested = ("tested_by_seed", *(f"{fold}.model" for fold in folds))
    return Pipeline(
        [
            Node(
                predict_external,
                inputs={
                    "trunk": "trunk",
                    "external_pixels": "pixels",
                    "external_images": "images",
                    "seed": "params:seed",
                    **{fold: f"{fold}.model" for fold in folds},
                },
                outputs=["fold_predictions", "predictions"],
                name="predict_external",
            ),
            Node(
                score_external,
                inputs=[
                    "fold_predictions",
                    "predictions",
                    "images",
                    "tested_by_seed",
                    "params:seed",
                ],
                outputs="scores",
                name="score_external",
            ),
            Node(
                measure_external_refusals,
                inputs=[
                    *("trunk", "features", "own_pixels", "data_b"),
                    *("pixels", "images", "params:refusal", "params:seed"),
                ],
                outputs="refusals",
                name="measure_external_refusals",
            ),
        ],
        namespace=f"{architecture}.external",
        inputs={
            **{name: f"external.{name}" for name in ("pixels", "images")},
            **{name: f"{architecture}.crossval.{name}" for name in tested},
            **{name: f"{architecture}.transfer.{name}" for name in _FROZEN},
            "own_pixels": "pixels",
            "data_b": "data_b",
        },
        parameters={"params:refusal", "params:seed"},
    )
