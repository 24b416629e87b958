import pytest

from detl.report.trainings import (
    count_seeds,
    describe_missing,
    describe_trainings,
    name_held,
)
from made_results import make_result
from made_run import make_run


@pytest.fixture
def with_seeds():
    """Return a function that makes a run of networks with so many seeds."""

    def make(*seeds):
        networks = {
            f"network_{k}": {"results": make_result(seeds=number)}
            for k, number in enumerate(seeds)
        }
        return make_run(networks)

    return make


def test_the_network_of_fewest_seeds_counts(with_seeds):
    assert count_seeds(with_seeds(3, 2)) == 2


def test_several_seeds_hold_trainings(with_seeds):
    assert name_held(with_seeds(3)) == "patients and trainings"
    assert "trained with 3 seeds" in describe_trainings(with_seeds(3))


def test_where_one_network_has_one_seed_patients_alone_are_held(with_seeds):
    assert name_held(with_seeds(3, 1)) == "patients"


def test_of_several_seeds_another_pretraining_is_not_held(with_seeds):
    assert "All seeds share one pretraining" in describe_missing(with_seeds(3))


def test_of_one_seed_another_training_is_not_held(with_seeds):
    text = describe_trainings(with_seeds(1))

    assert text == describe_missing(with_seeds(1))
    assert "what another training would give is in none of them" in text
