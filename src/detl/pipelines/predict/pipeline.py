"""Graph of the prediction: a bundle, and the images to answer for."""

from kedro.pipeline import Node, Pipeline

from .nodes import predict_images

_PARAMETERS = ("params:input", "params:output", "params:overlays", "params:dicom")


def create_pipeline() -> Pipeline:
    """Return the graph of one node, which writes the answers."""
    return Pipeline(
        [
            Node(
                predict_images,
                inputs=["bundle", *_PARAMETERS],
                outputs="predict.counts",
                name="predict_images",
            )
        ],
        namespace="predict",
        inputs={"bundle": "predict.bundle"},
        outputs="predict.counts",
        parameters=set(_PARAMETERS),
    )
