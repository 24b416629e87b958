"""Ends of intervals, from the variance that resamples of groups of patients show."""

import numpy as np


def wilson_ends(
    value: float, variance: float, groups: np.ndarray, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the ends of Wilson's interval of a share of images of groups.

    It is that of as many independent images as would show the same variance, at most
    as many as there are; and where the share is 0 or 1, so that resamples show none, of
    as many as there are groups.

    Args:
        value: The share, from 0 to 1.
        variance: Of the share over resamples.
        groups: The group of each image that the share is of, (n,).
        confidence: Coverage, between 0 and 1.

    Reference:
        N. Dean, M. Pagano, "Evaluating confidence interval methods for binomial
        proportions in clustered surveys", J. Surv. Stat. Methodol. 3 (2015), 484-503.
    """
    from statsmodels.stats.proportion import proportion_confint

    images = _count_independent(value, variance, groups)
    low, high = proportion_confint(value * images, images, 1 - confidence, "wilson")
    # The outer end of a share that is 0 or 1 would be off by rounding.
    return min(low, value), max(high, value)


def jeffreys_ends(
    value: float, variance: float, groups: np.ndarray, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the ends of Jeffreys' interval of a share of images of groups.

    The differences of shares near 0 and 1 have too wide an interval by Wilson's ends,
    and not by these.

    Args:
        value: As for ``wilson_ends``; the number of images is the same.
        variance: As for ``wilson_ends``.
        groups: As for ``wilson_ends``.
        confidence: Coverage, between 0 and 1.

    Reference:
        L. D. Brown, T. T. Cai, A. DasGupta, "Interval estimation for a binomial
        proportion", Statist. Sci. 16 (2001), 101-133, section 4.1.2.
    """
    from statsmodels.stats.proportion import proportion_confint

    images = _count_independent(value, variance, groups)
    low, high = proportion_confint(value * images, images, 1 - confidence, "jeffreys")
    return low if value > 0 else 0.0, high if value < 1 else 1.0


def _count_independent(value: float, variance: float, groups: np.ndarray) -> float:
    if value in (0, 1):
        return float(len(set(groups)))
    least = value * (1 - value) / len(groups)
    return float(value * (1 - value) / max(variance, least))


def logit_ends(
    value: float, error: float, groups: np.ndarray, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the ends of Student's interval of a score on the scale of its logit.

    Args:
        value: The score, between 0 and 1.
        error: Its standard deviation over resamples.
        groups: The group of each image that the score rests on, (n,).
        confidence: Coverage, between 0 and 1.

    Reference:
        M. S. Pepe, "The Statistical Evaluation of Medical Tests for Classification and
        Prediction" (2003), section 5.2.
    """
    from scipy.special import expit, logit, stdtrit

    quantile = stdtrit(len(set(groups)) - 1, (1 + confidence) / 2)
    half = quantile * error / (value * (1 - value))
    return float(expit(logit(value) - half)), float(expit(logit(value) + half))


def widen_for_groups(confidence: float, groups: int) -> float:
    """Return what to ask of an interval of few groups for it to have a confidence.

    A percentile, or a quantile of the normal distribution, holds for many groups. Of
    few, resamples vary too little, and their variance is not known: so the quantile is
    taken that stands as far out as Student's does.

    Args:
        confidence: Coverage that is asked for, between 0 and 1.
        groups: Independent groups of patients, at least 2.

    Returns:
        A coverage above it: for 0.95 it is 0.979 of 12 groups, and 0.952 of 200.

    Reference:
        T. C. Hesterberg, "What teachers should know about the bootstrap", Am. Stat. 69
        (2015), 371-386 (the expanded percentile interval).
    """
    from scipy.special import ndtr, stdtrit

    quantile = stdtrit(groups - 1, (1 + confidence) / 2)
    return float(2 * ndtr(quantile * np.sqrt(groups / (groups - 1))) - 1)


def difference_ends(
    first: tuple[float, float, float],
    second: tuple[float, float, float],
    correlation: float,
) -> tuple[float, float]:
    """Return the ends of the interval of the first less the second.

    Args:
        first: Lower end, value and upper end of a number.
        second: The same of another.
        correlation: Of the two, from -1 to 1.

    Reference:
        G. Y. Zou, A. Donner, "Construction of confidence limits about effect measures:
        a general approach", Statist. Med. 27 (2008), 1693-1702, equation 9.
    """

    def combine(one: float, other: float) -> float:
        squared = one**2 + other**2 - 2 * correlation * one * other
        return float(np.sqrt(max(squared, 0)))

    below = combine(first[1] - first[0], second[2] - second[1])
    above = combine(first[2] - first[1], second[1] - second[0])
    difference = first[1] - second[1]
    return difference - below, difference + above
