import keras
import numpy as np
import pytest

from detl.explanation.gradient import gradient_of_sum
from detl.networks import build_network
from detl.training.speed.devices import has_accelerator
from detl.training.speed.fast_layers import (
    QuickGradientMaxPooling2D,
    copy_with_poolings,
    quicken_gradients,
)

IMAGES = np.random.default_rng(0).normal(size=(5, 9, 8, 3)).astype("float32")


POOLINGS = pytest.mark.parametrize(
    "options",
    [
        {"pool_size": (3, 2)},
        {"pool_size": (3, 2), "padding": "same"},
        {"pool_size": 2},
        {"pool_size": 2, "padding": "same"},
        {"pool_size": 3, "strides": 2, "padding": "same"},
    ],
    ids=str,
)


@POOLINGS
def test_the_largest_of_each_window_is_that_of_keras(options):
    plain, quick = (
        kind(**options)(IMAGES)
        for kind in (keras.layers.MaxPooling2D, QuickGradientMaxPooling2D)
    )

    np.testing.assert_array_equal(quick, plain, strict=True)


@POOLINGS
def test_the_gradient_goes_to_the_largest_as_in_keras(options):
    layers = (
        keras.layers.MaxPooling2D(**options),
        QuickGradientMaxPooling2D(**options),
    )
    plain, quick = (
        gradient_of_sum(
            lambda x, layer=layer: keras.ops.square(layer(x)),
            keras.ops.convert_to_tensor(IMAGES),
        )
        for layer in layers
    )

    np.testing.assert_array_equal(quick, plain)


def test_inputs_that_are_equally_large_share_the_gradient():
    ones = keras.ops.ones((1, 2, 2, 1))

    gradient = gradient_of_sum(QuickGradientMaxPooling2D(2), ones)

    np.testing.assert_array_equal(gradient, np.full((1, 2, 2, 1), 0.25))


@pytest.mark.parametrize("name", ["alexnet", "vgg16", "resnet50"])
def test_a_quickened_network_says_the_same(tiny_network, name):
    model = build_network(tiny_network(name), 32, 4, seed=0)
    pixels = np.random.default_rng(1).integers(0, 256, (3, 32, 32, 1), "uint8")

    quickened = copy_with_poolings(model, QuickGradientMaxPooling2D)

    kinds = {type(layer) for layer in quickened.layers}
    assert QuickGradientMaxPooling2D in kinds
    assert keras.layers.MaxPooling2D not in kinds
    np.testing.assert_allclose(
        quickened(pixels), model(pixels), rtol=0, atol=1e-5, strict=True
    )


def test_networks_inside_a_network_are_quickened_too():
    inputs = keras.Input((8, 8, 1))
    inner = keras.Model(inputs, keras.layers.MaxPooling2D(2)(inputs))
    again = keras.layers.MaxPooling2D(2)
    outer = keras.Model(inputs, keras.Sequential([again])(inner(inputs)))

    quick = copy_with_poolings(outer, QuickGradientMaxPooling2D)

    inside = [layer for part in quick.layers[1:] for layer in part.layers]
    kinds = [type(x) for x in inside if isinstance(x, keras.layers.MaxPooling2D)]
    assert kinds == [QuickGradientMaxPooling2D, QuickGradientMaxPooling2D]


def test_the_network_given_is_left_as_it_was(tiny_network):
    model = build_network(tiny_network("vgg16"), 32, 2, seed=0)
    before = model.get_weights()

    quick = copy_with_poolings(model, QuickGradientMaxPooling2D)
    quick.set_weights([w + 1 for w in quick.get_weights()])

    assert all(map(np.array_equal, model.get_weights(), before))
    assert not any(isinstance(x, QuickGradientMaxPooling2D) for x in model.layers)


def test_what_is_frozen_stays_frozen_in_the_copy(tiny_network):
    model = build_network(tiny_network("vgg16"), 32, 2, seed=0)
    frozen = next(x for x in model.layers if isinstance(x, keras.layers.Conv2D))
    frozen.trainable = False

    quick = quicken_gradients(model)

    assert not quick.get_layer(frozen.name).trainable
    assert len(quick.trainable_variables) == len(model.trainable_variables)


def test_only_an_accelerator_gets_other_layers_than_keras_own(tiny_network):
    model = build_network(tiny_network("vgg16"), 32, 2, seed=0)

    kinds = {type(layer) for layer in quicken_gradients(model).layers}

    assert (QuickGradientMaxPooling2D in kinds) == has_accelerator()
    assert (keras.layers.MaxPooling2D in kinds) != has_accelerator()
