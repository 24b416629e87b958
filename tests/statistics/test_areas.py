import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from detl.statistics.areas import (
    FoldProbabilities,
    measure_area,
    measure_mean_area,
    measure_ranking,
    scarcer_groups,
)
from detl.statistics.bootstrap import draw_weights


@pytest.fixture(params=[False, True], ids=["distinct", "tied"])
def ranked(request):
    """Return 60 images, a third positive, with probabilities that say something."""
    rng = np.random.default_rng(0)
    is_positive = np.arange(60) % 3 == 0
    probabilities = rng.normal(size=60) + is_positive
    return is_positive, probabilities.round(0 if request.param else 12)


def _by_scikit_learn(is_positive, probabilities, weights):
    drawn = {"sample_weight": weights}
    return [
        roc_auc_score(is_positive, probabilities, **drawn),
        average_precision_score(is_positive, probabilities, **drawn),
    ]


def test_one_image_each_gives_the_areas_of_scikit_learn(ranked):
    areas = measure_ranking(np.ones((1, 60)), *ranked)

    assert areas[0] == pytest.approx(_by_scikit_learn(*ranked, None), abs=1e-12)


def test_weights_give_the_areas_of_scikit_learn(ranked):
    weights = np.random.default_rng(1).poisson(1.0, (20, 60)).astype("float64")

    areas = measure_ranking(weights, *ranked)

    expected = [_by_scikit_learn(*ranked, row) for row in weights]
    np.testing.assert_allclose(areas, expected, atol=1e-12)


def test_a_weight_of_two_is_the_image_twice(ranked):
    twice = np.r_[np.arange(60), np.arange(30)]
    weights = np.bincount(twice).astype("float64")[None]

    areas = measure_ranking(weights, *ranked)

    copied = measure_ranking(np.ones((1, 90)), *(part[twice] for part in ranked))
    np.testing.assert_allclose(areas, copied)


def test_weights_without_a_positive_or_a_negative_image_give_none(ranked):
    is_positive, _ = ranked
    weights = np.stack([~is_positive, is_positive]).astype("float64")

    assert np.isnan(measure_ranking(weights, *ranked)).all()


def test_constant_probabilities_rank_nothing():
    is_positive = np.arange(10) < 3

    areas = measure_ranking(np.ones((1, 10)), is_positive, np.full(10, 0.25))

    assert areas.tolist() == [[0.5, 0.3]]


def test_perfect_separation_is_exactly_one():
    is_positive = np.arange(10) < 3

    areas = measure_ranking(np.full((1, 10), 7.0), is_positive, 1.0 * is_positive)

    assert areas.tolist() == [[1.0, 1.0]]


def test_the_scarcer_kind_is_that_of_fewer_patients_not_of_fewer_images():
    groups = np.array(["a", "a", "a", "b", "c"])

    assert scarcer_groups(groups == "a", groups).tolist() == ["a", "a", "a"]


def test_an_area_says_how_many_patients_of_the_scarcer_kind_it_rests_on():
    groups = np.r_[np.repeat(np.arange(12), 5), np.arange(12, 52)]
    is_positive = groups < 12
    probabilities = np.random.default_rng(0).normal(size=100) + is_positive

    area = measure_area(is_positive, probabilities, draw_weights(groups, 0), groups)

    assert area.value == pytest.approx(roc_auc_score(is_positive, probabilities))
    assert area.groups == 12


@pytest.fixture
def of_seeds():
    """Return 80 images, half positive, and what two seeds say of them."""
    rng = np.random.default_rng(0)
    is_positive = np.arange(80) % 2 == 0
    lifts = np.array([0.5, 1.5])
    return is_positive, rng.normal(size=(80, 2)) + is_positive[:, None] * lifts


def test_the_area_of_several_seeds_is_the_mean_of_theirs(of_seeds):
    is_positive, probabilities = of_seeds
    groups = np.arange(80)

    area = measure_area(is_positive, probabilities, draw_weights(groups, 0), groups)

    each = [roc_auc_score(is_positive, seed) for seed in probabilities.T]
    assert area.value == pytest.approx(np.mean(each))
    assert area.seed_sd == pytest.approx(np.std(each, ddof=1))


def test_a_mean_of_folds_of_several_seeds_is_the_mean_of_theirs(of_seeds):
    is_positive, probabilities = of_seeds
    groups, weights = np.arange(80), draw_weights(np.arange(80), 0)
    parts = {"fold_1": np.arange(40), "fold_2": np.arange(40, 80)}

    area = measure_mean_area(
        is_positive,
        {
            name: FoldProbabilities(part, probabilities[part])
            for name, part in parts.items()
        },
        weights,
        groups,
        "covid_19",
    )

    each = [
        [roc_auc_score(is_positive[part], seed[part]) for part in parts.values()]
        for seed in probabilities.T
    ]
    assert area.value == pytest.approx(np.mean(each))
    assert area.holds_training
