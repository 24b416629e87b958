"""Graph of the sample of synthetic chest films."""

from kedro.pipeline import Node, Pipeline

from detl.phantoms.sample import make_phantoms


def create_pipeline() -> Pipeline:
    """Return the pipeline that writes the phantoms' folder."""
    return Pipeline(
        [Node(make_phantoms, "params:phantom", "phantoms", name="make_phantoms")]
    )
