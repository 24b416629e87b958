"""Graph of the lesions: whether heat maps point at those that are known."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES, FOLDS

from .nodes import draw_known_regions, find_regions, map_regions, score_regions

_FIND_REGIONS = Pipeline(
    [
        Node(
            find_regions,
            inputs=[
                "radiographs",
                "ingest.candidates",
                "images",
                "data_b",
                "params:ingest",
                "params:split",
            ],
            outputs=["regions", "region_masks", "unused_regions"],
            name="find_regions",
        ),
    ],
    namespace="lesions",
    inputs={"radiographs", "ingest.candidates", "images", "data_b"},
    outputs={"regions", "region_masks", "unused_regions"},
    parameters={"params:ingest", "params:split"},
)


def create_pipeline(
    architectures: Sequence[str] = ARCHITECTURES, folds: Sequence[str] = FOLDS
) -> Pipeline:
    """Return the graph that compares every architecture's maps with known lesions."""
    return Pipeline(
        [_FIND_REGIONS, *(_one_architecture(name, folds) for name in architectures)]
    )


def _one_architecture(architecture: str, folds: Sequence[str]) -> Pipeline:
    shared = ("pixels", "data_b", "regions", "region_masks")
    tested = ("tested", *(f"{fold}.model" for fold in folds))
    return Pipeline(
        _score_regions(folds),
        namespace=f"{architecture}.lesions",
        inputs={
            **{name: name for name in shared},
            **{name: f"{architecture}.crossval.{name}" for name in tested},
            "features": f"{architecture}.transfer.features",
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
