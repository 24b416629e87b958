import gc
import weakref

import keras
import numpy as np
import pytest

from detl.training.batches import RowBatches
from detl.training.fit import KeepBest, fit_network
from detl.training.speed import rows_on_device as lookup
from detl.training.speed.rows_on_device import look_up_rows, place_on_device

RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(0, 255, (40, 8, 8)).astype("uint8")
LABELS = RANDOM.integers(0, 2, 40)
ROWS = np.arange(40)


def _network(maps: int = 1) -> keras.Model:
    inputs = keras.Input((8, 8, maps))
    x = keras.layers.Rescaling(1 / 255)(inputs)
    x = keras.layers.Conv2D(
        4, 3, kernel_initializer=keras.initializers.HeNormal(1), activation="relu"
    )(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    initial = keras.initializers.GlorotUniform(2)
    return keras.Model(inputs, keras.layers.Dense(2, kernel_initializer=initial)(x))


def _batches(shuffle_seed: int | None = None) -> RowBatches:
    return RowBatches(PIXELS, ROWS, LABELS, 8, shuffle_seed)


@pytest.fixture
def with_accelerator(monkeypatch):
    # The CPU then holds the images as an accelerator would.
    monkeypatch.setattr(lookup, "has_accelerator", lambda: True)


def test_a_model_of_row_numbers_says_what_the_model_says_of_those_rows():
    model = _network()

    of_numbers = look_up_rows(model, PIXELS)(np.int32([7, 3, 3]))

    of_pixels = model(PIXELS[[7, 3, 3]][..., None])
    np.testing.assert_allclose(of_numbers, of_pixels, rtol=0, atol=1e-6)


def test_features_are_looked_up_with_all_their_maps():
    features = RANDOM.normal(size=(5, 8, 8, 3)).astype("float32")
    model = _network(maps=3)

    of_numbers = look_up_rows(model, features)(np.int32([4, 0]))

    of_features = model(features[[4, 0]])
    np.testing.assert_allclose(of_numbers, of_features, rtol=0, atol=1e-6)


@pytest.mark.usefixtures("with_accelerator")
def test_numbers_and_images_train_the_same_network(short_training):
    placed, plain = _network(), _network()
    curves = fit_network(placed, _batches(3), _batches(), short_training(), "placed")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lookup, "has_accelerator", lambda: False)
        expected = fit_network(plain, _batches(3), _batches(), short_training(), "not")

    assert curves["loss"] == pytest.approx(expected["loss"], abs=1e-5)
    images = PIXELS[..., None]
    np.testing.assert_allclose(placed(images), plain(images), rtol=0, atol=1e-5)


@pytest.mark.usefixtures("with_accelerator")
def test_the_host_sends_row_numbers():
    _, training, validation = place_on_device(_network(), _batches(3), _batches())

    (numbers, labels), (inputs, _) = validation[1], _batches()[1]
    np.testing.assert_array_equal(PIXELS[numbers], inputs[..., 0])
    np.testing.assert_array_equal(labels, LABELS[8:16])
    np.testing.assert_array_equal(training[0][1], _batches(3)[0][1])


@pytest.mark.usefixtures("with_accelerator")
def test_an_array_that_is_too_large_stays_where_it_is(monkeypatch):
    monkeypatch.setattr(lookup, "LARGEST_ON_DEVICE", PIXELS.nbytes - 1)
    given = _network(), _batches(3), _batches()

    assert place_on_device(*given) == given


@pytest.mark.usefixtures("with_accelerator")
def test_two_arrays_stay_where_they_are():
    other = RowBatches(PIXELS.copy(), ROWS, LABELS, 8)
    given = _network(), _batches(3), other

    assert place_on_device(*given) == given


def test_a_processor_alone_reads_from_the_array():
    given = _network(), _batches(3), _batches()

    assert place_on_device(*given) == given


def test_the_images_are_no_part_of_the_weights_that_are_kept():
    model = _network()
    keep_best = KeepBest(model, epochs=3)

    keep_best.set_model(look_up_rows(model, PIXELS))
    keep_best.on_train_begin()
    keep_best.on_epoch_end(0, {"val_accuracy": 1.0})

    kept = [weights.shape for weights in keep_best.best_weights]
    assert kept == [weights.shape for weights in model.get_weights()]


def test_a_model_lets_go_of_the_images_that_it_was_trained_on():
    model = _network()
    of_numbers = look_up_rows(model, PIXELS)
    images = weakref.ref(of_numbers.get_layer("row_lookup"))

    del of_numbers
    gc.collect()

    assert images() is None


@pytest.mark.usefixtures("with_accelerator")
def test_a_training_reads_from_the_file_where_it_is_asked_to(
    short_training, monkeypatch
):
    looked_up = []
    monkeypatch.setattr(lookup, "look_up_rows", lambda *_: looked_up.append(1))
    parameters = short_training(inputs_on_device=False)

    fit_network(_network(), _batches(3), _batches(), parameters, "from the file")

    assert not looked_up
