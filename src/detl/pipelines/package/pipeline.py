"""Graph of what is packed for use: a card and a bundle of each architecture."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES, FOLDS
from detl.pipelines.binding import bind
from detl.report.model_card import write_card
from detl.report.verdict import judge_network

from .nodes import pack_bundle

_SHARED = ("images", "pixels", "data_a", "data_b", "provenance")


def create_pipeline(
    architectures: Sequence[str] = ARCHITECTURES, folds: Sequence[str] = FOLDS
) -> Pipeline:
    """Return the graph that packs every architecture.

    The tag of an architecture keeps what it needs: ``--tags vgg16``.
    """
    # Of the run and not of the networks: Kedro-Viz would find a circle in a network
    # that takes what the report says of it.
    nodes = [node for name in architectures for node in _pack(name, folds)]
    parameters = {"params:ingest", "params:refusal"}
    return Pipeline(
        nodes,
        namespace="package",
        inputs=Pipeline(nodes).inputs() - parameters,
        parameters=parameters,
    )


def _pack(architecture: str, folds: Sequence[str]) -> list[Node]:
    return [
        Node(
            bind(judge_network, architecture=architecture),
            inputs="report.run",
            outputs=f"{architecture}_verdict",
            name=f"judge_{architecture}",
            tags=[architecture],
        ),
        Node(
            bind(write_card, architecture=architecture),
            inputs=["report.run", f"{architecture}_verdict"],
            outputs=f"{architecture}_card",
            name=f"write_card_of_{architecture}",
            tags=[architecture],
        ),
        Node(
            pack_bundle,
            inputs={
                **{name: name for name in _SHARED},
                "is_synthetic": "report.is_synthetic",
                "trunk": f"{architecture}.transfer.trunk",
                "features": f"{architecture}.transfer.features",
                "temperatures": f"{architecture}.evaluate.temperatures",
                "scaled": f"{architecture}.evaluate.scaled",
                "map_shift": f"{architecture}.explain.map_shift",
                "card": f"{architecture}_card",
                "verdict": f"{architecture}_verdict",
                "refusals": f"{architecture}.evaluate.refusals",
                "external_refusals": f"{architecture}.external.refusals",
                "ingest": "params:ingest",
                "refusal": "params:refusal",
                **{fold: f"{architecture}.crossval.{fold}.model" for fold in folds},
            },
            outputs=f"{architecture}_bundle",
            name=f"pack_{architecture}",
            tags=[architecture],
        ),
    ]
