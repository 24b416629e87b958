import keras
import numpy as np
import pytest

from detl.explanation.alignment import find_shift
from detl.explanation.grad_cam import upsample
from detl.networks import build_network
from detl.networks.cut import cut_trunk

LAYER = "last_feature_map"


def make_network(*layers, size=16):
    pixels = x = keras.Input((size, size, 1))
    for layer in layers:
        x = layer(x)
    return keras.Model(pixels, keras.layers.Identity(name=LAYER)(x))


def test_a_kernel_without_a_stride_leaves_the_map_in_place():
    network = make_network(keras.layers.Conv2D(1, 3, padding="same"))
    assert find_shift([network], LAYER) == 0


def test_pooling_by_two_leaves_the_map_in_place():
    network = make_network(keras.layers.MaxPooling2D(2), keras.layers.MaxPooling2D(2))
    assert find_shift([network], LAYER) == 0


def test_a_kernel_of_three_with_stride_two_moves_the_map_by_half_a_pixel():
    network = make_network(keras.layers.Conv2D(1, 3, strides=2, padding="same"))
    assert find_shift([network], LAYER) == 0.5


def test_a_second_one_moves_it_by_half_of_its_own_inputs_cells():
    network = make_network(
        keras.layers.MaxPooling2D(3, 2, padding="same"),
        keras.layers.MaxPooling2D(3, 2, padding="same"),
    )
    assert find_shift([network], LAYER) == 1.5


def test_of_an_odd_number_of_rows_nothing_is_skipped():
    network = make_network(
        keras.layers.Conv2D(1, 3, strides=2, padding="same"), size=17
    )
    assert find_shift([network], LAYER) == 0


def test_padding_by_a_layer_of_its_own_counts():
    network = make_network(
        keras.layers.ZeroPadding2D(1), keras.layers.Conv2D(1, 3, strides=2)
    )
    assert find_shift([network], LAYER) == -0.5


def test_where_branches_meet_the_mean_is_taken():
    pixels = keras.Input((16, 16, 1))
    wide = keras.layers.Conv2D(1, 3, strides=2, padding="same")(pixels)
    narrow = keras.layers.Conv2D(1, 1, strides=2, padding="same")(pixels)
    network = keras.Model(pixels, keras.layers.Add(name=LAYER)([wide, narrow]))
    assert find_shift([network], LAYER) == 0


@pytest.mark.parametrize(
    ("name", "shift"), [("alexnet", 1.5), ("vgg16", 0.0), ("resnet50", 0.5)]
)
def test_trunk_and_tail_give_what_the_whole_network_gives(tiny_network, name, shift):
    network = build_network(tiny_network(name, width_multiplier=0.0625), 64, 4, 0)
    assert find_shift([network], LAYER) == shift
    assert find_shift(cut_trunk(network), LAYER) == shift


def test_the_moved_map_lies_over_the_spot_that_it_is_of():
    """Two poolings like AlexNet's: the brightest cell lies over the spot itself."""
    network = make_network(
        keras.layers.AveragePooling2D(3, 2, padding="same"),
        keras.layers.AveragePooling2D(3, 2, padding="same"),
        size=32,
    )
    image = np.zeros((1, 32, 32, 1), np.float32)
    image[0, 14:17, 18:21] = 1
    maps = keras.ops.convert_to_numpy(network(image))[..., 0]
    moved = upsample(maps, 32, find_shift([network], LAYER))[0]
    rows, columns = np.indices(moved.shape)
    centre = [(moved * at).sum() / moved.sum() for at in (rows, columns)]
    assert centre == pytest.approx([15, 19], abs=0.3)
    unmoved = upsample(maps, 32)[0]
    assert (unmoved * rows).sum() / unmoved.sum() == pytest.approx(13.5, abs=0.3)


def test_a_layer_that_is_not_there_is_named():
    network = make_network(keras.layers.MaxPooling2D(2))
    with pytest.raises(ValueError, match="No such layer: other"):
        find_shift([network], "other")
