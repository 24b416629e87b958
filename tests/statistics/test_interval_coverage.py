"""A small version of ``benchmarks/interval_coverage.py``, which has the full table."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

REPEATS = 15
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def simulation():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        patch.setattr("interval_coverage.TRUTH_GROUPS", 50_000)
        patch.setattr("interval_coverage.TRUTH_PARTS", 1)
        import interval_coverage

        yield interval_coverage


@pytest.fixture(scope="module")
def coverage(simulation):
    return simulation.measure_coverage(simulation.DESIGNS["sample"], REPEATS, seed=0)


def test_no_interval_is_far_from_92_to_97_percent(coverage):
    """Between the points 0.01 % and 99.99 % of the binomial, as there are many."""
    for key, row in coverage.iterrows():
        least = binom(row["repeats"], 0.92).ppf(1e-4) / row["repeats"]
        assert least <= row["coverage"], key


def test_all_intervals_together_hold_the_truth_as_often_as_they_say(coverage):
    mean = np.average(coverage["coverage"], weights=coverage["repeats"])

    assert mean == pytest.approx(0.945, abs=0.03)


def test_every_kind_of_interval_is_there(coverage):
    kinds = {key[:2] for key in coverage.index}

    assert {score for of, score in kinds if of == "all"} == {
        *("accuracy", "balanced_accuracy", "macro_f1", "macro_auc", "auc"),
        *("sensitivity", "specificity", "ppv", "npv", "average_precision"),
    }
    assert {
        ("mean of folds", "auc"),
        ("bootstrap", "accuracy"),
        ("delong", "auc"),
        ("delong", "macro_auc"),
        ("women, gap", "under_diagnosis_rate"),
    } <= kinds


def test_the_simulated_images_are_as_many_as_the_design_says(simulation):
    design = simulation.DESIGNS["paper"]

    drawn = simulation.simulate(design, np.random.default_rng(0))

    table = drawn.pooled["first"]
    assert table["group"].nunique() == design.groups == 900
    assert len(table) == pytest.approx(design.images, rel=0.05)
    assert table["image_id"].equals(drawn.images["image_id"])


def _fails(simulation, held):
    """Return whether a share of 300 intervals fails."""
    rows = pd.DataFrame({"repeats": [300], "coverage": [held / 300]})
    return len(simulation.find_failures(rows)) == 1


def test_a_share_that_chance_explains_does_not_fail(simulation):
    assert not _fails(simulation, 265)


def test_a_share_that_chance_does_not_explain_fails(simulation):
    assert _fails(simulation, 260)
