import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from detl.figures.render import draw_over, render_figure


def test_a_figure_becomes_pixels_of_its_own_colour():
    picture = render_figure(Figure((3, 2), dpi=10, facecolor="#ff8000"))

    np.testing.assert_array_equal(picture, np.full((20, 30, 3), (255, 128, 0)))
    assert picture.dtype == np.uint8


def test_what_a_figure_holds_is_mixed_with_the_picture_below_it():
    below = np.full((20, 30, 3), (100, 200, 0), np.uint8)
    figure = Figure((3, 2), dpi=10)
    half = {"facecolor": "black", "alpha": 0.5, "transform": figure.transFigure}
    figure.add_artist(Rectangle((0, 0), 0.5, 1, **half))

    mixed = draw_over(below, figure)

    np.testing.assert_allclose(
        mixed[:, :14], np.broadcast_to((50, 100, 0), (20, 14, 3)), atol=1
    )
    np.testing.assert_array_equal(mixed[:, 16:], below[:, 16:])
