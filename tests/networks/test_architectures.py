import keras
import numpy as np
import pytest

from detl.errors import DetlError
from detl.networks import NETWORKS, build_network
from detl.networks.cut import cut_trunk
from detl.networks.names import END_OF_TRUNK, EXPLAINED_LAYER
from detl.schemas.parameters import NetworkParameters


def _full_width(network: str, normalisation: str) -> NetworkParameters:
    return NetworkParameters(
        network=network,
        width_multiplier=1.0,
        fully_connected_units=0 if network == "resnet50" else 4096,
        dropout=0.0,
        stem_stride={"vgg16": 1, "resnet50": 2}[network],
        normalisation=normalisation,
        precision="float32",
    )


def _kernels(model: keras.Model) -> list[tuple[int, int]]:
    convolutions = [
        layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)
    ]
    return [layer.kernel_size for layer in convolutions]


@pytest.mark.parametrize("network", sorted(NETWORKS))
def test_a_network_maps_grey_images_to_one_logit_per_class(network, tiny_network):
    model = build_network(tiny_network(network), 32, 4, seed=0)

    assert model.input_shape == (None, 32, 32, 1)
    assert model.output_shape == (None, 4)


@pytest.mark.parametrize("network", sorted(NETWORKS))
def test_a_network_is_flat(network, tiny_network):
    model = build_network(tiny_network(network), 32, 2, seed=0)

    assert not [layer for layer in model.layers if isinstance(layer, keras.Model)]


@pytest.mark.parametrize("network", sorted(NETWORKS))
def test_a_network_can_be_cut_at_the_end_of_its_trunk(network, tiny_network):
    model = build_network(tiny_network(network), 32, 2, seed=0)
    images = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 1))

    trunk, tail = cut_trunk(model)

    np.testing.assert_allclose(tail(trunk(images)), model(images), atol=1e-5)


@pytest.mark.parametrize("network", sorted(NETWORKS))
def test_a_network_is_a_function_of_its_seed(network, tiny_network):
    first, same, other = (
        build_network(tiny_network(network), 32, 2, seed).get_weights()
        for seed in (1, 1, 2)
    )

    assert all(map(np.array_equal, first, same))
    assert not all(map(np.array_equal, first, other))


@pytest.mark.parametrize("network", sorted(NETWORKS))
def test_brightness_and_contrast_of_an_image_do_not_change_the_logits(
    network, tiny_network
):
    model = build_network(tiny_network(network), 32, 2, seed=0)
    image = np.random.default_rng(0).uniform(0, 120, (1, 32, 32, 1))

    logits = model(image)
    of_brighter = model(1.5 * image + 40)

    np.testing.assert_allclose(of_brighter, logits, rtol=1e-3, atol=1e-3)


def test_vgg16_has_13_convolutions_of_3x3_and_the_published_number_of_weights():
    model = build_network(_full_width("vgg16", "none"), 224, 1000, seed=0)

    assert _kernels(model) == [(3, 3)] * 13
    # Simonyan and Zisserman 2014, table 2: 138 million, with 3 input channels.
    assert model.count_params() == 138_357_544 - 2 * 64 * 9


def test_resnet50_has_a_3x3_stem_and_otherwise_the_published_number_of_weights():
    model = build_network(_full_width("resnet50", "batch"), 224, 1000, seed=0)

    assert _kernels(model)[0] == (3, 3)
    published = 25_636_712  # with a 7x7 stem on 3 channels and biases
    stem = 64 * (7 * 7 * 3 - 3 * 3)
    biases = sum(
        layer.filters
        for layer in model.layers
        if isinstance(layer, keras.layers.Conv2D)
    )
    assert model.count_params() == published - stem - biases


def test_alexnet_has_five_convolutions_of_3x3(tiny_network):
    model = build_network(tiny_network("alexnet"), 32, 2, seed=0)

    assert _kernels(model) == [(3, 3)] * 5


@pytest.mark.parametrize(
    ("network", "trunk_size", "map_size"),
    [("alexnet", 14, 14), ("vgg16", 14, 14), ("resnet50", 14, 7)],
)
def test_at_224_pixels_the_cut_and_the_explained_maps_have_the_size_of_the_originals(
    network, trunk_size, map_size, tiny_network
):
    stride = {"alexnet": 4, "vgg16": 1, "resnet50": 2}[network]
    model = build_network(tiny_network(network, stem_stride=stride), 224, 2, seed=0)

    assert model.get_layer(END_OF_TRUNK).output.shape[1] == trunk_size
    assert model.get_layer(EXPLAINED_LAYER).output.shape[1] == map_size


@pytest.mark.parametrize("network", sorted(NETWORKS))
def test_the_explained_maps_come_out_of_a_relu(network, tiny_network):
    model = build_network(tiny_network(network), 64, 2, seed=0)
    explained = keras.Model(model.input, model.get_layer(EXPLAINED_LAYER).output)
    images = np.random.default_rng(0).uniform(0, 255, (4, 64, 64, 1))

    maps = np.asarray(explained(images))

    assert maps.min() == 0
    assert maps.max() > 0


def test_an_unknown_network_is_refused_with_the_known_ones(tiny_network):
    known = ", ".join(sorted(NETWORKS))
    with pytest.raises(DetlError, match=f"'lenet'.*{known}"):
        build_network(tiny_network("lenet"), 32, 2, seed=0)
