import pytest

from detl.errors import DetlError
from detl.evaluation.intervals import warn_unlearned, wilson_interval

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


def test_a_network_that_learned_gives_no_warning(make_matrix):
    assert warn_unlearned(80, 100, 0.5, make_matrix(*LEARNED)) == []


def test_an_interval_that_includes_chance_is_warned_of(make_matrix):
    (sentence,) = warn_unlearned(55, 100, 0.5, make_matrix(*LEARNED))
    assert "0.550 (55 of 100, 95 % interval 0.452 to 0.644)" in sentence
    assert "chance, 0.500" in sentence


def test_an_accuracy_below_chance_is_warned_of(make_matrix):
    assert len(warn_unlearned(10, 100, 0.5, make_matrix(*LEARNED))) == 1


def test_chance_is_the_share_of_the_largest_class(make_matrix):
    assert warn_unlearned(70, 100, 0.75, make_matrix(*LEARNED))


def test_classes_that_are_never_predicted_are_named(make_matrix):
    pooled = make_matrix([5, 0, 0, 0], [5, 0, 0, 0], [0, 0, 5, 0], [5, 0, 0, 0])
    assert warn_unlearned(80, 100, 0.5, pooled) == [
        "Class other_disease is never predicted for any of the 20 test images.",
        "Class covid_19 is never predicted for any of the 20 test images.",
    ]
