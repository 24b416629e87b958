import numpy as np
import pytest
from scipy.stats import norm, rankdata
from sklearn.metrics import roc_auc_score

from detl.errors import DetlError
from detl.statistics.delong import compare_areas, name_scarcity


def _simulate(seed, groups=60, shared=0.0, images=3, gap=0.5):
    """Return two networks on images of patients, who share so much of the noise."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(groups), rng.integers(1, images + 1, groups))
    is_positive = (rng.random(groups) < 0.4)[group] ^ (rng.random(len(group)) < 0.1)

    def noise():
        together, own = rng.normal(size=groups)[group], rng.normal(size=len(group))
        return np.sqrt(shared) * together + np.sqrt(1 - shared) * own

    common = noise()
    first, second = (is_positive * lift + common + noise() for lift in (1.5, 1.5 - gap))
    return is_positive, first, second.round(1), group


def _area(is_positive, scores):
    """Return the area from the sum of the ranks, which is quick."""
    m, n = is_positive.sum(), (~is_positive).sum()
    return (rankdata(scores)[is_positive].sum() - m * (m + 1) / 2) / (m * n)


def _difference(is_positive, first, second, *_):
    return _area(is_positive, first) - _area(is_positive, second)


def _weigh_pairs(is_positive, scores):
    """Return the structural components by comparing every pair, O(n ** 2)."""
    above, below = scores[is_positive][:, None], scores[~is_positive][None]
    kernel = (above > below) + 0.5 * (above == below)
    return kernel.mean(axis=1), kernel.mean(axis=0), kernel.mean()


def _obuchowski(is_positive, first, second, group):
    """Return the covariance matrix of both areas, equations as in the paper."""
    every = np.unique(group)
    parts = [_weigh_pairs(is_positive, scores) for scores in (first, second)]
    m, n = is_positive.sum(), (~is_positive).sum()

    def sum_over(members, values, area):
        return np.array([(values[members == g] - area).sum() for g in every])

    v10 = [sum_over(group[is_positive], part[0], part[2]) for part in parts]
    v01 = [sum_over(group[~is_positive], part[1], part[2]) for part in parts]
    i10, i01 = len(set(group[is_positive])), len(set(group[~is_positive]))
    covariance = np.empty((2, 2))
    for r in range(2):
        for s in range(2):
            s10 = i10 / ((i10 - 1) * m) * (v10[r] @ v10[s])
            s01 = i01 / ((i01 - 1) * n) * (v01[r] @ v01[s])
            s11 = len(every) / (len(every) - 1) * (v10[r] @ v01[s])
            s11_turned = len(every) / (len(every) - 1) * (v10[s] @ v01[r])
            covariance[r, s] = s10 / m + s01 / n + (s11 + s11_turned) / (m * n)
    return covariance


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("images", [1, 3])
def test_the_errors_are_those_of_every_pair_compared(seed, images):
    simulated = _simulate(seed, images=images)

    found = compare_areas(*simulated)

    covariance = _obuchowski(*simulated)
    error = np.sqrt([1, -1] @ covariance @ [1, -1])
    np.testing.assert_allclose(
        [found.first_error, found.second_error, found.error],
        [*np.sqrt(np.diag(covariance)), error],
        atol=1e-9,
    )
    assert found.z == pytest.approx(found.difference / error, abs=1e-9)
    assert found.p == pytest.approx(2 * norm.sf(abs(found.z)), abs=1e-9)


def test_with_one_image_per_patient_it_is_the_test_of_delong():
    is_positive, first, second, group = _simulate(0, images=1)
    m, n = is_positive.sum(), (~is_positive).sum()
    parts = [_weigh_pairs(is_positive, scores) for scores in (first, second)]
    s10, s01 = (np.cov(parts[0][k], parts[1][k]) for k in (0, 1))
    covariance = s10 / m + s01 / n

    found = compare_areas(is_positive, first, second, group)

    assert found.error == pytest.approx(np.sqrt([1, -1] @ covariance @ [1, -1]))


def test_the_areas_are_those_of_scikit_learn():
    is_positive, first, second, group = _simulate(0)

    found = compare_areas(is_positive, first, second, group)

    expected = [roc_auc_score(is_positive, scores) for scores in (first, second)]
    assert [found.first, found.second] == pytest.approx(expected)
    assert found.difference == pytest.approx(expected[0] - expected[1])


def test_the_interval_is_the_difference_with_its_error_about_it():
    found = compare_areas(*_simulate(0), confidence=0.9)

    half = norm.ppf(0.95) * found.error
    assert (found.low, found.high) == pytest.approx(
        (found.difference - half, found.difference + half)
    )


def _jackknife(is_positive, first, second, group, statistic):
    left = [group != one for one in np.unique(group)]
    values = [
        statistic(is_positive[kept], first[kept], second[kept], kept) for kept in left
    ]
    count = len(values)
    return np.sqrt((count - 1) / count * np.sum((values - np.mean(values)) ** 2))


def test_the_error_is_within_a_twentieth_of_that_of_leaving_out_each_patient():
    simulated = _simulate(0, groups=200, shared=0.5)

    error = _jackknife(*simulated, _difference)
    assert compare_areas(*simulated).error == pytest.approx(error, rel=0.05)


def test_the_p_is_within_0_02_of_that_of_exchanging_the_networks():
    """By patient, what each says of its rank: under the null either could say it."""
    is_positive, first, second, group = _simulate(0, groups=150, gap=0.15)
    ranks = [rankdata(scores) for scores in (first, second)]
    turned = np.random.default_rng(0).random((2000, 150)) < 0.5

    exchanged = [
        _difference(is_positive, np.where(turn, *ranks), np.where(turn, *ranks[::-1]))
        for turn in turned[:, group]
    ]

    p = np.mean(np.abs(exchanged) >= abs(_difference(is_positive, *ranks)))
    assert 0.05 < p < 0.5
    assert compare_areas(is_positive, first, second, group).p == pytest.approx(
        p, abs=0.02
    )


def test_where_networks_are_equal_one_in_twenty_tests_says_that_they_are_not():
    """Of 400, between the points 0.1 % and 99.9 % of the binomial distribution."""
    errors = sum(
        compare_areas(*_simulate(seed, groups=80, shared=0.5, gap=0)).p < 0.05
        for seed in range(400)
    )
    assert 8 <= errors <= 35


def test_copies_of_images_add_no_certainty():
    simulated = _simulate(0, images=1)
    copied = [np.repeat(part, 4) for part in simulated]

    alone, together = compare_areas(*simulated), compare_areas(*copied)
    apart = compare_areas(*copied[:3], np.arange(len(copied[0])))

    assert together.error == pytest.approx(alone.error)
    assert apart.error == pytest.approx(alone.error / 2, rel=0.03)


def test_patients_who_share_the_noise_widen_the_interval():
    is_positive, first, second, group = _simulate(1, shared=0.9, images=5)

    together = compare_areas(is_positive, first, second, group)
    apart = compare_areas(is_positive, first, second, np.arange(len(group)))

    assert together.error > 1.2 * apart.error


def test_identical_predictions_do_not_differ():
    is_positive, first, _, group = _simulate(0)

    # An increasing function of predictions ranks the images as they do.
    found = compare_areas(is_positive, first, np.exp(first), group)

    assert (found.difference, found.error, found.z, found.p) == (0, 0, 0, 1)
    assert (found.low, found.high) == (0, 0)


def test_networks_that_both_rank_perfectly_do_not_differ():
    is_positive, *_, group = _simulate(0)

    found = compare_areas(is_positive, is_positive * 2.0, is_positive - 0.5, group)

    assert (found.first, found.second, found.z, found.p) == (1, 1, 0, 1)


def test_a_difference_without_an_error_has_no_p():
    is_positive, *_, group = _simulate(0)

    found = compare_areas(
        is_positive, 1.0 * is_positive, np.full(len(group), 0.25), group
    )

    assert (found.difference, found.error) == (0.5, 0)
    assert np.isnan([found.z, found.p, found.low, found.high]).all()


def test_the_mean_over_classes_is_that_of_the_areas_and_of_leaving_out_each_patient():
    is_positive, first, second, group = _simulate(0, groups=200, shared=0.5)
    other = ~is_positive & (np.arange(len(group)) % 2 == 0)
    labels = np.column_stack([is_positive, other, ~is_positive & ~other])
    rng = np.random.default_rng(0)
    ranked = [
        np.column_stack([s, rng.normal(size=(len(s), 2)) + 0.8 * labels[:, 1:]])
        for s in (first, second)
    ]

    def macro(labels, scores):
        pairs = zip(labels.T, scores.T, strict=True)
        return np.mean([_area(*pair) for pair in pairs])

    def difference(labels, first, second, _):
        return macro(labels, first) - macro(labels, second)

    found = compare_areas(labels, *ranked, group)

    assert found.difference == pytest.approx(difference(labels, *ranked, None))
    error = _jackknife(labels, *ranked, group, difference)
    assert found.error == pytest.approx(error, rel=0.05)


def test_the_mean_over_folds_is_that_of_the_areas_and_of_leaving_out_each_patient():
    """Patients may be in two folds, as the paper's protocol has it."""
    is_positive, first, second, group = _simulate(0, groups=200, shared=0.5)
    folds = np.where(np.arange(len(group)) % 2, "fold_1", "fold_2")

    def mean(is_positive, scores, folds):
        parts = [folds == fold for fold in ("fold_1", "fold_2")]
        return np.mean([_area(is_positive[p], scores[p]) for p in parts])

    def difference(is_positive, first, second, kept):
        return mean(is_positive, first, folds[kept]) - mean(
            is_positive, second, folds[kept]
        )

    found = compare_areas(is_positive, first, second, group, folds)

    assert found.first == pytest.approx(mean(is_positive, first, folds))
    error = _jackknife(is_positive, first, second, group, difference)
    assert found.error == pytest.approx(error, rel=0.05)


def test_probabilities_of_different_networks_are_not_compared():
    is_positive, first, second, group = _simulate(0)
    folds = np.where(group % 2, "fold_1", "fold_2")
    shifted = first + 10 * (folds == "fold_1")

    plain = compare_areas(is_positive, first, second, group, folds)

    assert compare_areas(is_positive, shifted, second, group, folds) == plain
    assert compare_areas(is_positive, shifted, second, group) != plain


@pytest.mark.parametrize("label", [True, False])
def test_a_class_without_an_image_stops(label):
    _, first, second, group = _simulate(0)

    with pytest.raises(DetlError, match=r"not enough data \(n = 0\)"):
        compare_areas(np.full(len(group), label), first, second, group)


def test_a_class_of_few_patients_stops():
    is_positive, first, second, group = _simulate(0)
    few = is_positive & (group < np.unique(group[is_positive])[7])

    with pytest.raises(DetlError, match=r"not enough data \(n = 7\)"):
        compare_areas(few, first, second, group)


def test_a_fold_with_one_patient_of_a_class_stops():
    is_positive, first, second, group = _simulate(0)
    one = group == group[is_positive][0]
    folds = np.where(one | ~is_positive & (group > 40), "fold_1", "fold_2")

    assert name_scarcity(is_positive, group, folds) == (
        "not enough data in fold_1 (n = 1)"
    )
    with pytest.raises(DetlError, match=r"in fold_1 \(n = 1\)"):
        compare_areas(is_positive, first, second, group, folds)


def test_enough_data_has_nothing_to_name():
    is_positive, *_, group = _simulate(0)

    assert name_scarcity(is_positive, group, np.zeros(len(group))) == ""


def test_arrays_of_other_images_stop():
    is_positive, first, second, group = _simulate(0)

    with pytest.raises(DetlError, match="give one row per image"):
        compare_areas(is_positive, first, second[1:], group)
