"""Graph of the split: Data-B, then Data-A without its groups, the folds, the check."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from detl.design import FOLDS
from detl.pipelines.binding import bind
from detl.splitting.data_a import select_data_a
from detl.splitting.data_b import select_data_b
from detl.splitting.folds import assign_folds, separate_folds

from .nodes import check_leaks

_SELECT_AND_CHECK = [
    Node(
        select_data_b,
        inputs=["images", "params:split", "params:seed"],
        outputs=["data_b", "data_b_counts"],
        name="select_data_b",
    ),
    Node(
        select_data_a,
        inputs=["images", "data_b", "params:split", "params:seed"],
        outputs=["drawn_data_a", "data_a_counts"],
        name="select_data_a",
    ),
    Node(
        check_leaks,
        inputs=[
            "images",
            "copies",
            "data_b",
            "drawn_data_a",
            "drawn_folds",
            "params:split",
        ],
        outputs=["data_a", "folds", "leaks"],
        name="check_leaks",
    ),
]


def create_pipeline(folds: Sequence[str] = FOLDS) -> Pipeline:
    """Return the graph that draws Data-A, Data-B and the folds from the images.

    What is trained on comes from the node that has checked it.

    Args:
        folds: Names of the folds; each becomes a dataset ``split.<fold>``.
    """
    return Pipeline(
        [
            *_SELECT_AND_CHECK,
            Node(
                bind(assign_folds, folds=tuple(folds)),
                inputs=["data_b", "params:split", "params:seed"],
                outputs="drawn_folds",
                name="assign_folds",
            ),
            Node(
                separate_folds,
                inputs="folds",
                outputs=list(folds),
                name="separate_folds",
            ),
        ],
        namespace="split",
        inputs={"images", "copies"},
        outputs={
            *("data_a", "data_b", "folds", "leaks"),
            *("data_a_counts", "data_b_counts"),
        },
        parameters={"params:split", "params:seed"},
    )
