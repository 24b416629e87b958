"""Graph of the explanations' scores: lesions, and networks that forget."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES, FOLDS
from detl.figures.explanation_scores import draw_sanity
from detl.sources.class_regions import unite_regions
from detl.sources.regions import read_regions

from .nodes import (
    choose_explained,
    draw_known_regions,
    map_regions,
    randomise_network,
    score_regions,
)

_FIND_REGIONS = Pipeline(
    [
        Node(
            read_regions,
            inputs=["radiographs", "ingest.candidates", "params:ingest"],
            outputs=["known_regions", "known_masks", "unreadable_regions"],
            name="read_regions",
        ),
        Node(
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
        ),
    ],
    namespace="explanation_scores",
    inputs={"radiographs", "ingest.candidates", "data_b"},
    outputs={"regions", "region_masks", "unused_regions"},
    parameters={"params:ingest", "params:split"},
)


def create_pipeline(
    architectures: Sequence[str] = ARCHITECTURES, folds: Sequence[str] = FOLDS
) -> Pipeline:
    """Return the graph that scores the heat maps of every architecture."""
    return Pipeline(
        [
            _FIND_REGIONS,
            _draw(architectures),
            *(_one_architecture(name, folds) for name in architectures),
        ]
    )


def _draw(architectures: Sequence[str]) -> Pipeline:
    tables = {name: f"{name}.explanation_scores.sanity" for name in architectures}
    draw = Node(
        draw_sanity, inputs=tables, outputs="sanity_picture", name="draw_sanity"
    )
    return Pipeline(
        [draw],
        namespace="explanation_scores",
        inputs=set(tables.values()),
        outputs={"sanity_picture"},
    )


def _one_architecture(architecture: str, folds: Sequence[str]) -> Pipeline:
    shared = ("pixels", "data_b", "regions", "region_masks")
    transferred = ("trunk", "features")
    tested = ("tested", *(f"{fold}.model" for fold in folds))
    return Pipeline(
        [*_score_regions(folds), *_randomise(folds[0])],
        namespace=f"{architecture}.explanation_scores",
        inputs={
            **{name: name for name in shared},
            **{name: f"{architecture}.transfer.{name}" for name in transferred},
            **{name: f"{architecture}.crossval.{name}" for name in tested},
            "map_shift": f"{architecture}.explain.map_shift",
        },
        parameters={"params:audit", "params:seed"},
    )


def _score_regions(folds: Sequence[str]) -> list[Node]:
    return [
        Node(
            map_regions,
            inputs={
                **{name: name for name in ("features", "data_b", "tested", "regions")},
                **{fold: f"{fold}.model" for fold in folds},
            },
            outputs=["mapped", "maps"],
            name="map_regions",
        ),
        Node(
            score_regions,
            inputs=[
                "region_masks",
                "mapped",
                "maps",
                "map_shift",
                "params:audit",
                "params:seed",
            ],
            outputs="localisation",
            name="score_regions",
        ),
        Node(
            draw_known_regions,
            inputs=["pixels", "data_b", "region_masks", "mapped", "maps", "map_shift"],
            outputs="regions_picture",
            name="draw_known_regions",
        ),
    ]


def _randomise(first: str) -> list[Node]:
    """Return the nodes of one network, which show whether a method looks at weights."""
    return [
        Node(
            choose_explained,
            inputs=["data_b", "tested", "params:audit", "params:seed"],
            outputs="explained",
            name="choose_explained",
        ),
        Node(
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
        ),
    ]
