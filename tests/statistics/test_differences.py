import numpy as np
import pytest
from scipy.stats import binom, norm
from statsmodels.stats.proportion import confint_proportions_2indep

from detl.errors import DetlError
from detl.statistics.bootstrap import divide, draw_statistic, draw_weights
from detl.statistics.differences import (
    measure_above_mean,
    measure_difference,
    measure_gain,
)


def _difference(first, second, groups):
    """Return the difference of two shares, each of the images where it is not None."""
    weights = draw_weights(groups, 0)
    asked = [~np.isnan(first), ~np.isnan(second)]
    drawn = [
        draw_statistic(lambda w, r=r, a=a: divide(w @ np.nan_to_num(r), w @ a), weights)
        for r, a in zip((first, second), asked, strict=True)
    ]
    return measure_difference(*drawn, groups[asked[0]], groups[asked[1]])


def test_shares_of_other_patients_differ_by_about_the_interval_of_newcombe():
    first = np.r_[np.arange(70) < 56, np.full(80, np.nan)]
    second = np.r_[np.full(70, np.nan), np.arange(80) < 48]

    measured = _difference(first, second, np.arange(150))

    newcombe = confint_proportions_2indep(56, 70, 48, 80, method="newcomb")
    assert measured.value == pytest.approx(0.2)
    assert (measured.low, measured.high) == pytest.approx(newcombe, abs=0.01)
    assert measured.groups == 70


def test_shares_of_the_same_images_differ_by_a_narrower_interval():
    first = (np.arange(150) < 120).astype("float64")
    second = (np.arange(150) < 110).astype("float64")
    patients = np.arange(150)

    same = _difference(first, second, patients)
    shuffled = _difference(
        first, np.random.default_rng(0).permutation(second), patients
    )

    assert same.value == shuffled.value
    assert same.high - same.low < 0.6 * (shuffled.high - shuffled.low)


def test_equal_shares_that_never_vary_differ_by_what_is_not_certain():
    measured = _difference(np.ones(30), np.ones(30), np.arange(30))

    assert measured.value == 0
    assert measured.low == -measured.high == pytest.approx(-0.080, abs=0.001)


def test_a_share_without_a_spread_still_has_a_difference():
    half, groups = np.tile([1.0, 0.0], 30), np.arange(60) // 2
    most = (np.arange(60) < 45).astype("float64")

    measured = _difference(half, most, groups)

    assert measured.value == pytest.approx(-0.25)
    assert measured.low < -0.25 < measured.high
    assert measured.note == ""


@pytest.mark.parametrize("scarce", [0, 1])
def test_a_share_without_a_number_has_no_difference(scarce):
    shares = [np.ones(30), np.ones(30)]
    shares[scarce][7:] = np.nan

    measured = _difference(*shares, np.arange(30))

    assert measured.note == "not enough data (n = 7)"
    assert np.isnan([measured.value, measured.low, measured.high]).all()


def _gain(first, second, groups):
    return measure_gain(
        np.array(first) > 0, np.array(second) > 0, draw_weights(groups, 0), groups
    )


def test_a_gain_on_the_same_images_is_about_as_certain_as_its_discordant_ones():
    """Forty gained and ten lost of 400: the normal interval of paired shares."""
    first = np.repeat([1, 0, 1, 0], [40, 10, 250, 100])
    second = np.repeat([0, 1, 1, 0], [40, 10, 250, 100])

    measured = _gain(first, second, np.arange(400))

    half = norm.ppf(0.975) * np.sqrt(50 / 400 - (30 / 400) ** 2) / np.sqrt(400)
    assert measured.value == pytest.approx(0.075)
    assert (measured.low, measured.high) == pytest.approx(
        (0.075 - half, 0.075 + half), abs=0.003
    )


def test_copies_of_an_image_make_a_gain_no_more_certain():
    first, second = np.arange(60) % 3 == 0, np.arange(60) % 4 == 0
    alone = _gain(first, second, np.arange(60))
    copied = _gain(
        np.repeat(first, 5), np.repeat(second, 5), np.repeat(np.arange(60), 5)
    )

    assert (copied.low, copied.high) == pytest.approx((alone.low, alone.high), abs=0.01)


def test_two_that_are_right_about_the_same_images_are_not_certainly_equal():
    """None gained and none lost of 30: Jeffreys' upper end for 0 of 30 is 8.0 %."""
    right = np.arange(30) < 20

    measured = _gain(right, right, np.arange(30))

    assert measured.value == 0
    assert measured.low == -measured.high == pytest.approx(-0.080, abs=0.001)


def test_a_gain_of_few_patients_has_a_number_and_no_interval():
    measured = _gain(np.ones(7), np.arange(7) < 3, np.arange(7))

    assert measured.value == pytest.approx(4 / 7)
    assert not measured.has_interval
    assert measured.note == "not enough data (n = 7)"


def test_nineteen_of_twenty_intervals_of_a_gain_hold_it():
    """Patients of one to five images; one in seven is gained, one in fourteen lost."""
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(150):
        groups = np.repeat(np.arange(40), rng.integers(1, 6, 40))
        # What a patient's images share decides with what each has of its own.
        level = np.sqrt(0.5) * (
            rng.normal(size=40)[groups] + rng.normal(size=len(groups))
        )
        gained, lost = level < norm.ppf(1 / 7), level > norm.ppf(13 / 14)
        measured = _gain(gained, lost, groups)
        hits += measured.low <= 1 / 14 <= measured.high
    # Between the points 0.1 and 99.9 % of the binomial of 92 to 97 %.
    assert binom.ppf(0.001, 150, 0.92) <= hits <= binom.ppf(0.999, 150, 0.97)


def test_a_gain_of_several_seeds_is_that_of_their_means():
    first = np.column_stack([np.arange(60) < k for k in (30, 36, 33)])
    second = np.column_stack([np.arange(60) < k for k in (24, 27)])

    measured = _gain(first, second, np.arange(60))

    assert measured.value == pytest.approx(33 / 60 - 25.5 / 60)
    assert measured.holds_training


def test_the_seeds_of_independent_networks_add_their_variances():
    """SD of 3 images of 60 over three seeds, and of 4.2 over two."""
    first = np.column_stack([np.arange(60) < k for k in (30, 36, 33)])
    second = np.column_stack([np.arange(60) < k for k in (24, 30)])

    measured = _gain(first, second, np.arange(60))

    assert measured.seed_sd == pytest.approx(np.sqrt(3**2 + 6**2 / 2) / 60)


def _paired(first, second, groups):
    weights = draw_weights(groups, 0)
    return measure_gain(first, second, weights, groups, are_paired=True)


def test_what_paired_seeds_have_in_common_is_not_in_their_difference():
    first = np.column_stack([np.arange(60) < k for k in (24, 36, 30)])
    second = np.column_stack([np.arange(60) < k - 6 for k in (24, 36, 30)])
    groups = np.arange(60)

    paired, crossed = _paired(first, second, groups), _gain(first, second, groups)

    assert paired.seed_sd == pytest.approx(0)
    assert paired.value == crossed.value == pytest.approx(0.1)
    assert paired.high - paired.low < crossed.high - crossed.low


def test_seeds_that_disagree_make_a_gain_less_certain():
    first = np.column_stack([np.arange(400) < k for k in (200, 240, 280)])
    second = np.arange(400) < 180
    mean = first.mean(axis=1) > 0.5

    measured = _gain(first, np.tile(second[:, None], 3), np.arange(400))
    alone = _gain(mean, second, np.arange(400))

    assert measured.value == pytest.approx(alone.value)
    assert measured.high - measured.low > 2 * (alone.high - alone.low)
    assert not alone.holds_training


def test_pairs_need_as_many_seeds():
    with pytest.raises(DetlError, match="one has 3 seeds, the other 1"):
        _paired(np.ones((20, 3), bool), np.ones((20, 1), bool), np.arange(20))


def test_shares_of_several_seeds_differ_by_their_means():
    """The same networks on two halves of the images; seeds move both halves alike."""
    groups = np.arange(200)
    right = np.column_stack([np.arange(200) % 100 < k for k in (60, 70, 80)])
    half = np.arange(200) < 100
    weights = draw_weights(groups, 0)
    drawn = [
        draw_statistic(
            lambda w, a=a: w @ (right * a[:, None]) / (w @ a)[:, None], weights
        )
        for a in (half, ~half)
    ]

    measured = measure_difference(*drawn, groups[half], groups[~half])

    assert measured.value == pytest.approx(0)
    assert measured.low < 0 < measured.high
    assert measured.seed_sd == pytest.approx(0)


@pytest.mark.parametrize(("patients", "is_below"), [(50, False), (300, True)])
def test_no_hit_is_less_than_a_small_chance_only_on_many_patients(patients, is_below):
    """Of 50 patients none is hit by chance too often, where 3 % would be."""
    nothing = np.zeros(2001)
    chance = np.r_[0.03, np.random.default_rng(0).normal(0.03, 0.001, 2000)]

    measured = measure_above_mean(nothing, chance, np.arange(patients))

    assert measured.value == pytest.approx(-0.03)
    assert measured.low == pytest.approx(-0.032, abs=0.001)
    assert (measured.high < 0) == is_below
