import numpy as np
import pytest

from detl.evaluation.accuracies import measure_accuracies
from detl.evaluation.predictions import average_seeds
from detl.evaluation.scores import measure_scores
from made_pooled import make_by_seed


@pytest.fixture(scope="module")
def by_seed():
    return make_by_seed(lifts=[1.0, 1.5, 2.0])


@pytest.fixture(scope="module")
def measured(by_seed):
    return measure_accuracies(by_seed, average_seeds(by_seed), seed=0)


def test_the_accuracy_is_the_mean_over_seeds_with_their_spread(by_seed, measured):
    right = by_seed["label"] == by_seed["predicted"]
    of_seeds = right.groupby(by_seed["seed"]).mean()

    assert measured["accuracy"] == pytest.approx(of_seeds.mean())
    assert measured["accuracy_sd_seeds"] == pytest.approx(of_seeds.std())
    assert measured["seeds"] == 3


def test_it_has_the_interval_of_the_scores(by_seed, measured):
    scores = measure_scores(by_seed, seed=0)
    row = scores[(scores["fold"] == "all") & (scores["score"] == "accuracy")].iloc[0]

    ends = measured["accuracy_low"], measured["accuracy_high"]
    assert ends == pytest.approx((row["low"], row["high"]))


def test_the_ensemble_has_an_accuracy_of_its_own(by_seed, measured):
    ensemble = average_seeds(by_seed)

    share = (ensemble["label"] == ensemble["predicted"]).mean()
    assert measured["ensemble_accuracy"] == pytest.approx(share)
    assert measured["ensemble_accuracy"] > measured["accuracy"]


def test_the_interval_of_the_ensemble_is_over_patients_alone(by_seed, measured):
    ensemble = average_seeds(by_seed)
    row = measure_scores(ensemble, seed=0).iloc[0]

    ends = measured["ensemble_accuracy_low"], measured["ensemble_accuracy_high"]
    assert ends == pytest.approx((row["low"], row["high"]))


def test_the_spread_over_folds_is_that_of_means_over_seeds(by_seed, measured):
    right = by_seed["label"] == by_seed["predicted"]
    of_folds = right.groupby(by_seed["fold"]).mean()

    assert measured["accuracy_sd_folds"] == pytest.approx(of_folds.std())


def test_the_rows_may_come_in_any_order(by_seed, measured):
    shuffled = by_seed.sample(frac=1, random_state=0)

    found = measure_accuracies(shuffled, average_seeds(by_seed), seed=0)

    assert found == pytest.approx(measured)


def test_one_seed_has_no_spread_over_seeds():
    one = make_by_seed(seeds=1)

    measured = measure_accuracies(one, average_seeds(one), seed=0)

    assert measured["accuracy_sd_seeds"] is None
    assert measured["accuracy"] == measured["ensemble_accuracy"]
    assert measured["accuracy_low"] == measured["ensemble_accuracy_low"]


def test_few_patients_have_an_accuracy_without_ends():
    few = make_by_seed(images=8)

    measured = measure_accuracies(few, average_seeds(few), seed=0)

    assert np.isfinite(measured["accuracy"])
    assert measured["accuracy_low"] is None
    assert measured["ensemble_accuracy_high"] is None
