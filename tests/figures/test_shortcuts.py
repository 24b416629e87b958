import numpy as np
import pandas as pd
import pytest

from detl.errors import DetlError
from detl.evaluation.shortcuts.card import INPUTS
from detl.figures.shortcuts import draw_shortcuts


@pytest.fixture
def card():
    return pd.DataFrame({"input": INPUTS, "note": ""}).assign(
        accuracy=0.6,
        accuracy_low=0.5,
        accuracy_high=0.7,
        chance=0.25,
        shortcut_ratio=1.0,
    )


def test_the_picture_is_rgb_of_8_bits(card):
    picture = draw_shortcuts(vgg16=card)
    assert picture.dtype == np.uint8
    assert picture.ndim == 3
    assert picture.shape[2] == 3


def test_each_architecture_has_a_panel(card):
    one = draw_shortcuts(vgg16=card)
    three = draw_shortcuts(**dict.fromkeys("abc", card))
    assert three.shape[1] > 2 * one.shape[1]


def test_an_input_that_was_not_computed_has_no_mark(card):
    def count_orange(picture):
        return (picture == [0xD5, 0x5E, 0x00]).all(axis=2).sum()

    simple = card["input"].isin(INPUTS[2:])
    of_all, of_none = draw_shortcuts(a=card), draw_shortcuts(a=card[~simple])
    # What is left is the mark in the legend.
    assert count_orange(of_all) > 3 * count_orange(of_none)


def test_no_card_stops():
    with pytest.raises(DetlError, match="0 shortcut cards to draw"):
        draw_shortcuts(vgg16=None)
