import keras
import numpy as np
import pytest

from detl.errors import DetlError
from detl.schemas.parameters import PretrainParameters, TrainingParameters
from detl.training.batches import RowBatches
from detl.training.fit import fit_network
from detl.training.obstacles import RefuseUnlearned, measure_chance

LABELS = np.arange(64) % 2
# The bright half of the image says the class.
PIXELS = np.zeros((64, 8, 8), "uint8")
PIXELS[LABELS == 0, :4] = 200
PIXELS[LABELS == 1, 4:] = 200
GREY = np.full_like(PIXELS, 100)

NO_IMAGE = np.arange(0)
ONE_CLASS = np.flatnonzero(LABELS == 1)


@pytest.fixture
def fit(short_training):
    """Return a function that trains a linear model, on a new copy of it."""

    def make(
        pixels=PIXELS,
        labels=LABELS,
        train=None,
        validation=None,
        batch_size=16,
        **changes,
    ):
        inputs = keras.Input((8, 8, 1))
        x = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(inputs))
        initial = keras.initializers.GlorotUniform(0)
        logits = keras.layers.Dense(4, kernel_initializer=initial)(x)
        parts = (
            RowBatches(pixels, rows, labels[rows], batch_size)
            for rows in (
                np.arange(64) if part is None else part for part in (train, validation)
            )
        )
        parameters = short_training(batch_size=batch_size, **changes)
        return fit_network(keras.Model(inputs, logits), *parts, parameters, "vgg16")

    return make


@pytest.fixture
def watch(short_training):
    """Return a function that hands losses of the epochs to the callback, one by one."""

    def make(labels, losses, weight=1.0, **changes):
        parameters = short_training(**{"epochs": 20, "epochs_at_chance": 3} | changes)
        callback = RefuseUnlearned(np.array(labels), parameters, "vgg16")
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.set_weights([np.full((1, 1), weight), np.zeros(1)])
        callback.set_model(model)
        for epoch, loss in enumerate(losses):
            callback.on_epoch_end(epoch, {"loss": loss})

    return make


# ------------------------------------------------------------ before it begins


def test_no_image_to_choose_the_epoch_on_is_said(fit):
    with pytest.raises(DetlError, match=r"best epoch on \(vgg16\) there are none"):
        fit(validation=NO_IMAGE)


def test_no_image_to_train_on_is_said(fit):
    with pytest.raises(DetlError, match=r"to train on \(vgg16\) there are none, and"):
        fit(train=NO_IMAGE)


def test_one_class_alone_to_train_on_is_said(fit):
    with pytest.raises(DetlError, match=r"train on .* all 32 images are of one class"):
        fit(train=ONE_CLASS)


def test_one_class_alone_to_choose_the_epoch_on_is_said(fit):
    """A network that says nothing else would be right about all of them."""
    with pytest.raises(DetlError, match=r"best epoch on .* all 32 images are of one"):
        fit(validation=ONE_CLASS)


def test_that_there_is_nothing_to_choose_the_best_epoch_on_is_said(short_training):
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()])
    training = RowBatches(PIXELS, np.arange(64), LABELS, 16)

    with pytest.raises(DetlError, match=r"\(vgg16\), but there is no .* set read to"):
        fit_network(model, training, None, short_training(read="best"), "vgg16")


def test_a_batch_may_be_larger_than_what_there_is(fit):
    history = fit(batch_size=1000, epochs=2)

    assert len(history["loss"]) == 2


# ------------------------------------------------------------ while it runs


def test_chance_is_the_entropy_of_the_shares_of_the_classes():
    assert measure_chance(np.array([0, 1, 1, 0])) == pytest.approx(0.693147, abs=1e-6)
    assert measure_chance(np.array([0, 1, 2, 3])) == pytest.approx(1.386294, abs=1e-6)
    # 1/4 ln 4 + 3/4 ln (4/3)
    assert measure_chance(np.array([5, 1, 1, 1])) == pytest.approx(0.562335, abs=1e-6)


def test_a_network_that_learns_nothing_is_trained_no_further(fit):
    """All images are the same: nothing can be known but the shares of the classes."""
    with pytest.raises(DetlError, match=r"after epoch \d+ of 40 \(vgg16\), and for 4 "):
        fit(pixels=GREY, epochs=40, epochs_at_chance=4)


def test_so_it_is_with_four_classes_of_different_size(fit):
    labels = np.repeat([0, 1, 2, 3], [40, 12, 8, 4])
    # 5/8 ln(8/5) + 3/16 ln(16/3) + 1/8 ln 8 + 1/16 ln 16
    with pytest.raises(DetlError, match=r"same of every image, 1\.041"):
        fit(
            pixels=GREY,
            labels=labels,
            epochs=80,
            learning_rate=0.05,
            batch_size=64,
            epochs_at_chance=4,
        )


def test_it_is_trained_to_the_end_where_that_is_asked_for(fit):
    history = fit(pixels=GREY, epochs=12, epochs_at_chance=None)

    assert len(history["loss"]) == 12


def test_fewer_epochs_than_the_patience_are_all_trained(fit):
    assert len(fit(pixels=GREY, epochs=9, epochs_at_chance=10)["loss"]) == 9


def test_a_network_that_learns_is_trained_to_the_end(fit):
    history = fit(epochs=20, epochs_at_chance=2)

    assert len(history["loss"]) == 20
    assert history["loss"][-1] < 0.3


def test_epochs_at_chance_count_in_a_row(watch):
    watch([0, 1], [0.69, 0.69, 0.75, 0.69, 0.70])
    with pytest.raises(DetlError, match=r"is 0\.691 after epoch 6 of 20"):
        watch([0, 1], [0.69, 0.69, 0.75, 0.69, 0.70, 0.691])


def test_epochs_of_a_warm_up_are_no_attempt(watch):
    warm_up = {"schedule": "cosine", "warm_up_epochs": 4}
    watch([0, 1], [0.69] * 6, **warm_up)
    with pytest.raises(DetlError, match=r"after epoch 7 of 20 .* for 3 epochs"):
        watch([0, 1], [0.69] * 7, **warm_up)


def test_by_default_pretraining_alone_is_stopped_at_chance():
    """A transfer at a low rate is slow at first, and soon done."""
    assert PretrainParameters.model_fields["epochs_at_chance"].default == 10
    assert TrainingParameters.model_fields["epochs_at_chance"].default is None


def test_a_network_that_has_learnt_before_goes_on(watch):
    """The weights of its best epoch are worth something."""
    watch([0, 1], [0.72, 0.60, 0.69, 0.69, 0.69, 0.69, 0.69])


def test_a_loss_above_that_of_chance_is_that_of_a_network_that_still_moves(watch):
    watch([0, 1], [0.80, 0.76, 0.73, 0.72, 0.71, 0.705])


def test_where_a_class_is_rare_a_small_gain_is_one(watch):
    """The entropy of 1 in 100 is 0.056, and 0.05 is no chance."""
    labels = [1] + [0] * 99
    watch(labels, [0.050] * 6)
    with pytest.raises(DetlError, match=r"says the same of every image, 0\.056"):
        watch(labels, [0.0562] * 3)


@pytest.mark.parametrize("loss", [np.nan, np.inf])
def test_a_training_that_has_diverged_stops(watch, loss):
    with pytest.raises(DetlError, match=r"is (nan|inf) after epoch 2 .* lower"):
        watch([0, 1], [0.6, loss], weight=np.nan)


def test_a_step_that_half_precision_left_out_is_no_divergence(watch):
    watch([0, 1], [0.6, np.inf, 0.5])


def test_a_rate_that_is_far_too_high_is_said(fit):
    with pytest.raises(DetlError, match="the training has diverged"):
        fit(epochs=40, learning_rate=3e38)
