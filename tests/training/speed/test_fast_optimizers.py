import keras
import numpy as np
import pytest

from backends import needs_tensorflow
from detl.networks import build_network
from detl.training import fit
from detl.training.batches import RowBatches
from detl.training.fit import fit_network
from detl.training.speed import fast_optimizers as fused_optimizers
from detl.training.speed.fast_optimizers import FusedAdam, FusedSGD, make_adam, make_sgd

PAIRS = {
    "adam": (keras.optimizers.Adam, FusedAdam, {}),
    "sgd": (keras.optimizers.SGD, FusedSGD, {"momentum": 0.9}),
    "sgd without momentum": (keras.optimizers.SGD, FusedSGD, {}),
}
SCHEDULE = keras.optimizers.schedules.CosineDecay(
    0.0, 40, warmup_target=0.1, warmup_steps=10
)


def _take_steps(optimizer, count, scale=1.0):
    """Return a variable after steps along gradients that differ from step to step."""
    random = np.random.default_rng(0)
    variable = keras.Variable(random.normal(size=(5, 3)).astype("float32"))
    for _ in range(count):
        gradient = (scale * random.normal(size=(5, 3))).astype("float32")
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
    return keras.ops.convert_to_numpy(variable)


@needs_tensorflow
@pytest.mark.parametrize("rate", [0.01, SCHEDULE], ids=["constant", "cosine"])
@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_steps_of_adam_are_those_of_keras(rate, scale):
    plain = _take_steps(keras.optimizers.Adam(rate), 50, scale)
    fused = _take_steps(FusedAdam(rate), 50, scale)

    np.testing.assert_allclose(fused, plain, rtol=0, atol=1e-5)
    assert not np.allclose(plain, _take_steps(FusedAdam(rate), 49, scale), atol=1e-5)


@needs_tensorflow
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("rate", [0.01, SCHEDULE], ids=["constant", "cosine"])
def test_steps_of_sgd_are_those_of_keras_bit_for_bit(rate, momentum):
    plain = _take_steps(keras.optimizers.SGD(rate, momentum=momentum), 30)
    fused = _take_steps(FusedSGD(rate, momentum=momentum), 30)

    np.testing.assert_array_equal(fused, plain)


@needs_tensorflow
def test_the_first_step_of_adam_is_the_rate_against_the_sign_of_the_gradient():
    variable = keras.Variable([1.0, 1.0])
    FusedAdam(0.25).apply([keras.ops.convert_to_tensor([3.0, -0.5])], [variable])

    np.testing.assert_allclose(variable, [0.75, 1.25], rtol=1e-5)


@needs_tensorflow
@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("is_compiled", [False, True], ids=["plain", "compiled"])
def test_a_trained_network_gives_the_logits_of_keras(
    short_training, tiny_network, monkeypatch, name, is_compiled
):
    plain, fused, options = PAIRS[name]
    random = np.random.default_rng(0)
    pixels = random.integers(0, 255, (20, 32, 32), dtype=np.uint8)
    rows, labels = np.arange(20), random.integers(0, 2, 20)
    parameters = short_training(
        epochs=3, learning_rate=1e-3, batch_size=8, jit_compile=is_compiled
    )
    logits = []
    for kind in (plain, fused):
        model = build_network(tiny_network("vgg16"), 32, 2, 0)
        monkeypatch.setattr(
            fit, "make_optimizer", lambda *_, kind=kind: kind(1e-3, **options)
        )
        fit_network(
            model,
            RowBatches(pixels, rows, labels, 8, 0),
            RowBatches(pixels, rows, labels, 8),
            parameters,
            "test",
        )
        logits.append(np.asarray(model(pixels[..., None])))

    np.testing.assert_allclose(*logits, rtol=0, atol=1e-5)


@needs_tensorflow
def test_a_step_whose_scaled_gradient_is_infinite_is_left_out():
    optimizer = keras.optimizers.LossScaleOptimizer(FusedAdam(0.1))
    variable = keras.Variable([1.0, 1.0])
    optimizer.apply([keras.ops.convert_to_tensor([np.inf, 1.0])], [variable])

    np.testing.assert_array_equal(variable, [1.0, 1.0])


@pytest.mark.parametrize("make", [make_adam, lambda rate: make_sgd(rate, 0.9)])
def test_an_accelerator_has_the_optimizers_of_keras(monkeypatch, make):
    monkeypatch.setattr(fused_optimizers, "has_accelerator", lambda: True)

    assert type(make(0.1)) in (keras.optimizers.Adam, keras.optimizers.SGD)


@needs_tensorflow
def test_a_processor_has_the_fused_ones():
    assert type(make_adam(0.1)) is FusedAdam
    assert type(make_sgd(0.1, 0.9)) is FusedSGD
