import numpy as np
import pytest
from scipy.stats import binom, binomtest

from detl.errors import DetlError
from detl.evaluation.metrics import explain_unlearned, warn_unlearned
from detl.statistics.wilson import measure_chosen, wilson_interval

LEARNED = ([5, 0, 0, 0], [0, 5, 0, 0], [0, 0, 5, 0], [0, 0, 0, 5])


def test_the_interval_of_the_papers_vgg16_is_as_published():
    # Decision 20: 88.4 to 91.7 % for 1151 of 1277.
    low, high = wilson_interval(1151, 1277)
    assert (round(low, 3), round(high, 3)) == (0.884, 0.917)


@pytest.mark.parametrize(("successes", "trials"), [(7, 10), (0, 20), (20, 20)])
def test_the_ends_solve_wilsons_equation(successes, trials):
    z = 1.959963984540054
    share = successes / trials
    for end in wilson_interval(successes, trials):
        assert (share - end) ** 2 == pytest.approx(z**2 * end * (1 - end) / trials)


def test_more_confidence_is_a_wider_interval():
    narrow, wide = wilson_interval(7, 10, 0.8), wilson_interval(7, 10, 0.99)
    assert wide[0] < narrow[0] < 0.7 < narrow[1] < wide[1]


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (5, 4), (-1, 4)])
def test_numbers_that_are_no_proportion_stop(successes, trials):
    with pytest.raises(DetlError, match=f"{successes} of {trials} images"):
        wilson_interval(successes, trials)


def make_scores(correct=80, low=0.7, high=0.9, chance=0.5):
    """What ``score_pretraining`` returns, of 100 images."""
    return {
        "data_a_accuracy": correct / 100,
        "data_a_accuracy_low": low,
        "data_a_accuracy_high": high,
        "data_a_correct": correct,
        "data_a_images": 100,
        "data_a_groups": 60,
        "data_a_chance": chance,
        "data_a_epoch": 3,
        "data_a_epochs": 20,
        "data_a_choices": 20,
    }


def test_the_interval_of_one_epoch_is_about_that_of_wilson():
    right, groups = np.arange(1000) < 800, np.arange(1000)

    found = measure_chosen(right, groups, epochs=1, seed=0)

    wilson = binomtest(800, 1000).proportion_ci(method="wilson")
    assert found.value == 0.8
    assert (found.low, found.high) == pytest.approx(tuple(wilson), abs=0.003)


def test_the_best_of_twenty_epochs_has_the_interval_of_one_in_four_hundred():
    """Bonferroni: each of 20 intervals misses in 0.05 / 20 of cases."""
    right, groups = np.arange(1000) < 800, np.arange(1000)

    found = measure_chosen(right, groups, epochs=20, seed=0)

    wilson = binomtest(800, 1000).proportion_ci(0.9975, method="wilson")
    assert (found.low, found.high) == pytest.approx(tuple(wilson), abs=0.004)


def test_images_of_a_patient_add_no_certainty():
    right = np.arange(60) < 40
    alone = measure_chosen(right, np.arange(60), 20, seed=0)
    groups = np.repeat(np.arange(60), 4)
    several = measure_chosen(np.repeat(right, 4), groups, 20, seed=0)

    assert (several.low, several.high) == pytest.approx(
        (alone.low, alone.high), abs=0.02
    )


@pytest.mark.parametrize("patients", [12, 83])
def test_the_best_of_twenty_coins_seldom_lies_above_chance(patients):
    """One in forty, as an interval of a coin has it on each side, or fewer."""
    rng = np.random.default_rng(0)
    above = 0
    for seed in range(100):
        groups = np.repeat(np.arange(patients), rng.integers(1, 4, patients))
        coins = rng.random((20, patients))[:, groups] < 0.5
        best = max(coins, key=lambda right: right.mean())
        above += measure_chosen(best, groups, 20, seed).low > 0.5
    assert above <= binom.ppf(0.999, 100, 0.025)


def test_few_patients_have_an_accuracy_without_an_interval():
    found = measure_chosen(np.arange(30) < 20, np.arange(30) // 5, 20, seed=0)

    assert found.value == pytest.approx(2 / 3)
    assert (found.has_interval, found.groups) == (False, 6)


def test_no_validation_image_stops():
    with pytest.raises(DetlError, match="Data-A has 0 validation images"):
        measure_chosen(np.array([], bool), np.array([]), 20, seed=0)


def test_a_network_that_learned_gives_no_warning(make_matrix):
    assert warn_unlearned(make_scores(), make_matrix(*LEARNED)) == []


def test_an_interval_that_includes_chance_is_warned_of(make_matrix):
    scores = make_scores(55, 0.402, 0.69)

    (sentence,) = warn_unlearned(scores, make_matrix(*LEARNED))

    assert sentence == (
        "The accuracy on Data-A's validation part, 55.0 % (55 of 100 images of 60 "
        "groups of patients; 95 % interval, for the best of 20 epochs, 40.2 to 69.0 "
        "%), is not above chance, 50.0 %."
    )


def test_an_accuracy_below_chance_is_warned_of(make_matrix):
    assert warn_unlearned(make_scores(10, 0.05, 0.2), make_matrix(*LEARNED))


def test_chance_is_the_share_of_the_largest_class(make_matrix):
    scores = make_scores(70, 0.6, 0.8, chance=0.75)

    assert warn_unlearned(scores, make_matrix(*LEARNED))


def test_what_has_no_interval_is_not_known_to_have_learned():
    sentence = explain_unlearned(make_scores(95, None, None))

    assert sentence.endswith(
        "is not known to be above chance, 50.0 %: an interval needs 10 groups."
    )


def test_classes_that_are_never_predicted_are_named(make_matrix):
    pooled = make_matrix([5, 0, 0, 0], [5, 0, 0, 0], [0, 0, 5, 0], [5, 0, 0, 0])
    assert warn_unlearned(make_scores(), pooled) == [
        "Class other_disease is never predicted for any of the 20 test images.",
        "Class covid_19 is never predicted for any of the 20 test images.",
    ]
