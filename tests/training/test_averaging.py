import keras
import numpy as np
import pytest

from detl.training.averaging import AverageWeights, averaged_epochs, renew_statistics
from detl.training.batches import RowBatches


def _one_weight() -> keras.Model:
    inputs = keras.Input((1,))
    return keras.Model(inputs, keras.layers.Dense(1, use_bias=False)(inputs))


@pytest.mark.parametrize(("epochs", "averaged"), [(1, 1), (2, 1), (3, 2), (8, 4)])
def test_half_of_the_epochs_are_averaged_rounded_up(epochs, averaged):
    assert averaged_epochs(epochs) == averaged


def test_the_weights_are_left_at_their_mean_over_the_last_half_of_the_epochs():
    model = _one_weight()
    callback = AverageWeights(epochs=5)
    callback.set_model(model)

    for epoch, weight in enumerate([100.0, 50.0, 1.0, 2.0, 6.0]):
        model.set_weights([np.array([[weight]])])
        callback.on_epoch_end(epoch)
    callback.on_train_end()

    assert model.get_weights()[0].item() == 3.0


def _normalising(frozen: bool = False) -> keras.Model:
    inputs = keras.Input((1, 1, 2))
    layer = keras.layers.BatchNormalization(momentum=0.9, trainable=not frozen)
    return keras.Model(inputs, layer(inputs))


def _rows(number: int) -> np.ndarray:
    random = np.random.default_rng(0)
    return random.normal([3, -5], [2, 0.5], (number, 1, 1, 2)).astype("float32")


def _batches(array: np.ndarray, size: int) -> RowBatches:
    rows = np.arange(len(array))
    return RowBatches(array, rows, rows % 2, size)


def test_statistics_of_one_batch_are_its_mean_and_variance():
    model, array = _normalising(), _rows(50)

    renew_statistics(model, _batches(array, 50))

    layer = model.layers[1]
    np.testing.assert_allclose(layer.moving_mean, array.mean(axis=(0, 1, 2)), rtol=1e-5)
    np.testing.assert_allclose(
        layer.moving_variance, array.var(axis=(0, 1, 2)), rtol=1e-4
    )
    assert layer.momentum == 0.9


def test_each_row_weighs_the_same_though_the_last_batch_is_smaller():
    model, array = _normalising(), _rows(50)

    renew_statistics(model, _batches(array, 16))

    parts = np.split(array[:, 0, 0], [16, 32, 48])
    variance = sum(len(part) * part.var(axis=0) for part in parts) / 50
    layer = model.layers[1]
    np.testing.assert_allclose(layer.moving_mean, array.mean(axis=(0, 1, 2)), rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance, variance, rtol=1e-4)


def test_what_is_behind_a_normalisation_sees_batches_normalised_by_themselves():
    inputs = keras.Input((1, 1, 2))
    first = keras.layers.BatchNormalization(epsilon=1e-9)(inputs)
    second = keras.layers.BatchNormalization()(first)
    model = keras.Model(inputs, second)

    renew_statistics(model, _batches(_rows(64), 16))

    np.testing.assert_allclose(model.layers[2].moving_mean, 0, atol=1e-5)
    np.testing.assert_allclose(model.layers[2].moving_variance, 1, atol=1e-3)


def test_a_frozen_normalisation_keeps_its_statistics():
    model = _normalising(frozen=True)

    renew_statistics(model, _batches(_rows(20), 10))

    np.testing.assert_array_equal(model.layers[1].moving_mean, [0, 0])
    np.testing.assert_array_equal(model.layers[1].moving_variance, [1, 1])


def test_a_network_without_normalisation_stays_as_it_is():
    model = _one_weight()
    before = model.get_weights()

    renew_statistics(model, _batches(np.ones((4, 1), "float32"), 2))

    np.testing.assert_array_equal(model.get_weights()[0], before[0])
