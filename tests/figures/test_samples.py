import numpy as np
import pandas as pd
import pytest

from detl.errors import DetlError
from detl.figures.samples import draw_samples

GREYS = np.arange(40, 200, 10, dtype=np.uint8)


@pytest.fixture
def tables():
    """Sixteen images, each of one grey, two of a patient; eight normal ones first."""
    count = len(GREYS)
    images = pd.DataFrame(
        {
            "image_id": [f"nih/{k}_$x$.png" for k in range(count)],
            "row": range(count),
            "group": [f"nih/{k // 2}" for k in range(count)],
            "source": "nih",
        }
    )
    data_b = images.assign(label=["normal"] * 8 + ["covid_19"] * 8)
    pixels = np.tile(GREYS[:, None, None], (1, 8, 8))
    return pixels, images, data_b.drop(columns="source")


def _find_rows(picture):
    """Return which images are in the picture, by their grey."""
    sizes = np.bincount(picture[..., 0].ravel(), minlength=256)
    # The colour map rounds by one grey; letters are grey, but only at their edges.
    return [
        k for k, grey in enumerate(GREYS) if sizes[grey - 1 : grey + 2].sum() > 5000
    ]


def test_the_picture_is_rgb_of_8_bits(tables):
    picture = draw_samples(*tables, seed=0)
    assert (picture.dtype, picture.ndim, picture.shape[2]) == (np.uint8, 3, 3)


def test_the_images_of_a_class_are_of_different_patients(tables):
    rows = _find_rows(draw_samples(*tables, seed=0))
    assert [row // 2 for row in rows] == list(range(8))


def test_no_more_images_are_drawn_than_asked(tables):
    rows = _find_rows(draw_samples(*tables, seed=0, per_class=2))
    assert len([row for row in rows if row < 8]) == 2
    assert len(rows) == 4


def test_a_class_with_few_patients_has_fewer_images(tables):
    pixels, images, data_b = tables
    rows = _find_rows(draw_samples(pixels, images, data_b.iloc[[0, 1, 2]], seed=0))
    assert [row // 2 for row in rows] == [0, 1]


def test_the_seed_alone_decides_what_is_drawn(tables):
    first = draw_samples(*tables, seed=0)
    np.testing.assert_array_equal(first, draw_samples(*tables, seed=0))
    others = [_find_rows(draw_samples(*tables, seed=seed)) for seed in (1, 2)]
    assert any(rows != _find_rows(first) for rows in others)


def test_a_class_without_images_has_no_row(tables):
    pixels, images, data_b = tables
    both = draw_samples(pixels, images, data_b, seed=0)
    one = draw_samples(pixels, images, data_b[data_b["label"] == "normal"], seed=0)
    assert 2 * one.shape[0] == both.shape[0]


def test_an_empty_data_b_stops(tables):
    pixels, images, data_b = tables
    with pytest.raises(DetlError, match="0 images of Data-B"):
        draw_samples(pixels, images, data_b.iloc[:0], seed=0)
