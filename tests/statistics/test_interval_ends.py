import numpy as np
import pytest
from scipy.special import logit
from scipy.stats import beta, binomtest, norm, t
from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    proportion_confint,
)

from detl.statistics.interval_ends import (
    difference_ends,
    jeffreys_ends,
    logit_ends,
    widen_for_groups,
    wilson_ends,
)


def _wilson(successes, trials):
    return binomtest(successes, trials).proportion_ci(method="wilson")


@pytest.mark.parametrize("successes", [1, 20, 39])
def test_independent_images_have_the_interval_of_wilson(successes):
    value = successes / 40

    ends = wilson_ends(value, value * (1 - value) / 40, np.arange(40))

    assert ends == pytest.approx(tuple(_wilson(successes, 40)))


@pytest.mark.parametrize("successes", [0, 40])
def test_none_or_all_right_counts_the_groups_alone(successes):
    ends = wilson_ends(successes / 40, 0.0, np.repeat(np.arange(40), 3))

    assert ends == pytest.approx(tuple(_wilson(successes, 40)))
    # The end that is sure is not off by rounding.
    assert successes / 40 in ends


def test_twice_the_variance_is_half_the_images():
    ends = wilson_ends(0.75, 2 * 0.75 * 0.25 / 80, np.arange(80))

    assert ends == pytest.approx(tuple(_wilson(30, 40)))


def test_images_count_for_no_more_than_there_are():
    """Where each of 40 patients has one image right and one wrong, resamples agree."""
    ends = wilson_ends(0.5, 0.0, np.repeat(np.arange(40), 2))

    assert ends == pytest.approx(tuple(_wilson(40, 80)))


@pytest.mark.parametrize("successes", [1, 20, 39])
def test_independent_images_have_the_interval_of_jeffreys(successes):
    value = successes / 40

    ends = jeffreys_ends(value, value * (1 - value) / 40, np.arange(40))

    expected = proportion_confint(successes, 40, method="jeffreys")
    assert ends == pytest.approx(expected)


def test_all_right_leaves_jeffreys_no_upper_end_but_1():
    low, high = jeffreys_ends(1.0, 0.0, np.repeat(np.arange(40), 3))

    assert high == 1
    assert low == pytest.approx(beta(40.5, 0.5).ppf(0.025))


def test_a_score_is_as_far_from_both_ends_on_the_scale_of_the_logit():
    ends = logit_ends(0.9, 0.02, np.arange(30))

    half = t(29).ppf(0.975) * 0.02 / (0.9 * 0.1)
    assert logit(ends) == pytest.approx([logit(0.9) - half, logit(0.9) + half])


def test_a_score_that_never_varies_has_an_interval_without_width():
    assert logit_ends(0.5, 0.0, np.arange(30)) == (0.5, 0.5)


def test_a_score_stays_within_0_and_1():
    low, high = logit_ends(0.99, 0.1, np.arange(30))

    assert 0 < low < 0.99 < high <= 1


def test_the_difference_of_two_independent_shares_has_the_interval_of_newcombe():
    first, second = _wilson(56, 70), _wilson(48, 80)

    ends = difference_ends(
        (first.low, 56 / 70, first.high), (second.low, 48 / 80, second.high), 0.0
    )

    newcombe = confint_proportions_2indep(56, 70, 48, 80, method="newcomb")
    assert ends == pytest.approx(newcombe)


def test_numbers_that_go_together_differ_by_a_narrower_interval():
    number = (0.7, 0.8, 0.9)

    alone = difference_ends(number, number, 0.0)
    together = difference_ends(number, number, 0.9)

    assert alone == pytest.approx((-np.sqrt(0.02), np.sqrt(0.02)))
    assert alone[0] < together[0] < 0 < together[1] < alone[1]


def test_numbers_that_are_one_number_do_not_differ():
    assert difference_ends((0.7, 0.8, 0.9), (0.7, 0.8, 0.9), 1.0) == (0.0, 0.0)


@pytest.mark.parametrize("groups", [3, 12, 200])
def test_few_groups_are_asked_for_students_quantile_of_their_true_variance(groups):
    """Resamples have (n - 1) / n of the variance of a sample."""
    asked = widen_for_groups(0.95, groups)

    quantile = t(groups - 1).ppf(0.975) * np.sqrt(groups / (groups - 1))
    assert norm.ppf((1 + asked) / 2) == pytest.approx(quantile)


def test_of_very_many_groups_the_confidence_is_what_was_asked_for():
    assert widen_for_groups(0.9, 10**6) == pytest.approx(0.9, abs=1e-5)
