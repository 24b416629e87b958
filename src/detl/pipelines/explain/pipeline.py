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
    """Draw Grad-CAM of every fold's own test images, and a sheet per architecture."""
    one_per_fold = [
        Pipeline(
            _ONE_FOLD,
            namespace=f"{architecture}.explain.{fold}",
            inputs={
                "pixels": "pixels",
                "data_b": "data_b",
                "map_shift": f"{architecture}.explain.map_shift",
                "features": f"{architecture}.transfer.features",
                "model": f"{architecture}.crossval.{fold}.model",
                "predictions": f"{architecture}.crossval.{fold}.predictions",
            },
            parameters={"params:explain"},
        )
        for architecture in architectures
        for fold in folds
    ]
    one_per_architecture = [
        node
        for architecture in architectures
        for node in _one_architecture(architecture, folds)
    ]
    return Pipeline([*one_per_fold, *one_per_architecture])


def _one_architecture(architecture: str, folds: Sequence[str]) -> list[Node]:
    here = f"{architecture}.explain"
    return [
        Node(
            locate_maps,
            inputs=[f"{architecture}.transfer.trunk", f"{architecture}.transfer.tail"],
            outputs=f"{here}.map_shift",
            name="locate_maps",
            namespace=here,
        ),
        Node(
            draw_sheet,
            inputs={fold: f"{here}.{fold}.panel" for fold in folds},
            outputs=f"{here}.panels",
            name="draw_sheet",
            namespace=here,
        ),
    ]
