import numpy as np
import pytest

from detl.errors import DetlError
from detl.figures.curves import (
    BAND,
    VALIDATION,
    draw_accuracies,
    draw_learning_curves,
)
from made_results import make_result


def has_colour(picture, colour):
    value = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
    return (picture == value).all(axis=-1)


def test_the_curves_are_rgb_of_8_bits():
    picture = draw_learning_curves({"vgg16": make_result()})
    assert picture.dtype == np.uint8
    assert picture.shape[2] == 3


def test_each_network_has_a_column_of_curves():
    one = draw_learning_curves({"vgg16": make_result()})
    three = draw_learning_curves(dict.fromkeys("abc", make_result()))
    assert three.shape[1] == 3 * one.shape[1]


def test_a_single_epoch_is_drawn_as_a_dot():
    history = {key: [0.5] for key in make_result()["history"]}
    picture = draw_learning_curves(
        {"vgg16": make_result(history=history, data_a_first_epoch=1, data_a_epoch=1)}
    )
    assert has_colour(picture, VALIDATION).sum() > 20


def test_epochs_whose_weights_are_averaged_are_shaded():
    one, averaged = (
        has_colour(draw_learning_curves({"a": make_result(**read)}), BAND)
        for read in ({}, {"data_a_first_epoch": 1, "data_a_epoch": 3})
    )
    columns = averaged.sum(axis=0)
    # Letters have a few pixels of every grey.
    assert one.sum() < 100
    # Over both panels and nearly their whole width, which three epochs span.
    assert (columns > 100).mean() > 0.6


def test_a_higher_accuracy_is_drawn_higher():
    def top_of_red(accuracy):
        result = make_result(
            accuracy=accuracy,
            accuracy_low=accuracy - 0.05,
            accuracy_high=accuracy + 0.05,
        )
        picture = draw_accuracies({"vgg16": result}, {})
        # The lower part is the legend.
        rows = has_colour(picture, VALIDATION)[: picture.shape[0] * 3 // 4]
        return np.flatnonzero(rows.any(axis=1))[0]

    assert top_of_red(0.8) < top_of_red(0.4)


def test_the_papers_figure_is_drawn_only_where_it_has_one():
    results = {"vgg16": make_result()}
    without = draw_accuracies(results, {"alexnet": (0.83, 0.81, 0.85)})
    beside = draw_accuracies(results, {"vgg16": (0.9, 0.88, 0.92)})
    np.testing.assert_array_equal(without, draw_accuracies(results, {}))
    assert (beside != without).any()


@pytest.mark.parametrize(
    "draw", [draw_learning_curves, lambda r: draw_accuracies(r, {})]
)
def test_no_network_stops(draw):
    with pytest.raises(DetlError, match="0 results of networks"):
        draw({})
