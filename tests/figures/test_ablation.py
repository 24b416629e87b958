import numpy as np
import pandas as pd
import pytest

from detl.design import ARMS
from detl.errors import DetlError
from detl.figures.ablation import draw_arms

RED_OF_SCRATCH = (213, 94, 0)


def _tables(*architectures: str, left_out: str = "") -> tuple[pd.DataFrame, ...]:
    """Return tables of arms around 50 %, without those of one initialisation."""
    arms, folds = [], []
    for architecture in architectures:
        for arm, (initialisation, unfreeze) in ARMS.items():
            row = {
                "architecture": architecture,
                "initialisation": initialisation,
                "unfreeze": unfreeze,
            }
            if initialisation != left_out:
                row |= {"accuracy": 0.5, "accuracy_low": 0.3, "accuracy_high": 0.7}
                for number, accuracy in enumerate([0.4, 0.6], start=1):
                    fold = {"fold": f"fold_{number}", "accuracy": accuracy}
                    folds.append({"architecture": architecture, "arm": arm, **fold})
            arms.append(row)
    return pd.DataFrame(arms), pd.DataFrame(folds)


def _pixels_of(picture: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((picture == colour).all(axis=2).sum())


def test_the_picture_is_rgb_of_8_bits():
    picture = draw_arms(*_tables("vgg16"))

    assert picture.dtype == np.uint8
    assert picture.shape[2] == 3


def test_each_architecture_has_a_panel():
    one = draw_arms(*_tables("vgg16"))
    two = draw_arms(*_tables("vgg16", "resnet50"))

    assert two.shape[0] == one.shape[0]
    assert two.shape[1] > 1.5 * one.shape[1]


def test_an_arm_that_is_left_out_has_no_dots():
    whole = draw_arms(*_tables("vgg16"))
    without = draw_arms(*_tables("vgg16", left_out="scratch"))

    assert _pixels_of(whole, RED_OF_SCRATCH) > 0
    assert _pixels_of(without, RED_OF_SCRATCH) == 0


def test_without_the_reference_arm_the_others_are_drawn():
    assert _pixels_of(draw_arms(*_tables("vgg16", left_out="detl")), RED_OF_SCRATCH)


def test_no_arm_stops():
    with pytest.raises(DetlError, match="0 arms to draw"):
        draw_arms(pd.DataFrame(), pd.DataFrame())
