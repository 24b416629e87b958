"""Graph of the explanations' scores: lesions, deletion, and networks that forget."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES, FOLDS

from .nodes import (
    choose_explained,
    draw_regions,
    draw_scores,
    follow_randomisation,
    map_regions,
    read_regions,
    score_curves,
    score_localisation,
    trace_curves,
    unite_regions,
)

_ONE_FOLD = Pipeline(
    [
        Node(
            map_regions,
            inputs=["model", "features", "data_b", "predictions", "regions"],
            outputs=["mapped", "maps"],
            name="map_regions",
        ),
        Node(
            choose_explained,
            inputs=["data_b", "predictions", "params:audit", "params:seed"],
            outputs="explained",
            name="choose_explained",
        ),
        Node(
            trace_curves,
            inputs=[
                "trunk",
                "model",
                "pixels",
                "features",
                "explained",
                "map_shift",
                "params:seed",
            ],
            outputs="curves",
            name="trace_curves",
        ),
    ]
)


def create_pipeline(
    architectures: Sequence[str] = ARCHITECTURES, folds: Sequence[str] = FOLDS
) -> Pipeline:
    """Score the heat maps of every architecture.

    The tag of an architecture keeps what it needs: ``--tags vgg16``.
    """
    read = Node(
        read_regions,
        inputs=["radiographs", "ingest.candidates", "params:ingest"],
        outputs=["known_regions", "known_masks", "unreadable_regions"],
        name="read_regions",
        tags=list(architectures),
    )
    unite = Node(
        unite_regions,
        inputs=[
            "known_regions",
            "known_masks",
            "unreadable_regions",
            "data_b",
            "params:split",
        ],
        outputs=["regions", "region_masks", "unused_regions"],
        name="unite_regions",
        tags=list(architectures),
    )
    draw = Node(
        draw_scores,
        inputs={
            f"{name}_{part}": f"{name}.explanation_scores.{table}"
            for name in architectures
            for part, table in (("curves", "deletion_curves"), ("sanity", "sanity"))
        },
        outputs=["deletion_picture", "sanity_picture"],
        name="draw_scores",
        tags=list(architectures),
    )
    return Pipeline(
        [
            read,
            unite,
            *(_one_architecture(name, folds) for name in architectures),
            draw,
        ]
    )


def _one_architecture(architecture: str, folds: Sequence[str]) -> Pipeline:
    return Pipeline(
        [
            *(_one_fold(architecture, fold) for fold in folds),
            _collect(architecture, folds),
        ],
        tags=[architecture],
    )


def _one_fold(architecture: str, fold: str) -> Pipeline:
    return Pipeline(
        _ONE_FOLD,
        namespace=f"{architecture}.explanation_scores.{fold}",
        inputs={
            "pixels": "pixels",
            "data_b": "data_b",
            "regions": "regions",
            "map_shift": f"{architecture}.explain.map_shift",
            "trunk": f"{architecture}.transfer.trunk",
            "features": f"{architecture}.transfer.features",
            "model": f"{architecture}.crossval.{fold}.model",
            "predictions": f"{architecture}.crossval.{fold}.predictions",
        },
        parameters={"params:audit", "params:seed"},
    )


def _collect(architecture: str, folds: Sequence[str]) -> Pipeline:
    here = f"{architecture}.explanation_scores"

    def of_folds(*parts: str) -> dict[str, str]:
        return {f"{f}_{part}": f"{here}.{f}.{part}" for part in parts for f in folds}

    first = folds[0]
    nodes = [
        Node(
            score_localisation,
            inputs={
                "masks": "region_masks",
                "map_shift": f"{architecture}.explain.map_shift",
                "parameters": "params:audit",
                "seed": "params:seed",
                **of_folds("mapped", "maps"),
            },
            outputs="localisation",
            name="score_localisation",
        ),
        Node(
            score_curves,
            inputs={"seed": "params:seed", **of_folds("curves", "explained")},
            outputs=["deletion", "deletion_curves"],
            name="score_curves",
        ),
        Node(
            # One network is enough to see whether a method looks at the weights.
            follow_randomisation,
            inputs=[
                f"{architecture}.transfer.trunk",
                f"{architecture}.crossval.{first}.model",
                "pixels",
                f"{architecture}.transfer.features",
                f"{here}.{first}.explained",
                "params:seed",
            ],
            outputs="sanity",
            name="follow_randomisation",
        ),
        Node(
            draw_regions,
            inputs=[
                "pixels",
                "data_b",
                "region_masks",
                f"{here}.{first}.mapped",
                f"{here}.{first}.maps",
                f"{architecture}.explain.map_shift",
            ],
            outputs="regions_picture",
            name="draw_regions",
        ),
    ]
    return Pipeline(
        nodes,
        namespace=here,
        inputs=Pipeline(nodes).inputs() - {"params:audit", "params:seed"},
        parameters={"params:audit", "params:seed"},
    )
