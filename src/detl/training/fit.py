"""Training a network, or its tail, and keeping the weights of the best epoch."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import keras

from detl.networks.keras_settings import plain_keras
from detl.training.batches import RowBatches
from detl.training.obstacles import RefuseUnlearned, require_two_classes
from detl.training.speed.devices import (
    choose_devices,
    let_compile,
    scale_loss,
    spread_over,
)
from detl.training.speed.fast_layers import quicken_gradients
from detl.training.speed.padded_batches import PaddedBatches

if TYPE_CHECKING:
    from detl.schemas.parameters import TrainingParameters

History = dict[str, list[float]]

logger = logging.getLogger(__name__)
epoch_logger = logging.getLogger("detl.epochs")


@plain_keras()
def fit_network(
    model: keras.Model,
    training: RowBatches,
    validation: RowBatches,
    parameters: TrainingParameters,
    title: str,
) -> History:
    """Return the learning curves; ``model`` is left with its best epoch's weights.

    The best epoch is the first one with the highest validation accuracy (paper,
    section IV: "the weights which achieved the best validation accuracy were
    retained").

    Args:
        model: Network that returns logits. A copy is trained, and its weights are put
            into ``model`` at the end.
        training: Batches to train on.
        validation: Batches on which the best epoch is chosen.
        parameters: Optimizer, schedule and length of the training.
        title: What is trained, for the line that is logged after each epoch.

    Returns:
        One value per epoch of ``loss``, ``val_loss``, ``train_accuracy`` and
        ``val_accuracy``.

    Raises:
        DetlError: If a part has no image or images of one class alone; or if the
            training diverges, or is at chance for ``parameters.epochs_at_chance``.
    """
    require_two_classes(training, validation, title)
    devices = choose_devices(parameters.distribution)
    with spread_over(devices) if devices else nullcontext():
        # Where several devices have copies of the weights, they must be made in here.
        trained = quicken_gradients(model)
        history = _fit(trained, training, validation, parameters, title, devices)
    model.set_weights(trained.get_weights())
    return history


def _fit(
    model: keras.Model,
    training: RowBatches,
    validation: RowBatches,
    parameters: TrainingParameters,
    title: str,
    devices: Sequence[str],
) -> History:
    training.begin()
    compile_network(model, parameters, training.num_batches)
    callbacks = keras.callbacks.CallbackList(
        [
            # Keeps the weights of the best epoch, and never stops the training.
            keras.callbacks.EarlyStopping(
                "val_accuracy",
                mode="max",
                patience=parameters.epochs,
                restore_best_weights=True,
            ),
            EpochLines(title, parameters.epochs),
            RefuseUnlearned(training.labels, parameters, title),
        ],
        add_history=True,
        model=model,
    )
    start = time.monotonic()
    if devices:
        # Keras deals each batch out to the devices in ``fit`` alone.
        model.fit(
            PaddedBatches(training, len(devices), is_scored=False),
            validation_data=PaddedBatches(validation, len(devices), is_scored=True),
            epochs=parameters.epochs,
            callbacks=callbacks,
            shuffle=False,
            verbose=0,
        )
    else:
        _train_epochs(model, training, validation, parameters.epochs, callbacks)
    curves = model.history.history
    logger.info(
        "%s: validation accuracy %.3f after epoch %d of %d, %.0f s",
        title,
        max(curves["val_accuracy"]),
        best_epoch(curves),
        parameters.epochs,
        time.monotonic() - start,
    )
    return {
        "loss": curves["loss"],
        "val_loss": curves["val_loss"],
        "train_accuracy": curves["accuracy"],
        "val_accuracy": curves["val_accuracy"],
    }


def _train_epochs(
    model: keras.Model,
    training: RowBatches,
    validation: RowBatches,
    epochs: int,
    callbacks: keras.callbacks.CallbackList,
) -> None:
    callbacks.on_train_begin()
    for epoch in range(epochs):
        # Keras's ``fit`` draws an order before the first epoch as well.
        training.on_epoch_end()
        loss, accuracy = _run_batches(model, model.train_on_batch, training)
        val_loss, val_accuracy = _run_batches(model, model.test_on_batch, validation)
        callbacks.on_epoch_end(
            epoch,
            {
                "loss": loss,
                "accuracy": accuracy,
                "val_loss": val_loss,
                "val_accuracy": val_accuracy,
            },
        )
    callbacks.on_train_end()


def _run_batches(
    model: keras.Model, step: Callable[..., dict[str, float]], batches: RowBatches
) -> tuple[float, float]:
    """Return loss and accuracy, the means over all rows.

    Args:
        model: Compiled.
        step: Its method that takes a batch and returns its loss and accuracy.
        batches: Inputs and labels.
    """
    loss, correct, rows = 0.0, 0, 0
    for number in range(batches.num_batches):
        inputs, labels = batches[number]
        # Keras 3.12 goes on with the sums of the batches before.
        model.reset_metrics()
        of_batch = step(inputs, labels, return_dict=True)
        loss += of_batch["loss"] * len(labels)
        correct += round(of_batch["accuracy"] * len(labels))
        rows += len(labels)
    return loss / rows, correct / rows


def compile_network(
    model: keras.Model, parameters: TrainingParameters, steps_per_epoch: int
) -> None:
    """Give ``model`` its optimizer, loss and metric, and have it compiled or not."""
    model.compile(
        scale_loss(model, make_optimizer(parameters, steps_per_epoch)),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        weighted_metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        jit_compile=let_compile(model, parameters.jit_compile),
    )
    # TensorFlow traces a step twice whose first call makes the optimizer's variables.
    model.optimizer.build(model.trainable_variables)


def best_epoch(history: History) -> int:
    """Return the number, from 1, of the first epoch with the best validation."""
    accuracies = history["val_accuracy"]
    return accuracies.index(max(accuracies)) + 1


@plain_keras()
def make_optimizer(
    parameters: TrainingParameters, steps_per_epoch: int
) -> keras.optimizers.Optimizer:
    """Return the optimizer with its schedule of learning rates.

    ``cosine`` is one decay to 0 over all epochs, without restart (decision 9),
    after a linear warm-up from 0 where one is asked for.
    """
    rate: Any = parameters.learning_rate
    warm_up_steps = parameters.warm_up_epochs * steps_per_epoch
    if parameters.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=0.0 if warm_up_steps else rate,
            decay_steps=parameters.epochs * steps_per_epoch - warm_up_steps,
            warmup_target=rate if warm_up_steps else None,
            warmup_steps=warm_up_steps,
        )
    if parameters.optimizer == "adam":
        return keras.optimizers.Adam(rate)
    return keras.optimizers.SGD(rate, momentum=parameters.momentum)


class EpochLines(keras.callbacks.Callback):
    """Logs a line after each epoch: losses, accuracies, and the time left."""

    def __init__(self, title: str, epochs: int) -> None:
        super().__init__()
        self._title = title
        self._epochs = epochs
        self._start = 0.0

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Start the clock."""
        self._start = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Log the line of this epoch."""
        values = logs or {}
        done = epoch + 1
        left = (time.monotonic() - self._start) * (self._epochs - done) / done
        epoch_logger.info(
            "%s  epoch %d/%d  loss %.3f  val_loss %.3f  accuracy %.3f  "
            "val_accuracy %.3f  %d:%02d left",
            self._title,
            done,
            self._epochs,
            values["loss"],
            values["val_loss"],
            values["accuracy"],
            values["val_accuracy"],
            *divmod(round(left), 60),
        )
