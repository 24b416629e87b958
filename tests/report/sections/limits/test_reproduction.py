import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, binomtest

from detl.report.published import IMAGES, PUBLISHED, PublishedAccuracy
from detl.report.sections.data.table_one import PAPER_DATA_B
from detl.report.sections.limits.reproduction import measure_departure
from made_results import make_optimism, make_result
from made_run import make_ingest
from made_tables import make_folds, make_split


def test_each_obstacle_to_a_comparison_is_named(describe):
    _, shown, not_shown = describe(
        {"vgg16": make_result(width_multiplier=0.25)},
        is_synthetic=True,
        ingest=make_ingest(96),
    )
    for obstacle in (
        "folds by patient",
        "synthetic images",
        "8 images in Data-B",
        "1,277",
        "1 images in Data-A",
        "108,379",
        "96 pixels",
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


def test_an_accuracy_that_may_be_the_papers_reproduces_it(describe):
    """Below the paper's own interval, which is of its patients alone."""
    results = {
        "vgg16": make_result(accuracy=0.88, accuracy_low=0.86, accuracy_high=0.898)
    }
    _, shown, not_shown = describe(results, **_make_full_data())
    assert PUBLISHED["vgg16"].interval[0] > 0.88
    # The ends of 1,151 of 1,277 are 88.4 and 91.7 %, by Wilson's formula.
    assert "The paper's figure of VGG16" in shown
    assert "88.0 %" in shown
    assert "90.13 % by -2.1 points" in shown
    assert "(-4.6 to +0.4" in shown
    assert "The paper's figure" not in not_shown


def test_an_accuracy_that_differs_from_the_papers_does_not(describe):
    results = {
        "vgg16": make_result(accuracy=0.85, accuracy_low=0.83, accuracy_high=0.869)
    }
    _, shown, not_shown = describe(results, **_make_full_data())
    assert "-5.1 points (-7.6 to -2.5" in not_shown
    assert "The paper's figure" not in shown


def test_two_equal_networks_differ_in_one_of_twenty_cases():
    """All outcomes of two networks, on 1,277 images each, and their probabilities."""
    chosen = np.arange(1085, 1210)
    probability = binom(IMAGES, PUBLISHED["vgg16"].percent / 100).pmf(chosen)
    ends = [binomtest(int(k), IMAGES).proportion_ci(method="wilson") for k in chosen]
    failed = 0.0
    for k, p in zip(chosen[::5], probability[::5], strict=True):
        paper = PublishedAccuracy(100 * k / IMAGES, 0.1)
        departs = []
        for other, end in zip(chosen, ends, strict=True):
            result = {
                "accuracy": other / IMAGES,
                "accuracy_low": end.low,
                "accuracy_high": end.high,
            }
            _, low, high = measure_departure(result, paper)
            departs.append(low > 0 or high < 0)
        failed += 5 * p * (probability @ np.array(departs))

    assert failed == pytest.approx(0.05, abs=0.003)


def test_the_papers_protocol_beside_a_grouped_run_reproduces_nothing(describe):
    data = {**_make_full_data(), "split": make_split("grouped")}
    _, shown, not_shown = describe(**data, optimism=make_optimism(0, 0.2))
    assert "neither reproduced nor refuted" in not_shown
    assert "folds by patient" in not_shown
    assert "under its protocol" not in shown + not_shown


def test_a_network_that_the_paper_lacks_is_not_held_against_it(describe):
    _, shown, not_shown = describe({"mine": make_result()})
    assert "The paper's figure" not in shown + not_shown
