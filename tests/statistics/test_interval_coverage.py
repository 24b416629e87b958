"""``benchmarks/interval_coverage.py`` in small: what it simulates, shows and refuses.

How often each kind of interval holds the truth is its result, for which it draws 1,000
times; of single intervals ``test_bootstrap.py`` and ``test_delong.py`` ask it.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

REPEATS = 2
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def simulation():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        patch.setattr("interval_coverage.TRUTH_GROUPS", 5_000)
        patch.setattr("interval_coverage.TRUTH_PARTS", 1)
        import interval_coverage

        yield interval_coverage


@pytest.fixture(scope="module")
def coverage(simulation):
    return simulation.measure_coverage(simulation.DESIGNS["sample"], REPEATS, seed=0)


def test_every_kind_of_interval_is_there(coverage):
    kinds = {key[:2] for key in coverage.index}

    assert {score for of, score in kinds if of == "all"} == {
        *("accuracy", "balanced_accuracy", "macro_f1", "macro_auc", "auc"),
        *("sensitivity", "specificity", "ppv", "npv", "average_precision"),
    }
    assert {
        ("mean of folds", "auc"),
        ("two_way", "accuracy"),
        ("delong", "auc"),
        ("delong", "macro_auc"),
        ("women, gap", "under_diagnosis_rate"),
    } <= kinds


def test_an_interval_lies_below_around_or_above_the_truth(coverage):
    parts = coverage[["below", "coverage", "above"]]

    assert parts.sum(axis=1).to_numpy() == pytest.approx(1)


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
