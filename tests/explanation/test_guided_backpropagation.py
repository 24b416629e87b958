import keras
import numpy as np
import pytest

from detl.errors import DetlError
from detl.explanation.gradient import gradient_of_sum
from detl.explanation.guided_backpropagation import (
    guide_network,
    guided_backpropagation,
    guided_relu,
)
from detl.networks import build_network
from detl.networks.cut import cut_trunk


def as_tensor(values):
    return keras.ops.convert_to_tensor(np.float32(values))


def test_a_guided_relu_passes_what_is_positive_both_ways():
    upstream = as_tensor([1.0, -1.0, 1.0, -1.0])
    gradient = gradient_of_sum(
        lambda x: guided_relu(x) * upstream, as_tensor([2.0, 2.0, -2.0, -2.0])
    )
    assert list(keras.ops.convert_to_numpy(gradient)) == [1, 0, 0, 0]


def test_a_guided_relu_is_a_relu_forwards():
    result = keras.ops.convert_to_numpy(guided_relu(as_tensor([-1.0, 0.0, 3.0])))
    assert list(result) == [0, 0, 3]


def make_parts(activation):
    """Two pixels, two hidden units and one logit, of weights set by hand.

    Of pixels 1 and 2 the hidden units are 1 - 2 * 2 = -3 (silent) and 1 + 2 = 3.
    """
    pixels = keras.Input((1, 2, 1))
    flat = keras.layers.Flatten()(pixels)
    trunk = keras.Model(pixels, flat)
    features = keras.Input((2,))
    if activation == "in the layer":
        hidden = keras.layers.Dense(2, activation="relu", use_bias=False, name="hidden")
        x = hidden(features)
    else:
        x = keras.layers.Dense(2, use_bias=False, name="hidden")(features)
        x = keras.layers.ReLU()(x)
    tail = keras.Model(features, keras.layers.Dense(2, use_bias=False)(x))
    tail.set_weights([np.float32([[1, 1], [-2, 1]]), np.float32([[5, 5], [2, -2]])])
    return trunk, tail


@pytest.mark.parametrize("activation", ["in the layer", "a layer of its own"])
def test_the_map_of_a_tiny_network_is_what_it_is_by_hand(activation):
    trunk, tail = make_parts(activation)
    maps = guided_backpropagation(trunk, tail, np.uint8([[[1, 2]]]), np.array([0]))
    np.testing.assert_allclose(maps, [[[2, 2]]])


@pytest.mark.parametrize("activation", ["in the layer", "a layer of its own"])
def test_what_speaks_against_the_class_does_not_flow_back(activation):
    """Plain backpropagation would give -2 at either pixel."""
    trunk, tail = make_parts(activation)
    maps = guided_backpropagation(trunk, tail, np.uint8([[[1, 2]]]), np.array([1]))
    assert not maps.any()


@pytest.mark.parametrize("name", ["alexnet", "vgg16", "resnet50"])
def test_a_guided_network_says_what_the_network_says(tiny_network, name):
    model = build_network(tiny_network(name, width_multiplier=0.0625), 32, 4, 0)
    images = np.random.default_rng(0).uniform(0, 255, (4, 32, 32, 1))
    np.testing.assert_allclose(
        guide_network(model)(images), model(images), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("name", ["alexnet", "vgg16", "resnet50"])
def test_no_relu_is_left_unguided(tiny_network, name):
    model = build_network(tiny_network(name, width_multiplier=0.0625), 32, 4, 0)
    layers = guide_network(model).layers
    assert not [layer for layer in layers if isinstance(layer, keras.layers.ReLU)]
    activations = [getattr(layer, "activation", None) for layer in layers]
    assert keras.activations.relu not in activations
    assert guided_relu in activations


def test_a_batch_gives_what_its_images_give_one_by_one(monkeypatch, tiny_network):
    monkeypatch.setattr("detl.explanation.guided_backpropagation.BATCH_SIZE", 4)
    network = tiny_network("alexnet", width_multiplier=0.05)
    trunk, tail = cut_trunk(build_network(network, 32, 4, 0))
    pixels = np.random.default_rng(0).integers(0, 256, (6, 32, 32), np.uint8)
    classes = np.array([0, 1, 2, 3, 0, 1])
    together = guided_backpropagation(trunk, tail, pixels, classes)
    alone = [
        guided_backpropagation(trunk, tail, pixels[[n]], classes[[n]])[0]
        for n in range(6)
    ]
    np.testing.assert_allclose(together, alone, rtol=1e-3, atol=1e-7)
    assert together.shape == (6, 32, 32)
    assert together.any()


def test_the_parts_are_left_as_they_were(tiny_network):
    network = tiny_network("vgg16", width_multiplier=0.0625)
    trunk, tail = cut_trunk(build_network(network, 32, 4, 0))
    before = [w.copy() for part in (trunk, tail) for w in part.get_weights()]
    guided_backpropagation(
        trunk, tail, np.ones((2, 32, 32), np.uint8), np.array([0, 1])
    )
    after = [w for part in (trunk, tail) for w in part.get_weights()]
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)
    assert any(isinstance(layer, keras.layers.ReLU) for layer in trunk.layers)


def test_a_class_too_few_is_refused():
    trunk, tail = make_parts("in the layer")
    with pytest.raises(DetlError, match=r"1 images.*shape \(2,\)"):
        guided_backpropagation(trunk, tail, np.uint8([[[1, 2]]]), np.array([0, 1]))
