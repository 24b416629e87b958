import numpy as np
import pandas as pd
import pytest

from detl.figures.grad_cam import TILE, draw_panel, draw_sheet

SIZE = 32


@pytest.fixture
def chosen():
    return pd.DataFrame(
        {
            "image_id": ["nih/1", "a-$collection$/" + "long-name-" * 8],
            "label": ["normal", "covid_19"],
            "predicted": ["normal", "other_disease"],
            "probability": [0.9, 0.6],
        }
    )


@pytest.fixture
def pixels():
    return np.full((2, SIZE, SIZE), 100, np.uint8)


def maps(*values):
    return np.stack([np.full((SIZE, SIZE), value, np.float32) for value in values])


def tile(panel, row, column):
    """The middle of one image, where nothing is written."""
    top = 68 + row * (TILE + 8) + TILE // 2
    left = 244 + column * (TILE + 8) + TILE // 2
    return panel[top : top + 50, left : left + 50]


def is_grey(picture):
    return (picture == picture[..., :1]).all()


def test_the_panel_has_one_row_per_image(pixels, chosen):
    panel = draw_panel(pixels, maps(0, 1), maps(0, 1), chosen)
    assert panel.dtype == np.uint8
    assert panel.shape == (68 + 2 * (TILE + 8), 1300, 3)


def test_the_first_column_is_the_radiograph(pixels, chosen):
    panel = draw_panel(pixels, maps(1, 1), maps(1, 1), chosen)
    assert (tile(panel, 0, 0) == 100).all()


def test_the_second_column_has_one_scale_for_all_rows(pixels, chosen):
    panel = draw_panel(pixels, maps(1, 2), maps(1, 4), chosen)
    weak, strong = tile(panel, 0, 1), tile(panel, 1, 1)
    assert not is_grey(weak)
    assert (weak != strong).any()
    # The strongest map of all is that of the second image's true class.
    assert (strong != tile(panel, 1, 3)).any()


def test_the_third_column_scales_every_row_by_itself(pixels, chosen):
    panel = draw_panel(pixels, maps(1, 2), maps(1, 4), chosen)
    np.testing.assert_array_equal(tile(panel, 0, 2), tile(panel, 1, 2))


def test_only_a_wrong_image_has_the_map_of_its_true_class(pixels, chosen):
    panel = draw_panel(pixels, maps(1, 2), maps(1, 4), chosen)
    assert (tile(panel, 0, 3) == 255).all()
    assert not is_grey(tile(panel, 1, 3))


def test_an_image_without_evidence_is_not_highlighted(pixels, chosen):
    panel = draw_panel(pixels, maps(0, 2), maps(0, 0), chosen)
    for column in range(3):
        assert (tile(panel, 0, column) == 100).all()


def test_right_and_wrong_are_marked_by_colour(pixels, chosen):
    panel = draw_panel(pixels, maps(0, 2), maps(0, 0), chosen)
    (red, green, _), (wrong_red, wrong_green, _) = (
        panel[68 + 100, 2].astype(int),
        panel[68 + TILE + 8 + 100, 2].astype(int),
    )
    assert green > red
    assert wrong_red > wrong_green


def test_the_same_data_give_the_same_picture(pixels, chosen):
    first = draw_panel(pixels, maps(1, 2), maps(1, 4), chosen)
    np.testing.assert_array_equal(
        draw_panel(pixels, maps(1, 2), maps(1, 4), chosen), first
    )


def test_a_panel_of_no_images_has_a_heading_only(pixels, chosen):
    panel = draw_panel(pixels[:0], maps(1)[:0], maps(1)[:0], chosen[:0])
    assert panel.shape == (68, 1300, 3)


def test_the_sheet_has_the_panels_side_by_side():
    red = np.full((100, 200, 3), (255, 0, 0), np.uint8)
    blue = np.full((60, 200, 3), (0, 0, 255), np.uint8)
    sheet = draw_sheet(fold_1=red, fold_2=blue)
    assert sheet.shape == (36 + 50, 2 * (100 + 24), 3)
    assert (sheet[36:86, 8:108] == (255, 0, 0)).all()
    assert (sheet[36:66, 132:232] == (0, 0, 255)).all()
    assert (sheet[66:, 132:232] == 255).all()
