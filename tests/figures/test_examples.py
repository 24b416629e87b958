import numpy as np
import pandas as pd
import pytest

from detl.errors import DetlError
from detl.explanation.grad_cam import upsample
from detl.figures.examples import (
    choose_errors,
    choose_examples,
    draw_examples,
    gather_explained,
    measure_evidence,
)

SIZE = 16


def images(*rows):
    return pd.DataFrame(rows, columns=["image_id", "label", "predicted", "probability"])


def maps(*peaks):
    """Maps of 4 x 4, flat at the peak, of the predicted and of the true class."""
    values = np.array(peaks, np.float32).reshape(len(peaks), 2, 1, 1)
    return np.broadcast_to(values, (len(peaks), 2, 4, 4)).copy()


@pytest.fixture
def chosen():
    return {
        "fold_1": images(
            ("a", "normal", "normal", 0.8),
            ("b", "normal", "covid_19", 0.7),
            ("c", "covid_19", "covid_19", 0.9),
        ),
        "fold_2": images(
            ("d", "normal", "normal", 0.9), ("e", "normal", "pneumonia", 0.6)
        ),
    }


@pytest.fixture
def heat_maps():
    return {
        "fold_1": maps((1, 1), (8, 2), (4, 4)),
        "fold_2": maps((3, 3), (5, 9)),
    }


@pytest.fixture
def data_b():
    return pd.DataFrame({"image_id": list("edcba"), "row": [0, 1, 2, 3, 4]})


@pytest.fixture
def gathered(chosen, heat_maps, data_b):
    return gather_explained(chosen, heat_maps, data_b)


def test_the_folds_are_gathered_in_their_order(gathered):
    explained, every = gathered
    assert explained["image_id"].tolist() == list("abcde")
    assert explained["fold"].tolist() == ["fold_1"] * 3 + ["fold_2"] * 2
    assert explained["row"].tolist() == [4, 3, 2, 1, 0]
    assert every[:, 0, 0, 0].tolist() == [1, 8, 4, 3, 5]


def test_of_each_class_the_most_confident_right_and_wrong_one_are_chosen(gathered):
    explained, _ = gathered
    positions = choose_examples(explained)
    assert explained["image_id"].iloc[positions].tolist() == ["d", "b", "c"]


def test_equally_confident_images_are_chosen_by_name_whatever_their_order():
    table = images(("b", "normal", "normal", 0.9), ("a", "normal", "normal", 0.9))
    assert choose_examples(table) == [1]
    assert choose_examples(table[::-1]) == [0]


def test_the_most_confident_errors_come_first(gathered):
    explained, _ = gathered
    positions = choose_errors(explained)
    assert explained["image_id"].iloc[positions].tolist() == ["b", "e"]


def test_a_network_without_errors_has_an_empty_page_of_them(heat_maps, data_b):
    right = images(("c", "covid_19", "covid_19", 0.9))
    explained, every = gather_explained(
        {"fold_1": right}, {"fold_1": heat_maps["fold_1"][2:]}, data_b
    )
    pixels = np.zeros((5, SIZE, SIZE), np.uint8)
    assert choose_errors(explained) == []
    assert draw_examples(explained, every, pixels, 0.0, []).shape == (68, 1300, 3)


def test_the_peak_of_a_class_is_the_mean_over_its_right_images(gathered):
    evidence = measure_evidence(*gathered, SIZE)
    assert evidence["classes"]["normal"] == {"images": 2, "peak": 2.0}
    assert evidence["classes"]["covid_19"] == {"images": 1, "peak": 4.0}


def test_a_class_without_a_right_image_has_no_peak(gathered):
    evidence = measure_evidence(*gathered, SIZE)
    assert evidence["classes"]["pneumonia"] == {"images": 0, "peak": None}


def test_the_largest_peak_is_that_of_the_panel(gathered):
    # Image e has 9, but is not in the panel.
    assert measure_evidence(*gathered, SIZE)["largest"] == 8


def test_the_largest_peak_is_of_the_maps_as_the_panel_shows_them(gathered):
    explained, every = gathered
    shown = choose_examples(explained)
    evidence = measure_evidence(explained, every, SIZE, 1.5)
    panel = upsample(every[shown].reshape(-1, *every.shape[2:]), SIZE, 1.5)
    assert evidence["largest"] == panel.max()


def test_the_panel_has_a_row_per_example(gathered):
    pixels = np.zeros((5, SIZE, SIZE), np.uint8)
    assert draw_examples(*gathered, pixels, 0.0).shape == (68 + 3 * 264, 1300, 3)


def test_the_panel_shows_each_image_by_its_row_in_the_pixel_store(gathered):
    pixels = np.stack([np.full((SIZE, SIZE), 40 * n, np.uint8) for n in range(5)])
    panel = draw_examples(*gathered, pixels, 0.0)
    middle_of_first_column = panel[[68 + 128 + 264 * n for n in range(3)], 244 + 128]
    assert middle_of_first_column[:, 0].tolist() == [40 * 1, 40 * 3, 40 * 2]


def test_an_image_that_data_b_lacks_is_named(chosen, heat_maps, data_b):
    with pytest.raises(DetlError, match="image 'a', which is not in data_b"):
        gather_explained(chosen, heat_maps, data_b[:4])


def test_a_fold_with_too_few_maps_is_named(chosen, heat_maps, data_b):
    heat_maps["fold_2"] = heat_maps["fold_2"][:1]
    with pytest.raises(DetlError, match="1 heat maps of the 2 images of fold_2"):
        gather_explained(chosen, heat_maps, data_b)
