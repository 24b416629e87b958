import keras
import numpy as np
import pytest

from detl.explanation.gradient import gradient_of_sum
from detl.networks import build_network
from detl.training.speed.devices import has_accelerator
from detl.training.speed.fast_layers import (
    FusedBatchNormalization,
    QuickGradientMaxPooling2D,
    copy_with_layers,
    quicken_layers,
)

IMAGES = np.random.default_rng(0).normal(size=(5, 9, 8, 3)).astype("float32")


QUICK_POOLING = {keras.layers.MaxPooling2D: QuickGradientMaxPooling2D}
UNDER_TENSORFLOW = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the operation is TensorFlow's"
)

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

    quickened = copy_with_layers(model, QUICK_POOLING)

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

    quick = copy_with_layers(outer, QUICK_POOLING)

    inside = [layer for part in quick.layers[1:] for layer in part.layers]
    kinds = [type(x) for x in inside if isinstance(x, keras.layers.MaxPooling2D)]
    assert kinds == [QuickGradientMaxPooling2D, QuickGradientMaxPooling2D]


def test_the_network_given_is_left_as_it_was(tiny_network):
    model = build_network(tiny_network("vgg16"), 32, 2, seed=0)
    before = model.get_weights()

    quick = copy_with_layers(model, QUICK_POOLING)
    quick.set_weights([w + 1 for w in quick.get_weights()])

    assert all(map(np.array_equal, model.get_weights(), before))
    assert not any(isinstance(x, QuickGradientMaxPooling2D) for x in model.layers)


def test_what_is_frozen_stays_frozen_in_the_copy(tiny_network):
    model = build_network(tiny_network("vgg16"), 32, 2, seed=0)
    frozen = next(x for x in model.layers if isinstance(x, keras.layers.Conv2D))
    frozen.trainable = False

    quick = quicken_layers(model)

    assert not quick.get_layer(frozen.name).trainable
    assert len(quick.trainable_variables) == len(model.trainable_variables)


def test_only_an_accelerator_gets_other_poolings_than_keras_own(tiny_network):
    model = build_network(tiny_network("vgg16"), 32, 2, seed=0)

    kinds = {type(layer) for layer in quicken_layers(model).layers}

    assert (QuickGradientMaxPooling2D in kinds) == has_accelerator()
    assert (keras.layers.MaxPooling2D in kinds) != has_accelerator()


def _normalisations(dtype: str = "float32") -> list[keras.layers.Layer]:
    """Return Keras's layer and ours, of three maps, with other than initial weights."""
    random = np.random.default_rng(2)
    weights = [random.uniform(0.5, 2, 3).astype("float32") for _ in range(4)]
    layers = [
        kind(momentum=0.9, dtype=dtype)
        for kind in (keras.layers.BatchNormalization, FusedBatchNormalization)
    ]
    for layer in layers:
        layer.build((None, None, None, 3))
        layer.set_weights(weights)
    return layers


@UNDER_TENSORFLOW
@pytest.mark.parametrize("training", [False, True])
def test_a_fused_normalisation_says_what_keras_says_and_keeps_its_statistics(training):
    plain, fused = _normalisations()

    said = [layer(IMAGES, training=training) for layer in (plain, fused)]

    np.testing.assert_allclose(*said, rtol=0, atol=1e-5)
    for one, other in zip(plain.get_weights(), fused.get_weights(), strict=True):
        np.testing.assert_allclose(other, one, rtol=0, atol=1e-6)


@UNDER_TENSORFLOW
def test_a_fused_normalisation_has_the_gradient_of_keras():
    def squared(layer):
        return lambda x: keras.ops.sin(3 * layer(x, training=True))

    images = keras.ops.convert_to_tensor(IMAGES)
    gradients = [gradient_of_sum(squared(layer), images) for layer in _normalisations()]

    assert np.abs(gradients[0]).max() > 0.01
    np.testing.assert_allclose(*gradients, rtol=0, atol=1e-4)


@UNDER_TENSORFLOW
def test_a_frozen_normalisation_keeps_its_statistics():
    _, fused = _normalisations()
    fused.trainable = False
    before = fused.get_weights()

    fused(IMAGES, training=True)

    assert all(map(np.array_equal, fused.get_weights(), before))


@UNDER_TENSORFLOW
def test_in_half_precision_the_normalisation_is_that_of_keras():
    said = [layer(IMAGES, training=True) for layer in _normalisations("mixed_float16")]

    np.testing.assert_array_equal(*said)


def test_under_tensorflow_normalisations_are_fused(tiny_network):
    model = build_network(tiny_network("vgg16"), 32, 2, seed=0)

    kinds = {type(layer) for layer in quicken_layers(model).layers}

    is_tensorflow = keras.backend.backend() == "tensorflow"
    assert (FusedBatchNormalization in kinds) == is_tensorflow
    assert (keras.layers.BatchNormalization in kinds) != is_tensorflow
