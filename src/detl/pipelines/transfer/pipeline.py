"""Graph of the transfer: new head, frozen trunk, features once per architecture."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES
from detl.networks.cut import cut_trunk

from .nodes import (
    extract_features_of_data_b,
    extract_views_of_data_b,
    replace_last_layer,
)

TRANSFER_ARCHITECTURE = Pipeline(
    [
        Node(
            replace_last_layer,
            inputs=["pretrained", "params:seed"],
            outputs="model",
            name="replace_last_layer",
        ),
        Node(cut_trunk, inputs="model", outputs=["trunk", "tail"], name="cut_trunk"),
        Node(
            extract_features_of_data_b,
            inputs=["trunk", "pixels", "data_b"],
            outputs="features",
            name="extract_features",
        ),
        Node(
            extract_views_of_data_b,
            inputs=["trunk", "pixels", "data_b", "params:transfer", "params:seed"],
            outputs="views",
            name="extract_views",
        ),
    ]
)


def create_pipeline(architectures: Sequence[str] = ARCHITECTURES) -> Pipeline:
    """Return the graph that cuts every network and runs its frozen part over Data-B."""
    return Pipeline(
        [
            Pipeline(
                TRANSFER_ARCHITECTURE,
                namespace=f"{architecture}.transfer",
                inputs={
                    "pixels": "pixels",
                    "data_b": "data_b",
                    "pretrained": f"{architecture}.pretrain.model",
                },
                parameters={
                    "params:transfer": f"params:architectures.{architecture}.transfer",
                    "params:seed": "params:seed",
                },
            )
            for architecture in architectures
        ]
    )
