"""Graph of the evaluation: what the cross-validation's predictions are worth."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES
from detl.evaluation.paired_tests import compare_architectures
from detl.evaluation.probabilities.calibration import (
    measure_calibration,
    measure_reliability,
)
from detl.evaluation.subgroups import measure_subgroups
from detl.figures.calibration import draw_net_benefit, draw_reliability
from detl.pipelines.binding import of_those_there
from detl.schemas.tables import stack_architectures

from .nodes import (
    measure_decisions,
    measure_held_out_refusals,
    scale_folds,
    score_network,
)

EVALUATE_ONE = Pipeline(
    [
        Node(
            scale_folds,
            inputs=["tested", "validated"],
            outputs=["temperatures", "scaled", "scaled_validated"],
            name="scale_folds",
        ),
        Node(
            score_network,
            inputs=["tested_by_seed", "params:seed"],
            outputs=["scores", "pooled_scores"],
            name="score_network",
        ),
        Node(
            measure_calibration,
            inputs=["tested", "scaled", "params:seed"],
            outputs="calibration",
            name="measure_calibration",
        ),
        Node(
            measure_reliability,
            inputs=["tested", "scaled", "params:seed"],
            outputs="reliability",
            name="measure_reliability",
        ),
        Node(
            measure_decisions,
            inputs=[
                "tested",
                "scaled",
                "scaled_validated",
                "params:audit",
                "params:seed",
            ],
            outputs=["operating_points", "predictive_values", "net_benefit"],
            name="measure_decisions",
        ),
        Node(
            measure_subgroups,
            inputs=["tested_by_seed", "images", "params:seed"],
            outputs="subgroups",
            name="measure_subgroups",
        ),
    ]
)

_REFUSE = Pipeline(
    [
        Node(
            measure_held_out_refusals,
            inputs=[
                *("trunk", "features", "pixels", "data_a", "data_b"),
                *("params:refusal", "params:seed"),
            ],
            outputs="refusals",
            name="measure_held_out_refusals",
        )
    ]
)


def create_pipeline(architectures: Sequence[str] = ARCHITECTURES) -> Pipeline:
    """Return the graph that measures and compares every architecture's predictions."""
    return Pipeline(
        [
            *(_one_architecture(name) for name in architectures),
            _compare(architectures),
        ]
    )


def _one_architecture(architecture: str) -> Pipeline:
    return Pipeline(
        [EVALUATE_ONE, _REFUSE],
        namespace=f"{architecture}.evaluate",
        inputs={
            **{
                name: f"{architecture}.crossval.{name}"
                for name in ("tested", "tested_by_seed", "validated")
            },
            **{
                name: f"{architecture}.transfer.{name}"
                for name in ("trunk", "features")
            },
            **{name: name for name in ("images", "pixels", "data_a", "data_b")},
        },
        parameters={"params:audit", "params:refusal", "params:seed"},
    )


def _compare(architectures: Sequence[str]) -> Pipeline:
    tested = {name: f"{name}.crossval.tested_by_seed" for name in architectures}
    measured = {
        table: {name: f"{name}.evaluate.{table}" for name in architectures}
        for table in ("reliability", "calibration", "net_benefit")
    }
    return Pipeline(
        [
            Node(
                of_those_there(compare_architectures),
                inputs={"folds": "folds", "seed": "params:seed", **tested},
                outputs="paired_tests",
                name="compare_architectures",
            ),
            *(
                Node(
                    stack_architectures,
                    inputs=measured[table],
                    outputs=table,
                    name=f"stack_{table}",
                )
                for table in ("reliability", "calibration")
            ),
            Node(
                draw_reliability,
                inputs=["reliability", "calibration"],
                outputs="reliability_picture",
                name="draw_reliability",
            ),
            Node(
                of_those_there(draw_net_benefit),
                inputs=measured["net_benefit"],
                outputs="net_benefit_picture",
                name="draw_net_benefit",
            ),
        ],
        namespace="evaluate",
        inputs={"folds", *tested.values()}.union(
            *(t.values() for t in measured.values())
        ),
        outputs={"paired_tests", "reliability_picture", "net_benefit_picture"},
        parameters={"params:seed"},
    )
