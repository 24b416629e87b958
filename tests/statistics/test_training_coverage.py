"""``benchmarks/training_coverage.py`` in small: what it simulates and shows.

How often each kind of interval holds the truth is its result, for which it draws 1,000
times.
"""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
REPEATS = 60


@pytest.fixture(scope="module")
def simulation():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        import training_coverage

        yield training_coverage


@pytest.fixture(scope="module")
def coverage(simulation):
    return simulation.measure_coverage(
        simulation.Design(264, 204, 0.9), REPEATS, seed=0
    )


def test_every_kind_of_interval_is_there(coverage):
    assert list(coverage.index) == [
        "accuracy",
        "AUC",
        "difference, other seeds",
        "difference, paired seeds",
        "gap",
        "ratio",
    ]


def test_intervals_over_patients_and_trainings_hold_the_truth(coverage):
    """Of 60, at least what 1 in 1,000 binomials of 92 % falls short of: 47."""
    fewest = binom.ppf(0.001, REPEATS, 0.92)

    assert (REPEATS * coverage["coverage"] >= fewest - 0.5).all()


def test_they_are_not_so_wide_as_to_hold_anything(coverage):
    assert (
        coverage.loc["accuracy", "half"] < 2 * coverage.loc["accuracy", "half of one"]
    )


def test_an_accuracy_varies_over_trainings_as_the_design_says(simulation):
    rng = np.random.default_rng(0)
    group, level = np.arange(20_000), np.full(20_000, 1.0)
    easiness = simulation.draw_easiness(group, rng)
    effects = np.array([-0.2, 0.0, 0.2])

    answers = simulation.draw_answers(group, level, effects, easiness, rng)

    shares = (answers > 0).mean(axis=0)
    assert shares == pytest.approx([0.788, 0.841, 0.885], abs=0.01)
    assert answers.std(axis=0) == pytest.approx(1, abs=0.03)


def test_two_trainings_disagree_on_up_to_a_quarter_of_the_images(simulation):
    rng = np.random.default_rng(0)
    group, level = np.arange(20_000), np.full(20_000, 0.3)
    easiness = simulation.draw_easiness(group, rng)

    right = simulation.draw_answers(group, level, np.zeros(2), easiness, rng) > 0

    assert (right[:, 0] != right[:, 1]).mean() == pytest.approx(0.26, abs=0.02)
