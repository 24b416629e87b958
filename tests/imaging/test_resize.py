import numpy as np
import pytest

from detl.imaging.resize import make_square


@pytest.mark.parametrize("fit", ["crop", "pad", "squeeze"])
@pytest.mark.parametrize("shape", [(64, 64), (50, 200), (200, 50), (3, 5), (1, 400)])
def test_every_image_becomes_a_square_of_the_size(fit, shape):
    square = make_square(np.full(shape, 9, np.uint8), 32, fit)

    assert square.shape == (32, 32)
    assert square.dtype == np.uint8


@pytest.mark.parametrize("fit", ["crop", "pad", "squeeze"])
def test_an_image_of_the_size_stays_as_it_is(fit):
    image = np.random.default_rng(0).integers(0, 256, (32, 32), dtype=np.uint8)

    np.testing.assert_array_equal(make_square(image, 32, fit), image)


def test_shrinking_averages_areas():
    image = np.array([[0, 4, 100, 100], [4, 8, 100, 100]] * 2, np.uint8)

    np.testing.assert_array_equal(make_square(image, 2, "crop"), [[4, 100], [4, 100]])


def test_cropping_takes_the_centre_of_the_longer_side():
    image = np.zeros((4, 10), np.uint8)
    image[:, 3:7] = 200

    np.testing.assert_array_equal(make_square(image, 2, "crop"), np.full((2, 2), 200))


def test_padding_shows_all_and_centres_it_on_black():
    image = np.full((4, 8), 200, np.uint8)

    np.testing.assert_array_equal(make_square(image, 4, "pad")[:, 0], [0, 200, 200, 0])


def test_squeezing_shows_all_and_fills_the_square():
    image = np.repeat(np.array([[10, 20]], np.uint8), 4, axis=1).repeat(4, axis=0)

    np.testing.assert_array_equal(
        make_square(image, 2, "squeeze"), [[10, 20], [10, 20]]
    )
