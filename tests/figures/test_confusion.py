import subprocess
import sys

import numpy as np
import pytest

from detl.errors import DetlError
from detl.figures.confusion import draw_confusion_matrices

ROWS = ([350, 0, 0, 0], [10, 250, 30, 10], [0, 22, 300, 0], [0, 3, 2, 300])


@pytest.fixture
def make_table(make_matrix):
    """Build a table of a confusion matrix, as it is saved, from its rows."""
    return lambda *rows: make_matrix(*rows).reset_index()


def test_the_picture_is_rgb_of_8_bits(make_table):
    picture = draw_confusion_matrices(vgg16=make_table(*ROWS))
    assert picture.dtype == np.uint8
    assert picture.ndim == 3
    assert picture.shape[2] == 3


def test_each_architecture_has_a_panel(make_table):
    one = draw_confusion_matrices(vgg16=make_table(*ROWS))
    three = draw_confusion_matrices(**dict.fromkeys("abc", make_table(*ROWS)))
    assert three.shape[1] == 3 * one.shape[1]


def test_the_picture_is_the_same_each_time(make_table):
    matrices = {"vgg16": make_table(*ROWS)}
    np.testing.assert_array_equal(
        draw_confusion_matrices(**matrices), draw_confusion_matrices(**matrices)
    )


def test_a_full_diagonal_is_drawn_dark_and_the_rest_white(make_table):
    picture = draw_confusion_matrices(vgg16=make_table(*np.diag([5, 5, 5, 5])))
    dark = (picture == [8, 48, 107]).all(axis=2).mean()
    assert 0.05 < dark < 0.25


def test_a_class_without_an_image_is_drawn_empty(make_table):
    rows = ([5, 0, 0, 0], [0, 5, 0, 0], [0, 0, 5, 0], [0, 0, 0, 0])
    assert draw_confusion_matrices(vgg16=make_table(*rows)).any()


def test_a_matrix_without_an_image_stops(make_table):
    empty = make_table(*np.zeros((4, 4), int))
    with pytest.raises(DetlError, match="VGG16 counts 0 images"):
        draw_confusion_matrices(vgg16=empty)


def test_drawing_leaves_pyplot_alone():
    code = (
        "import sys, detl.figures.confusion; print('matplotlib.pyplot' in sys.modules)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "False"
