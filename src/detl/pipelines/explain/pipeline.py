"""Graph of the explanation: one namespace per architecture and fold."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES, FOLDS
from detl.figures.grad_cam import draw_sheet

from .nodes import choose_images, draw_fold, explain_fold, locate_maps

_ONE_FOLD = Pipeline(
    [
        Node(
            choose_images,
            inputs=["predictions", "params:explain"],
            outputs="chosen",
            name="choose_images",
        ),
        Node(
            explain_fold,
            inputs=["model", "features", "data_b", "chosen"],
            outputs="heat_maps",
            name="explain_fold",
        ),
        Node(
            draw_fold,
            inputs=["heat_maps", "pixels", "data_b", "chosen", "map_shift"],
            outputs="panel",
            name="draw_fold",
        ),
    ]
)


def create_pipeline(
    architectures: Sequence[str] = ARCHITECTURES, folds: Sequence[str] = FOLDS
) -> Pipeline:
    """Return the graph that draws Grad-CAM of every fold's own test images."""
    return Pipeline([_one_architecture(name, folds) for name in architectures])


def _one_architecture(architecture: str, folds: Sequence[str]) -> Pipeline:
    transferred = ("trunk", "tail", "features")
    tested = [f"{fold}.{name}" for fold in folds for name in ("model", "predictions")]
    locate = Node(
        locate_maps, inputs=["trunk", "tail"], outputs="map_shift", name="locate_maps"
    )
    draw = Node(
        draw_sheet,
        inputs={fold: f"{fold}.panel" for fold in folds},
        outputs="panels",
        name="draw_sheet",
    )
    return Pipeline(
        [locate, *(_one_fold(fold) for fold in folds), draw],
        namespace=f"{architecture}.explain",
        inputs={
            **{name: name for name in ("pixels", "data_b")},
            **{name: f"{architecture}.transfer.{name}" for name in transferred},
            **{name: f"{architecture}.crossval.{name}" for name in tested},
        },
        parameters={"params:explain"},
    )


def _one_fold(fold: str) -> Pipeline:
    return Pipeline(
        _ONE_FOLD,
        namespace=fold,
        inputs={
            **{name: name for name in ("pixels", "data_b", "features", "map_shift")},
            # The networks and predictions of the folds lie in the same namespaces.
            **{name: f"{fold}.{name}" for name in ("model", "predictions")},
        },
        parameters={"params:explain"},
    )
