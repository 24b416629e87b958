"""Graph of the explanation: one namespace per architecture and fold."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES, FOLDS

from .nodes import choose_images, collect_panels, draw_fold, explain_fold

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
            inputs=["heat_maps", "pixels", "data_b", "chosen"],
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
            namespace=f"explain.{architecture}.{fold}",
            inputs={
                "pixels": "pixels",
                "data_b": "data_b",
                "features": f"transfer.{architecture}.features",
                "model": f"crossval.{architecture}.{fold}.model",
                "predictions": f"crossval.{architecture}.{fold}.predictions",
            },
            parameters={"params:explain"},
        )
        for architecture in architectures
        for fold in folds
    ]
    one_per_architecture = [
        Node(
            collect_panels,
            inputs={fold: f"explain.{architecture}.{fold}.panel" for fold in folds},
            outputs=f"explain.{architecture}.panels",
            name="collect_panels",
            namespace=f"explain.{architecture}",
        )
        for architecture in architectures
    ]
    return Pipeline([*one_per_fold, *one_per_architecture])
