import pytest

from detl.report.trainings import (
    count_seeds,
    describe_missing,
    describe_trainings,
    name_held,
)
from made_results import make_result, make_stability
from made_run import make_run


@pytest.fixture
def with_seeds():
    """Return a function that makes a run of networks with so many seeds."""

    def make(*seeds, **changes):
        networks = {
            f"network_{k}": {"results": make_result(seeds=number)}
            for k, number in enumerate(seeds)
        }
        return make_run(networks, **changes)

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


@pytest.mark.parametrize("seeds", [1, 3])
def test_where_stability_was_run_its_section_is_named(with_seeds, seeds):
    run = with_seeds(seeds, stability=make_stability(architecture="network_0"))

    assert describe_missing(run).endswith(
        ' but those of the section "Other pretrainings".'
    )


def test_networks_that_were_pretrained_again_are_named_where_others_were_not(
    with_seeds,
):
    run = with_seeds(3, 3, stability=make_stability(architecture="network_1"))

    assert describe_missing(run).endswith("(of network_1 alone).")
