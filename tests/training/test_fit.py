import logging

import keras
import numpy as np
import pytest
from pydantic import ValidationError

from detl.networks.blocks import logits_layer, pixels_input
from detl.training.batches import RowBatches
from detl.training.fit import fit_members, fit_network, make_optimizer
from detl.training.probabilities import predict_probabilities

ROWS = np.arange(64)
LABELS = np.random.default_rng(0).integers(0, 2, 64)
# The bright half of the image says the class.
PIXELS = np.zeros((64, 8, 8), "uint8")
PIXELS[LABELS == 0, :4] = 200
PIXELS[LABELS == 1, 4:] = 200


def _linear(seed: int = 0) -> keras.Model:
    inputs = keras.Input((8, 8, 1))
    x = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(inputs))
    initial = keras.initializers.GlorotUniform(seed)
    return keras.Model(inputs, keras.layers.Dense(2, kernel_initializer=initial)(x))


def _convolutional(seed: int) -> keras.Model:
    """Return a network whose normalisation and dropout differ in training."""
    pixels, x = pixels_input(32)
    initial = keras.initializers.HeNormal(seed)
    # A bias before the normalisation has no gradient but rounding, which Adam enlarges.
    x = keras.layers.Conv2D(4, 3, 2, use_bias=False, kernel_initializer=initial)(x)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dropout(0.5, seed=seed)(x)
    return keras.Model(pixels, logits_layer(2, seed)(x))


def _batches(shuffle_seed: int | None = None) -> RowBatches:
    return RowBatches(PIXELS, ROWS, LABELS, 16, shuffle_seed)


def test_a_network_learns_what_can_be_learnt(short_training):
    model = _linear()

    history = fit_network(
        model, _batches(0), _batches(), short_training(epochs=10), "test"
    )

    assert history["val_accuracy"][-1] == 1.0
    assert history["loss"][-1] < history["loss"][0]


def test_the_curves_have_a_value_per_epoch(short_training):
    history = fit_network(_linear(), _batches(0), _batches(), short_training(), "test")

    assert {name: len(values) for name, values in history.items()} == {
        "loss": 3,
        "val_loss": 3,
        "train_accuracy": 3,
        "val_accuracy": 3,
    }


def test_the_weights_of_the_best_epoch_are_kept(short_training):
    """Trained on the wrong labels, the network is best in the first epoch."""
    model = _linear(seed=3)
    wrong = RowBatches(PIXELS, ROWS, 1 - LABELS, 16, shuffle_seed=0)
    parameters = short_training(epochs=8, learning_rate=0.001)

    history = fit_network(model, wrong, _batches(), parameters, "test")

    predicted = predict_probabilities(model, RowBatches(PIXELS, ROWS, None, 16))
    accuracy = (predicted.argmax(axis=1) == LABELS).mean()
    assert accuracy == pytest.approx(max(history["val_accuracy"]))
    assert history["val_accuracy"][-1] < max(history["val_accuracy"])


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_the_network_is_the_one_that_fit_of_keras_trains_and_keeps(
    short_training, optimizer
):
    pixels = np.random.default_rng(0).integers(0, 255, (30, 32, 32), dtype=np.uint8)
    labels = np.random.default_rng(1).integers(0, 2, 30)

    def batches(rows, seed=None):
        return RowBatches(pixels, rows, labels[rows], 8, seed)

    # The last batch of each part is a small one.
    parts = batches(np.arange(20), seed=0), batches(np.arange(20, 30))
    ours, plain = (_convolutional(0) for _ in range(2))
    rate = 1e-3

    history = fit_network(
        ours,
        *parts,
        short_training(optimizer=optimizer, learning_rate=rate, epochs=2),
        "test",
    )
    plain.compile(
        keras.optimizers.Adam(rate)
        if optimizer == "adam"
        else keras.optimizers.SGD(rate, momentum=0.9),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,
    )
    parts[0].begin()
    kept = keras.callbacks.EarlyStopping(
        "val_accuracy", mode="max", patience=2, restore_best_weights=True
    )
    expected = plain.fit(
        parts[0],
        validation_data=parts[1],
        epochs=2,
        shuffle=False,
        verbose=0,
        callbacks=[kept],
    ).history

    images = pixels[..., None]
    np.testing.assert_allclose(ours(images), plain(images), rtol=0, atol=1e-5)
    assert history["val_accuracy"] == pytest.approx(expected["val_accuracy"])
    np.testing.assert_allclose(history["loss"], expected["loss"], rtol=1e-4)
    np.testing.assert_allclose(history["val_loss"], expected["val_loss"], rtol=1e-4)


def test_the_same_seed_gives_the_same_weights_bit_for_bit(short_training):
    models = [_linear(), _linear()]
    for model in models:
        fit_network(model, _batches(7), _batches(), short_training(), "test")

    first, second = (model.get_weights() for model in models)
    assert all(map(np.array_equal, first, second))


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_training_step_is_traced_once(short_training, monkeypatch, optimizer):
    traced = []
    train_step = keras.Model.train_step

    def count(model, *data):
        traced.append(model)
        return train_step(model, *data)

    monkeypatch.setattr(keras.Model, "train_step", count)
    parameters = short_training(epochs=2, optimizer=optimizer)

    fit_network(_linear(), _batches(0), _batches(), parameters, "test")

    assert len(traced) == 1


def test_weights_are_those_of_fit_of_keras(short_training):
    rows = np.arange(40), np.arange(40, 64)
    training = RowBatches(PIXELS, rows[0], LABELS[rows[0]], 16, shuffle_seed=5)
    validation = RowBatches(PIXELS, rows[1], LABELS[rows[1]], 16)
    ours, plain = _linear(), _linear()
    parameters = short_training(epochs=4, optimizer="sgd", learning_rate=0.01)

    history = fit_network(ours, training, validation, parameters, "test")
    plain.compile(
        keras.optimizers.SGD(0.01, momentum=parameters.momentum),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,
    )
    training.begin()
    kept = keras.callbacks.EarlyStopping(
        "val_accuracy", mode="max", patience=4, restore_best_weights=True
    )
    options = {"validation_data": validation, "callbacks": [kept]}
    expected = plain.fit(training, epochs=4, verbose=0, shuffle=False, **options)

    for own, theirs in zip(ours.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(own, theirs, rtol=0, atol=1e-6)
    assert history["loss"] == pytest.approx(expected.history["loss"], rel=1e-5)
    assert history["train_accuracy"] == pytest.approx(expected.history["accuracy"])


def test_as_many_right_answers_are_the_same_accuracy_in_whatever_batch(short_training):
    """So that the first of several equally good epochs is the best."""
    rows = np.arange(43, 64)
    accuracies = set()
    for size in (1, 4, 8, 21):
        validation = RowBatches(PIXELS, rows, LABELS[rows], size)
        parameters = short_training(epochs=1)
        curves = fit_network(_linear(), _batches(0), validation, parameters, "test")
        accuracies.add(curves["val_accuracy"][0])

    assert len(accuracies) == 1
    assert (accuracies.pop() * 21).is_integer()


def test_the_validation_is_what_keras_finds_though_its_last_batch_is_smaller(
    short_training,
):
    model = _linear()
    rows = np.arange(43, 64)
    validation = RowBatches(PIXELS, rows, LABELS[rows], 8)

    curves = fit_network(model, _batches(0), validation, short_training(epochs=1), "")

    model.compile(
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    loss, accuracy = model.evaluate(PIXELS[rows][..., None], LABELS[rows], verbose=0)
    assert curves["val_loss"] == pytest.approx([loss], rel=1e-5)
    assert curves["val_accuracy"] == pytest.approx([accuracy])


def test_the_weights_of_the_last_epoch_can_be_read(short_training):
    """Those that two epochs with one more after them have."""
    wrong = RowBatches(PIXELS, ROWS, 1 - LABELS, 16, shuffle_seed=0)
    read, plain = _linear(seed=3), _linear(seed=3)
    parameters = short_training(epochs=8, learning_rate=0.001, read="last")

    history = fit_network(read, wrong, _batches(), parameters, "test")
    fit_network(plain, wrong, None, parameters, "test")

    assert history["val_accuracy"][-1] < max(history["val_accuracy"])
    assert all(map(np.array_equal, read.get_weights(), plain.get_weights()))


def test_the_mean_over_the_last_half_of_the_epochs_can_be_read(short_training):
    def weights_after(epochs: int) -> np.ndarray:
        model = _linear()
        parameters = short_training(epochs=epochs, read="last")
        fit_network(model, _batches(0), None, parameters, "test")
        return model.get_weights()[0]

    model = _linear()
    fit_network(
        model, _batches(0), None, short_training(epochs=4, read="average"), "test"
    )

    expected = (weights_after(3) + weights_after(4)) / 2
    np.testing.assert_allclose(model.get_weights()[0], expected, atol=1e-6)


def _normalised(seed: int = 0) -> keras.Model:
    inputs = keras.Input((8, 8, 1))
    x = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(inputs))
    initial = keras.initializers.GlorotUniform(seed)
    x = keras.layers.Dense(2, kernel_initializer=initial)(x)
    return keras.Model(inputs, keras.layers.BatchNormalization(name="norm")(x))


def test_averaged_weights_have_the_statistics_of_the_images_as_they_are(short_training):
    """Of what is augmented to black the mean would be another."""
    model = _normalised()

    def blacken(inner: keras.Model) -> keras.Model:
        inputs = keras.Input((8, 8, 1))
        return keras.Model(inputs, inner(keras.layers.Dropout(0.9)(inputs)))

    fit_network(
        model,
        RowBatches(PIXELS, ROWS, LABELS, 64, shuffle_seed=0),
        None,
        short_training(read="average", batch_size=64),
        "test",
        augment=blacken,
    )

    before = keras.Model(model.input, model.get_layer("norm").input)
    seen = np.asarray(before(PIXELS[..., None]))
    statistics = model.get_layer("norm")
    np.testing.assert_allclose(statistics.moving_mean, seen.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(statistics.moving_variance, seen.var(axis=0), rtol=1e-4)


def test_without_validation_part_the_curves_are_those_of_the_training(
    short_training,
):
    history = fit_network(
        _linear(), _batches(0), None, short_training(read="last"), "test"
    )

    assert list(history) == ["loss", "train_accuracy"]


def test_members_are_what_they_are_when_they_are_trained_alone(short_training):
    parameters = short_training(epochs=4, optimizer="adam", read="average")
    members, alone = ([_normalised(seed) for seed in (1, 2)] for _ in range(2))
    orders = [_batches(seed) for seed in (5, 6)]

    together = fit_members(members, orders, None, parameters, "test")
    curves = [
        fit_network(model, order, None, parameters, "test")
        for model, order in zip(alone, orders, strict=True)
    ]

    for member, model in zip(members, alone, strict=True):
        for ours, theirs in zip(member.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-6)
    for name in together:
        mean = np.mean([of_one[name] for of_one in curves], axis=0)
        np.testing.assert_allclose(together[name], mean, rtol=1e-6)


def test_a_training_step_is_traced_once_for_all_members(short_training, monkeypatch):
    traced = []
    train_step = keras.Model.train_step

    def count(model, *data):
        traced.append(model)
        return train_step(model, *data)

    monkeypatch.setattr(keras.Model, "train_step", count)
    # With the rest of 64 images after batches of 24 there would be a second shape.
    orders = [
        RowBatches(PIXELS, ROWS, LABELS, 24, seed, last_batch="drop")
        for seed in range(3)
    ]
    members = [_linear(seed) for seed in range(3)]

    fit_members(members, orders, None, short_training(read="last"), "test")

    assert len(traced) == 1


def test_a_line_per_epoch_says_title_losses_accuracies_and_time_left(
    short_training, caplog
):
    caplog.set_level(logging.INFO, "detl.epochs")

    fit_network(_linear(), _batches(0), _batches(), short_training(), "vgg16 fold_2")

    lines = [r.getMessage() for r in caplog.records if r.name == "detl.epochs"]
    assert len(lines) == 3
    for word in ("vgg16 fold_2", "epoch 3/3", "loss", "val_loss", "accuracy", "left"):
        assert word in lines[-1]


def test_the_lines_of_members_say_which_one_it_is(short_training, caplog):
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.INFO, logger="detl.epochs")
    parameters = short_training(epochs=4, read="average")

    fit_members(
        [_linear(), _linear(1)], [_batches(0), _batches(1)], None, parameters, "vgg16"
    )

    assert (
        "vgg16, network 1 of 2: weights averaged over the epochs 3 to 4, "
        in caplog.text
    )
    assert "vgg16, network 2 of 2  epoch 4/4  loss " in caplog.text
    assert "val_loss" not in caplog.text


def test_cosine_decay_ends_at_zero_after_the_last_step(short_training):
    optimizer = make_optimizer(
        short_training(schedule="cosine", epochs=4, learning_rate=0.5), 10
    )
    rate = optimizer._learning_rate

    assert float(rate(0)) == pytest.approx(0.5)
    assert float(rate(20)) == pytest.approx(0.25)
    assert float(rate(40)) == pytest.approx(0.0)


def test_warm_up_rises_from_zero_to_the_rate(short_training):
    optimizer = make_optimizer(
        short_training(
            schedule="cosine", epochs=4, learning_rate=0.5, warm_up_epochs=2
        ),
        10,
    )
    rate = optimizer._learning_rate

    assert float(rate(0)) == pytest.approx(0.0)
    assert float(rate(10)) == pytest.approx(0.25)
    assert float(rate(20)) == pytest.approx(0.5)
    assert float(rate(40)) == pytest.approx(0.0)


def test_a_warm_up_as_long_as_the_training_is_refused(short_training):
    with pytest.raises(ValidationError, match="less than the 3 epochs"):
        short_training(schedule="cosine", warm_up_epochs=3)


def test_a_warm_up_without_cosine_decay_is_refused(short_training):
    with pytest.raises(ValidationError, match="must be 0 with the constant"):
        short_training(warm_up_epochs=1)
