import numpy as np
import pytest

from detl.phantoms.other_views import draw_axial_slice, draw_lateral


@pytest.mark.parametrize("draw", [draw_axial_slice, draw_lateral])
def test_the_picture_is_grey_of_eight_bits(draw):
    picture = draw(80)
    assert picture.shape == (80, 80)
    assert picture.dtype == np.uint8


def test_both_lungs_of_the_slice_are_dark():
    picture = draw_axial_slice(128)
    assert picture[64, 36] == picture[64, 92] == 25


def test_the_spine_of_the_lateral_film_is_bright():
    picture = draw_lateral(128)
    assert picture[64, 94] > picture[64, 70] + 80
