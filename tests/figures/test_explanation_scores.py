import numpy as np
import pandas as pd
import pytest

from detl.errors import DetlError
from detl.explanation.deletion import RANDOM, Curves, tabulate_curves
from detl.explanation.sanity import COLUMNS, GUIDED, OTHER_IMAGE, SIMILARITIES
from detl.figures.explanation_scores import (
    draw_deletion_curves,
    draw_regions,
    draw_sanity,
)

SIZE = 32


@pytest.fixture
def curves():
    down = np.linspace(1, 0, 21)[None] ** 2
    up = 1 - down
    every = dict.fromkeys(("grad_cam", "hires_cam", RANDOM), Curves(down, up))
    return tabulate_curves(every)


@pytest.fixture
def table():
    rows = []
    for method, layers in (("grad_cam", 2), (GUIDED, 4)):
        for step, layer in enumerate([OTHER_IMAGE, "d", "c", "b", "a"][: layers + 1]):
            for similarity in SIMILARITIES:
                value = 0.9 - 0.2 * step
                ends = value - 0.1, value + 0.1
                rows.append((method, layer, similarity, value, *ends, 40, 40, ""))
    return pd.DataFrame(rows, columns=COLUMNS)


@pytest.fixture
def images():
    pixels = np.full((2, SIZE, SIZE), 100, np.uint8)
    masks = np.zeros((2, SIZE, SIZE), bool)
    masks[:, 8:16, 8:16] = True
    return pixels, masks


def is_rgb(picture):
    return picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3


def test_the_curves_are_an_rgb_picture_with_a_row_per_architecture(curves):
    one = draw_deletion_curves(vgg16=curves)
    two = draw_deletion_curves(vgg16=curves, alexnet=curves)
    assert is_rgb(one)
    assert two.shape[0] > 1.5 * one.shape[0]


def test_the_cascade_is_an_rgb_picture_with_a_row_per_architecture(table):
    one = draw_sanity(vgg16=table)
    two = draw_sanity(vgg16=table, alexnet=table)
    assert is_rgb(one)
    assert two.shape[0] > 1.5 * one.shape[0]


def test_a_similarity_that_is_missing_is_left_out_of_the_line(table):
    table.loc[table["layer"] == "c", ["value", "low", "high"]] = np.nan
    assert is_rgb(draw_sanity(vgg16=table))


def test_the_pictures_are_the_same_each_time(curves, table):
    np.testing.assert_array_equal(
        draw_deletion_curves(vgg16=curves), draw_deletion_curves(vgg16=curves)
    )
    np.testing.assert_array_equal(draw_sanity(vgg16=table), draw_sanity(vgg16=table))


def test_images_have_a_row_each_and_methods_a_column_each(images):
    pixels, masks = images
    maps = {"grad_cam": masks * 1.0, "hires_cam": ~masks * 1.0}
    captions = ["nih/1\nMass", "a-$b$\nNodule"]
    both = draw_regions(pixels, masks, maps, captions)
    one = draw_regions(pixels[:1], masks[:1], maps, captions[:1])
    assert is_rgb(both)
    assert both.shape[0] > 1.5 * one.shape[0]
    fewer = draw_regions(pixels, masks, {"grad_cam": masks * 1.0}, captions)
    assert fewer.shape[1] < both.shape[1]


def test_the_region_is_outlined(images):
    pixels, masks = images
    panel = draw_regions(pixels, masks, {}, ["", ""])
    yellow = (panel[..., 0] > 200) & (panel[..., 1] > 150) & (panel[..., 2] < 90)
    assert yellow.any()


def test_an_empty_map_is_drawn_without_colour(images):
    pixels, masks = images
    panel = draw_regions(pixels, ~masks, {"grad_cam": masks * 0.0}, ["", ""])
    blue = (panel[..., 2].astype(int) - panel[..., 0]) > 60
    assert not blue.any()


def test_nothing_to_draw_stops():
    with pytest.raises(DetlError, match="0 curves"):
        draw_deletion_curves(vgg16=None)
    with pytest.raises(DetlError, match="0 tables of similarities"):
        draw_sanity(vgg16=None)
