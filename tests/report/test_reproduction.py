import pandas as pd
from made_results import make_optimism, make_result
from made_tables import (
    make_folds,
    make_split,
)

from detl.report.published import PUBLISHED
from detl.report.table_one import PAPER_DATA_B

NOT_RUN = float("nan")


def test_each_obstacle_to_a_comparison_is_named(describe):
    _, shown, not_shown = describe(
        is_synthetic=True, input_size=96, width_multipliers={"vgg16": 0.25}
    )
    for obstacle in (
        "folds by patient",
        "synthetic images",
        "8 images in Data-B, where it has 1,277",
        "1 images in Data-A, where it has 108,379",
        "images of 96 pixels a side",
        "VGG16 0.25",
    ):
        assert obstacle in not_shown
    assert "under its protocol" not in shown + not_shown


def _make_full_data():
    """Return tables of the sizes of the paper's."""
    labels = [label for label, size in PAPER_DATA_B.items() for _ in range(size)]
    data_b = pd.DataFrame({"label": labels})
    data_b = data_b.assign(
        image_id=[f"b/{k}" for k in range(len(labels))],
        group=[f"b/{k}" for k in range(len(labels))],
    )
    images = data_b.assign(source="nih", view="PA")[
        ["image_id", "group", "source", "view"]
    ]
    return {
        "images": images,
        "data_b": data_b,
        "data_a": pd.DataFrame({"group": range(110_000)}),
        "folds": make_folds(data_b),
        "split": make_split("paper"),
    }


def test_an_accuracy_inside_the_papers_interval_reproduces_it(describe):
    low, high = PUBLISHED["vgg16"].interval
    results = {"vgg16": make_result(accuracy_pooled=(low + high) / 2)}
    _, shown, not_shown = describe(results, **_make_full_data(), input_size=224)
    assert "The paper's figure of VGG16: 90.0 % under its protocol" in shown
    assert "The paper's figure" not in not_shown


def test_an_accuracy_outside_the_papers_interval_does_not(describe):
    results = {"vgg16": make_result(accuracy_pooled=0.88)}
    _, shown, not_shown = describe(results, **_make_full_data(), input_size=224)
    assert "90.13 % is 88.4 to 91.7 % (decision 20)." in not_shown
    assert "The paper's figure" not in shown


def test_the_papers_protocol_beside_a_grouped_run_reproduces_nothing(describe):
    data = {**_make_full_data(), "split": make_split("grouped")}
    _, shown, not_shown = describe(**data, optimism=make_optimism(0, 0.2))
    assert "neither reproduced nor refuted here: folds by patient" in not_shown
    assert "under its protocol" not in shown + not_shown


def test_a_network_that_the_paper_lacks_is_not_held_against_it(describe):
    _, shown, not_shown = describe({"mine": make_result()})
    assert "The paper's figure" not in shown + not_shown
