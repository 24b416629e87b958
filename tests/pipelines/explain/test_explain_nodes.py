import keras
import numpy as np
import pandas as pd
import pytest

from detl.networks import NETWORKS, build_network
from detl.networks.cut import cut_trunk
from detl.networks.names import EXPLAINED_LAYER
from detl.pipelines.explain.nodes import (
    choose_images,
    draw_fold,
    explain_fold,
)
from detl.schemas.classes import DATA_B_CLASSES
from detl.schemas.parameters import ExplainParameters

SIZE = 16


def predictions(*rows):
    """Rows of image_id, label, predicted and the predicted class's probability."""
    table = []
    for image_id, label, predicted, probability in rows:
        rest = (1 - probability) / 3
        probabilities = {
            f"p_{name}": probability if name == predicted else rest
            for name in DATA_B_CLASSES
        }
        table.append(
            {"image_id": image_id, "label": label, "predicted": predicted}
            | probabilities
        )
    return pd.DataFrame(table)


def chosen_ids(table, images_per_class):
    parameters = ExplainParameters(images_per_class=images_per_class)
    return choose_images(table, parameters)["image_id"].tolist()


class TestChooseImages:
    def test_wrong_images_take_half_of_the_places(self):
        table = predictions(
            ("right_1", "normal", "normal", 0.9),
            ("right_2", "normal", "normal", 0.8),
            ("right_3", "normal", "normal", 0.7),
            ("wrong_1", "normal", "pneumonia", 0.9),
            ("wrong_2", "normal", "pneumonia", 0.8),
            ("wrong_3", "normal", "covid_19", 0.7),
        )
        assert chosen_ids(table, 4) == ["wrong_1", "wrong_2", "right_1", "right_2"]

    def test_right_images_fill_the_places_of_missing_wrong_ones(self):
        table = predictions(
            ("right_1", "normal", "normal", 0.9),
            ("right_2", "normal", "normal", 0.8),
            ("wrong_1", "normal", "pneumonia", 0.7),
            ("right_3", "normal", "normal", 0.7),
        )
        assert chosen_ids(table, 4) == ["wrong_1", "right_1", "right_2", "right_3"]

    def test_wrong_images_fill_the_places_of_missing_right_ones(self):
        table = predictions(
            ("right_1", "normal", "normal", 0.9),
            ("wrong_1", "normal", "pneumonia", 0.9),
            ("wrong_2", "normal", "pneumonia", 0.8),
            ("wrong_3", "normal", "pneumonia", 0.7),
        )
        assert chosen_ids(table, 3) == ["wrong_1", "wrong_2", "right_1"]

    def test_a_single_place_goes_to_a_right_image(self):
        table = predictions(
            ("wrong_1", "normal", "pneumonia", 0.9),
            ("right_1", "normal", "normal", 0.5),
        )
        assert chosen_ids(table, 1) == ["right_1"]

    def test_equally_confident_images_come_by_name_whatever_their_order(self):
        table = predictions(
            ("c", "normal", "normal", 0.9),
            ("a", "normal", "normal", 0.9),
            ("b", "normal", "normal", 0.9),
        )
        assert chosen_ids(table, 2) == ["a", "b"]
        assert chosen_ids(table[::-1], 2) == ["a", "b"]

    def test_the_classes_come_in_their_order(self):
        table = predictions(
            *((name, name, name, 0.9) for name in reversed(DATA_B_CLASSES))
        )
        assert chosen_ids(table, 2) == list(DATA_B_CLASSES)

    def test_the_probability_is_that_of_the_predicted_class(self):
        table = predictions(("a", "normal", "covid_19", 0.61))
        chosen = choose_images(table, ExplainParameters(images_per_class=1))
        assert chosen["probability"].tolist() == [0.61]
        assert list(chosen) == ["image_id", "label", "predicted", "probability"]


@pytest.fixture
def data_b():
    # The rows in the pixel store are in another order than the table.
    return pd.DataFrame({"image_id": ["nih/a", "nih/b", "nih/c"], "row": [4, 0, 2]})


@pytest.fixture
def chosen():
    return pd.DataFrame(
        {
            "image_id": ["nih/c", "nih/a"],
            "label": ["normal", "covid_19"],
            "predicted": ["normal", "normal"],
            "probability": [0.9, 0.5],
        }
    )


@pytest.fixture
def tail():
    """The logit of class k is the mean of channel k."""
    features = keras.Input((4, 4, 4))
    maps = keras.layers.ReLU(name="last_feature_map")(features)
    return keras.Model(features, keras.layers.GlobalAveragePooling2D()(maps))


@pytest.fixture
def features():
    features = np.zeros((3, 4, 4, 4), np.float32)
    features[2, 0, 0, 0] = 16  # nih/c: evidence for normal, upper left
    features[0, 3, 3, 3] = 32  # nih/a: evidence for COVID-19, lower right
    return features


def test_each_chosen_image_has_the_map_of_its_own_features(
    tail, features, data_b, chosen
):
    heat_maps = explain_fold(tail, features, data_b, chosen)
    assert heat_maps.shape == (2, 2, 4, 4)
    np.testing.assert_allclose(heat_maps[0, 0], features[2, ..., 0] / 16)


def test_the_second_map_is_that_of_the_true_class(tail, features, data_b, chosen):
    heat_maps = explain_fold(tail, features, data_b, chosen)
    np.testing.assert_allclose(heat_maps[0, 1], heat_maps[0, 0])
    assert not heat_maps[1, 0].any()
    np.testing.assert_allclose(heat_maps[1, 1], features[0, ..., 3] / 16)


def test_the_panel_shows_each_image_by_its_row_in_the_pixel_store(data_b, chosen):
    pixels = np.stack([np.full((SIZE, SIZE), 40 * n, np.uint8) for n in range(5)])
    panel = draw_fold(np.zeros((2, 2, 4, 4), np.float32), pixels, data_b, chosen, 0.0)
    middle_of_first_column = panel[[68 + 128, 68 + 264 + 128], 244 + 128]
    np.testing.assert_array_equal(middle_of_first_column[:, 0], [40 * 2, 40 * 4])


@pytest.mark.parametrize("network", sorted(NETWORKS))
def test_the_maps_of_every_network_have_the_size_of_its_last_feature_map(
    network, tiny_network, data_b, chosen
):
    trunk, tail = cut_trunk(build_network(tiny_network(network), 32, 4, seed=0))
    features = np.random.default_rng(0).random((3, *trunk.output_shape[1:]), np.float32)
    _, height, width, _ = tail.get_layer(EXPLAINED_LAYER).output.shape
    heat_maps = explain_fold(tail, features, data_b, chosen)
    assert heat_maps.shape == (2, 2, height, width)
