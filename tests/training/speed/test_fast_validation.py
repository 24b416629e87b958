import keras
import numpy as np
import pytest

from detl.training.batches import RowBatches
from detl.training.speed.fast_validation import Validation

IMAGES = np.random.default_rng(0).integers(0, 256, (21, 4, 4), "uint8")
LABELS = np.random.default_rng(1).integers(0, 2, 21)


@pytest.fixture
def model() -> keras.Model:
    inputs = keras.Input((4, 4, 1))
    initial = keras.initializers.GlorotUniform(0)
    outputs = keras.layers.Dense(2, kernel_initializer=initial)(
        keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(inputs))
    )
    model = keras.Model(inputs, outputs)
    model.compile(
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        weighted_metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    )
    return model


def test_it_is_what_keras_finds_though_the_last_batch_is_smaller(model):
    validation = Validation(RowBatches(IMAGES, np.arange(21), LABELS, 8))
    validation.set_model(model)
    logs = {"loss": 3.0}

    validation.on_epoch_end(0, logs)

    expected = model.evaluate(IMAGES[..., None], LABELS, verbose=0, return_dict=True)
    assert logs == {
        "loss": 3.0,
        "val_loss": pytest.approx(expected["loss"], rel=1e-5),
        "val_accuracy": pytest.approx(expected["accuracy"]),
    }


def test_as_many_right_answers_are_the_same_accuracy_in_whatever_batch(model):
    """So that the first of several equally good epochs is the best."""
    accuracies = set()
    for size in (1, 4, 8, 21):
        validation = Validation(RowBatches(IMAGES, np.arange(21), LABELS, size))
        validation.set_model(model)
        logs: dict[str, float] = {}
        validation.on_epoch_end(0, logs)
        accuracies.add(logs["val_accuracy"])

    assert len(accuracies) == 1
    assert (accuracies.pop() * 21).is_integer()


def test_what_was_seen_before_does_not_count(model):
    """Whichever Keras: 3.12 does not forget by itself."""
    validation = Validation(RowBatches(IMAGES, np.arange(21), LABELS, 8))
    validation.set_model(model)
    found: list[dict[str, float]] = [{}, {}]

    validation.on_epoch_end(0, found[0])
    model.test_on_batch(IMAGES[:5, ..., None], 1 - LABELS[:5])
    validation.on_epoch_end(1, found[1])

    assert found[0] == found[1]
    assert {type(value) for value in found[0].values()} == {float}
