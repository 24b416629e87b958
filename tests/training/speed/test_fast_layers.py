import keras
import numpy as np
import pytest

from detl.explanation.gradient import gradient_of_sum
from detl.networks import build_network
from detl.training.speed import fast_layers as quick_gradients
from detl.training.speed.fast_layers import (
    QuickGradientConv2D,
    QuickGradientMaxPooling2D,
    quicken_gradients,
)

IMAGES = np.random.default_rng(0).normal(size=(5, 9, 8, 3)).astype("float32")


def _pair(**options) -> tuple[keras.layers.Layer, keras.layers.Layer]:
    """Return Keras's convolution and the quick one, with the same weights."""
    pair = keras.layers.Conv2D(4, **options), QuickGradientConv2D(4, **options)
    for layer in pair:
        layer.build(IMAGES.shape)
    pair[1].set_weights(pair[0].get_weights())
    return pair


CONVOLUTIONS = pytest.mark.parametrize(
    "options",
    [
        {"kernel_size": 3, "padding": "same"},
        {"kernel_size": (5, 3), "padding": "same"},
        {"kernel_size": 1, "padding": "same"},
        {"kernel_size": 1, "padding": "same", "strides": (2, 3)},
        {"kernel_size": 3, "padding": "same", "strides": 2},
        {"kernel_size": 2, "padding": "same"},
        {"kernel_size": 3, "padding": "valid"},
        {"kernel_size": 3, "padding": "same", "dilation_rate": 2},
    ],
    ids=str,
)


@CONVOLUTIONS
def test_the_outputs_are_those_of_keras(options):
    plain, quick = _pair(**options)

    np.testing.assert_allclose(quick(IMAGES), plain(IMAGES), rtol=0, atol=1e-6)


@CONVOLUTIONS
def test_the_gradient_by_the_inputs_is_that_of_keras(options):
    plain, quick = (
        gradient_of_sum(
            lambda x, layer=layer: keras.ops.square(layer(x)),
            keras.ops.convert_to_tensor(IMAGES),
        )
        for layer in _pair(**options)
    )

    np.testing.assert_allclose(quick, plain, rtol=0, atol=1e-5)


@CONVOLUTIONS
def test_a_step_of_training_is_that_of_keras(options):
    targets = np.ones_like(_pair(**options)[0](IMAGES))
    weights = []
    for layer in _pair(**options):
        layer.set_weights([np.full_like(w, 0.1) for w in layer.get_weights()])
        model = keras.Sequential([keras.Input(IMAGES.shape[1:]), layer])
        model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=False)
        model.train_on_batch(IMAGES, targets)
        weights.append(layer.get_weights())

    for plain, quick in zip(*weights, strict=True):
        assert not np.allclose(plain, 0.1)
        np.testing.assert_allclose(quick, plain, rtol=0, atol=1e-6)


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("kernel_size", [1, 3])
def test_in_half_precision_gradients_are_those_of_keras_too(dtype, kernel_size):
    plain, quick = (
        gradient_of_sum(
            lambda x, layer=layer: keras.ops.square(
                keras.ops.cast(layer(x), "float32")
            ),
            keras.ops.convert_to_tensor(IMAGES),
        )
        for layer in _pair(kernel_size=kernel_size, padding="same", dtype=dtype)
    )

    scale = np.abs(plain).max()
    np.testing.assert_allclose(quick / scale, plain / scale, rtol=0, atol=0.02)


@pytest.mark.parametrize(
    "options", [{"groups": 3}, {"data_format": "channels_first"}], ids=str
)
def test_what_is_not_quickened_is_left_to_keras(monkeypatch, options):
    """A processor has neither, so that their gradients cannot be compared here."""
    monkeypatch.setattr(keras.layers.Conv2D, "convolution_op", lambda *_: "Keras's own")
    quick = QuickGradientConv2D(6, 3, padding="same", **options)

    assert quick.convolution_op(IMAGES, None) == "Keras's own"


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


@pytest.mark.parametrize(
    ("is_there", "quick", "slow"),
    [
        (False, QuickGradientConv2D, keras.layers.Conv2D),
        (True, QuickGradientMaxPooling2D, keras.layers.MaxPooling2D),
    ],
)
@pytest.mark.parametrize("name", ["alexnet", "vgg16", "resnet50"])
def test_a_quickened_network_says_the_same(
    tiny_network, monkeypatch, name, is_there, quick, slow
):
    monkeypatch.setattr(quick_gradients, "has_accelerator", lambda: is_there)
    model = build_network(tiny_network(name), 32, 4, seed=0)
    pixels = np.random.default_rng(1).integers(0, 256, (3, 32, 32, 1), "uint8")

    quickened = quicken_gradients(model)

    kinds = {type(layer) for layer in quickened.layers}
    assert quick in kinds
    assert slow not in kinds
    np.testing.assert_allclose(
        quickened(pixels), model(pixels), rtol=0, atol=1e-5, strict=True
    )


def test_networks_inside_a_network_are_quickened_too():
    inputs = keras.Input((8, 8, 1))
    inner = keras.Model(inputs, keras.layers.Conv2D(1, 3, padding="same")(inputs))
    again = keras.layers.Conv2D(1, 3, padding="same")
    outer = keras.Model(inputs, keras.Sequential([again])(inner(inputs)))

    quick = quicken_gradients(outer)

    inside = [layer for part in quick.layers[1:] for layer in part.layers]
    kinds = [type(x) for x in inside if isinstance(x, keras.layers.Conv2D)]
    assert kinds == [QuickGradientConv2D, QuickGradientConv2D]


def test_the_network_given_is_left_as_it_was(tiny_network):
    model = build_network(tiny_network("vgg16"), 32, 2, seed=0)
    before = model.get_weights()

    quick = quicken_gradients(model)
    quick.set_weights([w + 1 for w in quick.get_weights()])

    assert all(map(np.array_equal, model.get_weights(), before))
    assert not any(isinstance(x, QuickGradientConv2D) for x in model.layers)


def test_what_is_frozen_stays_frozen_in_the_copy(tiny_network):
    model = build_network(tiny_network("vgg16"), 32, 2, seed=0)
    frozen = next(x for x in model.layers if isinstance(x, keras.layers.Conv2D))
    frozen.trainable = False

    quick = quicken_gradients(model)

    assert not quick.get_layer(frozen.name).trainable
    assert len(quick.trainable_variables) == len(model.trainable_variables)


def test_under_jax_on_a_processor_convolutions_are_keras_own(tiny_network, monkeypatch):
    """It is TensorFlow whose gradients are slow there."""
    model = build_network(tiny_network("vgg16"), 32, 2, seed=0)
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")

    quick = quicken_gradients(model)

    assert [type(x) for x in quick.layers] == [type(x) for x in model.layers]
