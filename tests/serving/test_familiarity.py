"""How like the training images an image is."""

import numpy as np
import pandas as pd
import pytest

from detl.errors import DetlError
from detl.serving.familiarity import (
    Familiarity,
    describe_images,
    mean_of_fields,
    weigh_fields,
)

SIZE = 16


def _draw(number, towards, seed=0, brightest="left"):
    """Return films of one kind: pixels, and feature maps that point one way."""
    random = np.random.default_rng(seed)
    features = random.normal(0, 0.1, (number, 3, 3, 3)) + np.asarray(towards)
    light = np.linspace(180, 0, SIZE)
    light = light if brightest == "left" else light[:, np.newaxis]
    pixels = random.integers(0, 60, (number, SIZE, SIZE)) + light
    return pixels.astype("uint8"), features.astype("float32")


def test_a_field_that_ends_within_a_row_takes_a_part_of_it():
    np.testing.assert_allclose(
        weigh_fields(4, 3),
        [[0.75, 0.25, 0, 0], [0, 0.5, 0.5, 0], [0, 0, 0.25, 0.75]],
    )


@pytest.mark.parametrize("size", [1, 2, 3, 7, 224])
def test_the_weights_of_each_field_add_up_to_1(size):
    np.testing.assert_allclose(weigh_fields(size, 3).sum(axis=1), 1, rtol=1e-5)


def test_a_mean_is_of_one_channel_in_one_field():
    places = np.arange(36, dtype="float32").reshape(1, 6, 6, 1)
    values = np.concatenate([places, -places], axis=-1)

    means = mean_of_fields(values, 2).reshape(4, 2)

    np.testing.assert_allclose(means[:, 0], [7, 10, 25, 28])
    np.testing.assert_allclose(means[:, 1], -means[:, 0])


def test_neither_contrast_nor_brightness_changes_a_description():
    pixels, features = _draw(4, [1, 2, 3])

    of_both = describe_images(pixels // 2 * 2, features)
    of_darker = describe_images(pixels // 2, 3 * features)
    of_lighter = describe_images(pixels // 2 * 2 + 10, features)

    np.testing.assert_allclose(of_darker, of_both, atol=1e-6)
    np.testing.assert_allclose(of_lighter, of_both, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(of_both, axis=1), 1, rtol=1e-5)


def test_a_new_image_of_the_same_kind_has_any_rank():
    familiarity = Familiarity.of(*_draw(300, [1, 2, 3]), np.arange(300))

    ranks = familiarity.rank(*_draw(300, [1, 2, 3], seed=1))

    assert 0.01 < (ranks < 0.05).mean() < 0.12
    assert 0.4 < ranks.mean() < 0.6


def test_an_image_in_which_the_network_sees_else_has_the_smallest_rank():
    familiarity = Familiarity.of(*_draw(99, [1, 2, 3]), np.arange(99))

    ranks = familiarity.rank(*_draw(5, [3, 2, 1], seed=1))

    np.testing.assert_allclose(ranks, 1 / 100)


def test_an_image_that_is_bright_elsewhere_has_the_smallest_rank():
    familiarity = Familiarity.of(*_draw(99, [1, 2, 3]), np.arange(99))

    ranks = familiarity.rank(*_draw(5, [1, 2, 3], seed=1, brightest="top"))

    np.testing.assert_allclose(ranks, 1 / 100)


def test_images_of_ones_own_patient_do_not_count_as_near():
    pixels, features = (np.repeat(drawn, 6, axis=0) for drawn in _draw(20, [1, 2, 3]))

    by_group = Familiarity.of(pixels, features, np.repeat(np.arange(20), 6))
    by_image = Familiarity.of(pixels, features, np.arange(120))

    assert by_image.distances.max() < 1e-6
    assert by_group.distances.min() > 1e-6


@pytest.mark.parametrize("size", [16, 96, 100])
def test_a_blank_picture_in_which_no_channel_answers_points_nowhere(size):
    pixels = np.full((1, size, size), 100, "uint8")

    described = describe_images(pixels, np.zeros((1, 3, 3, 3), "float32"))

    np.testing.assert_array_equal(described, 0)


def test_the_pixels_of_data_b_are_those_of_its_rows():
    films, features = _draw(99, [1, 2, 3])
    others, _ = _draw(50, [1, 2, 3], brightest="top")
    data_b = pd.DataFrame({"row": np.arange(50, 149), "group": np.arange(99)})

    known = Familiarity.of_data_b(np.concatenate([others, films]), features, data_b)

    of_films = Familiarity.of(films, features, np.arange(99))
    np.testing.assert_array_equal(known.directions, of_films.directions)


def test_too_few_other_patients_are_refused():
    with pytest.raises(DetlError, match="fewer than 5 images of other groups"):
        Familiarity.of(*_draw(8, [1, 2, 3]), np.array([0, 0, 0, 0, 1, 1, 1, 1]))
