"""Graph of the pretraining: one namespace per architecture."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES

from .nodes import pretrain_network, score_pretraining

PRETRAIN_ARCHITECTURE = Pipeline(
    [
        Node(
            pretrain_network,
            inputs=[
                "pixels",
                "data_a",
                "params:network",
                "params:pretrain",
                "params:seed",
            ],
            outputs=["model", "history"],
            name="pretrain_network",
        ),
        Node(
            score_pretraining,
            inputs=[
                "model",
                "history",
                "pixels",
                "data_a",
                "params:pretrain",
                "params:seed",
            ],
            outputs="scores",
            name="score_pretraining",
        ),
    ]
)


def create_pipeline(architectures: Sequence[str] = ARCHITECTURES) -> Pipeline:
    """Return the graph that trains every architecture to tell normal from diseased."""
    return Pipeline(
        [
            Pipeline(
                PRETRAIN_ARCHITECTURE,
                namespace=f"{architecture}.pretrain",
                inputs={"pixels", "data_a"},
                parameters={
                    "params:network": f"params:architectures.{architecture}.network",
                    "params:pretrain": f"params:architectures.{architecture}.pretrain",
                    "params:seed": "params:seed",
                },
            )
            for architecture in architectures
        ]
    )
