import numpy as np

from detl.figures.overlay import overlay

IMAGE = np.arange(16, dtype=np.uint8).reshape(4, 4) * 10


def values(value):
    return np.full((4, 4), value, np.float32)


def test_a_value_of_zero_is_transparent():
    picture = overlay(IMAGE, values(0), 1)
    np.testing.assert_array_equal(picture, np.repeat(IMAGE[..., None], 3, axis=-1))


def test_where_the_largest_value_is_zero_nothing_is_drawn():
    picture = overlay(IMAGE, values(0), 0)
    np.testing.assert_array_equal(picture, np.repeat(IMAGE[..., None], 3, axis=-1))


def test_the_largest_value_is_red_and_leaves_the_anatomy_visible():
    picture = overlay(IMAGE, values(2), 2)
    assert (picture[..., 0] > picture[..., 2]).all()
    assert len(np.unique(picture[..., 1])) == IMAGE.size


def test_a_small_value_is_blue():
    picture = overlay(IMAGE, values(0.2), 2)
    assert (picture[..., 2] > picture[..., 0]).all()


def test_greater_values_have_the_colour_of_the_largest():
    np.testing.assert_array_equal(
        overlay(IMAGE, values(9), 2), overlay(IMAGE, values(2), 2)
    )
