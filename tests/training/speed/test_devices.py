import logging

import keras
import numpy as np
import pytest
from pydantic import ValidationError

from detl.networks import build_network
from detl.networks.blocks import logits_layer, pixels_input
from detl.networks.cut import cut_trunk
from detl.schemas.parameters import AugmentationParameters
from detl.training.augmentation import augment_inputs
from detl.training.batches import RowBatches
from detl.training.fit import fit_network
from detl.training.speed.devices import choose_devices, let_compile, scale_loss

PIXELS = np.random.default_rng(0).integers(0, 256, (32, 32, 32), dtype="uint8")
LABELS = np.random.default_rng(1).integers(0, 2, 32)
AUGMENTATION = AugmentationParameters(
    rotation_degrees=10.0, smallest_zoom=0.85, largest_zoom=1.15, mirror=True
)


def _train(model: keras.Model, parameters) -> np.ndarray:
    """Train a network and return its logits."""
    batches = [RowBatches(PIXELS, np.arange(32), LABELS, 16) for _ in range(2)]
    fit_network(model, *batches, parameters, "test")
    return np.asarray(model.predict(PIXELS[..., None], verbose=0))


def _one_convolution() -> keras.Model:
    pixels, x = pixels_input(32)
    initial = keras.initializers.HeNormal(0)
    x = keras.layers.Conv2D(4, 3, 2, activation="relu", kernel_initializer=initial)(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(pixels, logits_layer(2, seed=1)(x))


def test_without_a_distribution_no_devices_are_chosen():
    assert choose_devices("none") == []


def test_with_one_device_a_distribution_is_a_warning_and_no_error(caplog):
    assert choose_devices("data_parallel") == []

    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "one device here" in record.getMessage()
    assert "CPU:0" in record.getMessage()


@pytest.mark.long
def test_with_one_device_data_parallel_trains_as_without(tiny_network, short_training):
    alone, spread = (
        _train(
            build_network(tiny_network("alexnet", dropout=0.0), 32, 2, seed=0),
            short_training(distribution=distribution),
        )
        for distribution in ("none", "data_parallel")
    )

    np.testing.assert_array_equal(alone, spread)


@pytest.mark.parametrize(
    ("precision", "optimizer"),
    [
        ("float32", keras.optimizers.SGD),
        ("mixed_bfloat16", keras.optimizers.SGD),
        ("mixed_float16", keras.optimizers.LossScaleOptimizer),
    ],
)
@pytest.mark.parametrize("part", ["tail", "augmented"])
def test_the_loss_is_scaled_in_float16_also_of_what_was_cut_out_or_wrapped(
    precision, optimizer, part, tiny_network
):
    network = build_network(tiny_network("alexnet", precision=precision), 32, 2, seed=0)
    model = {
        "tail": lambda: cut_trunk(network)[1],
        "augmented": lambda: augment_inputs(network, AUGMENTATION, 0),
    }[part]()

    assert type(scale_loss(model, keras.optimizers.SGD())) is optimizer


@pytest.mark.long
@pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16"])
def test_in_half_precision_a_network_learns_what_can_be_learnt(
    precision, tiny_network, short_training
):
    parameters = tiny_network("alexnet", dropout=0.0, precision=precision)
    model = build_network(parameters, 32, 2, seed=0)
    bright_above = np.where(np.arange(32) < 16, 200, 0).astype("uint8")
    pixels = np.zeros((32, 32, 32), "uint8")
    pixels[LABELS == 0] = bright_above[:, np.newaxis]
    pixels[LABELS == 1] = bright_above[::-1, np.newaxis]
    training, validation = (
        RowBatches(pixels, np.arange(32), LABELS, 16) for _ in range(2)
    )

    history = fit_network(model, training, validation, short_training(epochs=8), "test")

    assert max(history["val_accuracy"]) == 1


def test_on_a_cpu_tensorflow_compiles_only_where_asked_to(tiny_network):
    model = build_network(tiny_network("alexnet"), 32, 2, seed=0)

    assert [let_compile(model, wanted) for wanted in ("auto", True, False)] == [
        False,
        True,
        False,
    ]


def test_compiled_training_gives_the_same_logits(short_training):
    plain, compiled = (
        _train(_one_convolution(), short_training(epochs=2, jit_compile=jit_compile))
        for jit_compile in (False, True)
    )

    np.testing.assert_allclose(compiled, plain, atol=1e-5)


@pytest.mark.parametrize(
    ("parameter", "wrong", "known"),
    [
        ("distribution", "model_parallel", "'none' or 'data_parallel'"),
        ("distribution", True, "'none' or 'data_parallel'"),
        ("jit_compile", "always", "'auto'"),
        ("jit_compile", 1, "valid boolean"),
    ],
)
def test_a_wrong_value_is_refused_with_the_right_ones(
    parameter, wrong, known, short_training
):
    with pytest.raises(ValidationError, match=f"(?s){parameter}.*{known}"):
        short_training(**{parameter: wrong})
