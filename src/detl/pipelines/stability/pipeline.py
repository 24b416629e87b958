"""Graph of further pretrainings: all that follows them, and how far accuracies differ.

The cross-validation has the first pretraining, so its predictions are taken.
"""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES
from detl.evaluation.stability import measure_stability, summarise_stability
from detl.schemas.tables import stack_architectures

from .nodes import train_again

_ONE_ARCHITECTURE = [
    Node(
        train_again,
        inputs=[
            "pixels",
            "data_a",
            "data_b",
            "folds",
            "protocol",
            "params:network",
            "params:pretrain",
            "params:transfer",
            "params:seed",
            "params:seeds",
            "params:pretrainings",
        ],
        outputs="tested_by_seed",
        name="train_again",
    ),
    Node(
        measure_stability,
        inputs=["crossval.tested_by_seed", "tested_by_seed", "params:seed"],
        outputs="pretrainings",
        name="measure_stability",
    ),
    Node(
        summarise_stability,
        inputs="pretrainings",
        outputs="summary",
        name="summarise_stability",
    ),
]


def create_pipeline(architectures: Sequence[str] = ARCHITECTURES) -> Pipeline:
    """Return the graph that pretrains again and measures how far accuracies differ."""
    tables = {name: f"{name}.stability.pretrainings" for name in architectures}
    join = Node(
        stack_architectures,
        inputs=tables,
        outputs="stability",
        name="stack_pretrainings",
        namespace="stability",
    )
    return Pipeline([join, *(_one_architecture(name) for name in architectures)])


def _one_architecture(architecture: str) -> Pipeline:
    return Pipeline(
        _ONE_ARCHITECTURE,
        namespace=f"{architecture}.stability",
        inputs={
            **{name: name for name in ("pixels", "data_a", "data_b", "folds")},
            "protocol": "params:split.protocol",
            "crossval.tested_by_seed": f"{architecture}.crossval.tested_by_seed",
        },
        parameters={
            **{
                f"params:{block}": f"params:architectures.{architecture}.{block}"
                for block in ("network", "pretrain", "transfer")
            },
            **{
                name: name
                for name in ("params:seed", "params:seeds", "params:pretrainings")
            },
        },
    )
