import numpy as np
import pandas as pd
import pytest

from detl.evaluation.shortcuts.cues import (
    CUES,
    Pictures,
    black_out_centre,
    choose_pictures,
    cut_out_border,
    encode_metadata,
    encode_source,
    make_thumbnails,
)


@pytest.fixture
def images():
    return pd.DataFrame(
        {
            "image_id": ["a", "b", "c"],
            "source": ["nih", "covid_chestxray", "nih"],
            "view": ["PA", "AP Supine", "unknown"],
            "age": [40.0, np.nan, 60.0],
            "sex": ["M", "unknown", "F"],
            "width": [256, 320, 256],
            "height": [256, 160, 256],
        }
    )


@pytest.fixture
def make_pictures(images):
    def make(pixels, border_share=0.1):
        return Pictures(images.iloc[: len(pixels)], np.asarray(pixels), border_share)

    return make


@pytest.fixture
def three_pictures(make_pictures):
    return make_pictures(np.full((3, 20, 20), [[[10]], [[20]], [[30]]], np.uint8))


def test_the_images_come_in_the_order_of_data_b_with_their_own_pixels(images):
    data_b = pd.DataFrame({"image_id": ["c", "a"], "row": [7, 2]})
    pixels = np.arange(8, dtype=np.uint8)[:, None, None] * np.ones((8, 4, 4), np.uint8)

    pictures = choose_pictures(data_b, images, pixels, 0.1)

    assert list(pictures.known["image_id"]) == ["c", "a"]
    assert list(pictures.pixels[:, 0, 0]) == [7, 2]


def test_each_source_has_a_column(three_pictures):
    told = encode_source(three_pictures)
    assert told["source_nih"].tolist() == [1, 0, 1]
    assert told["source_covid_chestxray"].tolist() == [0, 1, 0]


def test_metadata_say_size_shape_view_age_sex_and_brightness(three_pictures):
    told = encode_metadata(three_pictures)
    assert told["aspect"].tolist() == [1, 2, 1]
    assert told["view_AP Supine"].tolist() == [0, 1, 0]
    assert told["sex_unknown"].tolist() == [0, 1, 0]
    assert told["mean_brightness"].tolist() == [10, 20, 30]


def test_a_missing_age_is_marked_and_left_to_the_model(three_pictures):
    told = encode_metadata(three_pictures)
    assert told["age_missing"].tolist() == [0, 1, 0]
    np.testing.assert_array_equal(told["age"], [40, np.nan, 60])


def test_only_the_age_is_ever_unknown(three_pictures):
    nowhere = three_pictures.known.assign(age=np.nan)
    told = encode_metadata(Pictures(nowhere, three_pictures.pixels, 0.1))
    assert list(told.columns[told.isna().any()]) == ["age"]


def test_the_border_is_the_frame_and_nothing_of_the_centre(make_pictures):
    pixels = np.full((1, 20, 20), 9, np.uint8)
    pixels[:, 2:-2, 2:-2] = 200

    border = cut_out_border(make_pictures(pixels, border_share=0.1))

    assert border.shape == (1, 20**2 - 16**2)
    assert set(border.ravel()) == {9}


def test_what_is_left_around_the_centre_is_the_border(make_pictures):
    pixels = np.random.default_rng(0).integers(1, 255, (1, 30, 30), np.uint8)

    left = black_out_centre(pixels, centre_share=0.8)

    borders = [cut_out_border(make_pictures(seen)) for seen in (pixels, left)]
    np.testing.assert_array_equal(*borders)


def test_a_thumbnail_has_16_by_16_grey_levels(make_pictures):
    thumbnails = make_thumbnails(make_pictures(np.full((2, 64, 64), 77, np.uint8)))
    assert thumbnails.shape == (2, 256)
    assert set(thumbnails.ravel()) == {77}


@pytest.mark.parametrize("cue", CUES)
def test_every_cue_is_a_row_of_numbers_per_image(three_pictures, cue):
    known = three_pictures.known.fillna({"age": 50})
    whole = Pictures(known, three_pictures.pixels, three_pictures.border_share)
    inputs = np.asarray(CUES[cue](whole), "float64")
    assert len(inputs) == 3
    assert np.isfinite(inputs).all()


def test_blacking_out_leaves_the_given_pixels_alone():
    pixels = np.full((1, 10, 10), 5, np.uint8)
    black_out_centre(pixels, 0.8)
    assert (pixels == 5).all()


@pytest.mark.parametrize(("share", "edge"), [(0.8, 2), (0.5, 5), (0.99, 1)])
def test_the_centre_shows_nothing_but_the_mean_of_its_frame(share, edge):
    pixels = np.full((1, 20, 20), 5, np.uint8)
    pixels[0, edge:-edge, edge:-edge] = np.arange(20 - 2 * edge)
    blackened = black_out_centre(pixels, share)
    assert (blackened == 5).all()


def test_each_image_is_filled_with_a_grey_of_its_own():
    pixels = np.stack([np.full((20, 20), level, np.uint8) for level in (3, 200)])
    pixels[:, 8:12, 8:12] = 90
    assert black_out_centre(pixels, 0.8)[:, 10, 10].tolist() == [3, 200]
