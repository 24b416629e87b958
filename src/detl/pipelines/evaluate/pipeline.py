"""Graph of the evaluation: what the cross-validation's predictions are worth."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES, FOLDS

from .nodes import (
    compare_architectures,
    draw_calibration,
    measure_calibration,
    measure_operating_points,
    measure_scores,
    measure_subgroups,
    pool_folds,
)


def create_pipeline(
    architectures: Sequence[str] = ARCHITECTURES, folds: Sequence[str] = FOLDS
) -> Pipeline:
    """Measure every architecture's predictions, and compare the architectures."""
    return Pipeline(
        [
            *(_one_architecture(name, folds) for name in architectures),
            Node(
                compare_architectures,
                inputs={
                    "folds": "folds",
                    "seed": "params:seed",
                    **{name: f"{name}.evaluate.tested" for name in architectures},
                },
                outputs="paired_tests",
                name="compare_architectures",
            ),
            Node(
                draw_calibration,
                inputs={
                    f"{name}_{table}": f"{name}.evaluate.{table}"
                    for name in architectures
                    for table in ("reliability", "calibration", "net_benefit")
                },
                outputs=["reliability_picture", "net_benefit_picture"],
                name="draw_calibration",
            ),
        ]
    )


def _one_architecture(architecture: str, folds: Sequence[str]) -> Pipeline:
    of_folds = {
        f"{fold}_{part}": f"{architecture}.crossval.{fold}.{dataset}"
        for fold in folds
        for part, dataset in (
            ("tested", "predictions"),
            ("validated", "validation_predictions"),
        )
    }
    return Pipeline(
        [
            Node(
                pool_folds,
                inputs={"data_b": "data_b", **of_folds},
                outputs=["tested", "validated"],
                name="pool_folds",
            ),
            Node(
                measure_scores,
                inputs=["tested", "params:seed"],
                outputs=["scores", "pooled_scores"],
                name="measure_scores",
            ),
            Node(
                measure_calibration,
                inputs=["tested", "validated", "params:seed"],
                outputs=["temperatures", "calibration", "reliability"],
                name="measure_calibration",
            ),
            Node(
                measure_operating_points,
                inputs=["tested", "validated", "params:audit", "params:seed"],
                outputs=["operating_points", "predictive_values", "net_benefit"],
                name="measure_operating_points",
            ),
            Node(
                measure_subgroups,
                inputs=["tested", "images", "params:seed"],
                outputs="subgroups",
                name="measure_subgroups",
            ),
        ],
        namespace=f"{architecture}.evaluate",
        inputs={"data_b", "images", *of_folds.values()},
        parameters={"params:audit", "params:seed"},
    )
