import numpy as np
from matplotlib.figure import Figure

from detl.figures.render import render_figure


def test_a_figure_becomes_pixels_of_its_own_colour():
    picture = render_figure(Figure((3, 2), dpi=10, facecolor="#ff8000"))

    np.testing.assert_array_equal(picture, np.full((20, 30, 3), (255, 128, 0)))
    assert picture.dtype == np.uint8
