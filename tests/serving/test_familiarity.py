"""How like the training images an image is."""

import numpy as np
import pytest

from detl.errors import DetlError
from detl.serving.familiarity import Familiarity, describe_features


def _draw(number, towards, seed=0):
    """Return feature maps of one position that point roughly the same way."""
    noise = np.random.default_rng(seed).normal(0, 0.1, (number, 2, 2, 3))
    return (noise + np.asarray(towards)).astype("float32")


def test_a_description_is_mean_and_deviation_of_every_channel():
    features = np.array([[[[0.0, 5.0], [2.0, 5.0]]]], "float32")

    np.testing.assert_allclose(describe_features(features), [[1, 5, 1, 0]])


def test_a_new_image_of_the_same_kind_has_any_rank():
    familiarity = Familiarity.of(_draw(300, [1, 2, 3]), np.arange(300))

    ranks = familiarity.rank(_draw(300, [1, 2, 3], seed=1))

    assert 0.01 < (ranks < 0.05).mean() < 0.12
    assert 0.4 < ranks.mean() < 0.6


def test_an_image_of_another_kind_has_the_smallest_rank():
    familiarity = Familiarity.of(_draw(99, [1, 2, 3]), np.arange(99))

    ranks = familiarity.rank(_draw(5, [3, 2, 1], seed=1))

    np.testing.assert_allclose(ranks, 1 / 100)


def test_images_of_ones_own_patient_do_not_count_as_near():
    once = _draw(20, [1, 2, 3])
    features, groups = np.repeat(once, 6, axis=0), np.repeat(np.arange(20), 6)

    by_group = Familiarity.of(features, groups)
    by_image = Familiarity.of(features, np.arange(120))

    assert by_image.distances.max() < 1e-6
    assert by_group.distances.min() > 1e-6


def test_an_image_in_which_no_channel_answers_is_not_familiar():
    familiarity = Familiarity.of(_draw(99, [1, 2, 3]), np.arange(99))

    np.testing.assert_allclose(familiarity.rank(np.zeros((1, 2, 2, 3))), 1 / 100)


def test_too_few_other_patients_are_refused():
    with pytest.raises(DetlError, match="fewer than 5 images of other groups"):
        Familiarity.of(_draw(8, [1, 2, 3]), np.array([0, 0, 0, 0, 1, 1, 1, 1]))
