import pytest

from detl.session.metric_keys import name_metrics


def test_a_number_has_its_own_name_unless_another_key_is_given():
    named = name_metrics({"accuracy": 0.5, "loss": 1.5}, {"loss": "train/loss"})

    assert named == {"accuracy": 0.5, "train/loss": 1.5}


@pytest.mark.parametrize("name", ["seeds", "seeds_low"])
def test_what_has_no_key_is_not_logged(name):
    assert name_metrics({name: 3}, {"seeds": None}) == {}


def test_the_ends_of_an_interval_follow_their_number_into_a_group():
    values = {"accuracy_low": 0.25, "ensemble_accuracy_high": 0.75}

    named = name_metrics(values, {"ensemble_accuracy": "ensemble/accuracy"})

    assert named == {
        "interval/accuracy_low": 0.25,
        "interval/ensemble_accuracy_high": 0.75,
    }
