import keras
import numpy as np
import pytest

from detl.training.batches import RowBatches
from detl.training.speed.all_epochs import EveryEpoch

PIXELS = np.random.default_rng(0).integers(0, 255, (10, 4, 4)).astype("uint8")
LABELS = np.arange(10) % 2


def _batches(size: int = 4) -> RowBatches:
    return RowBatches(PIXELS, np.arange(10), LABELS, size, shuffle_seed=5)


def _train(size: int, epochs: int, in_a_row: bool) -> list[np.ndarray]:
    initial = keras.initializers.GlorotUniform(1)
    layers = [
        keras.Input((4, 4, 1)),
        keras.layers.Flatten(),
        keras.layers.Rescaling(1 / 255),
        keras.layers.Dense(2, kernel_initializer=initial),
    ]
    model = keras.Sequential(layers)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss=loss, jit_compile=False)
    batches = _batches(size)
    if in_a_row:
        steps = batches.num_batches
        every = EveryEpoch(batches, epochs)
        model.fit(every, steps_per_epoch=steps, epochs=epochs, verbose=0, shuffle=False)
    else:
        model.fit(batches, epochs=epochs, verbose=0, shuffle=False)
    return model.get_weights()


@pytest.mark.parametrize("size", [4, 10, 32])
def test_epochs_in_a_row_train_what_epochs_one_by_one_do_bit_for_bit(size):
    in_a_row, one_by_one = (_train(size, 4, way) for way in (True, False))

    assert all(map(np.array_equal, in_a_row, one_by_one))


def test_there_are_as_many_batches_as_in_all_epochs():
    assert EveryEpoch(_batches(), 3).num_batches == 9


def test_each_epoch_has_an_order_of_its_own():
    every = EveryEpoch(_batches(10), 2)

    first, second = every[0][0], every[1][0]

    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(np.sort(first, axis=0), np.sort(second, axis=0))


def test_beginning_again_gives_the_same_batches():
    every = EveryEpoch(_batches(), 3)
    before = [every[number] for number in range(9)]

    again = [every[number] for number in range(9)]

    for one, other in zip(before, again, strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])
