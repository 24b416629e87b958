"""Training a network, or its tail, and keeping the weights that are to be read."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from detl.networks.keras_settings import plain_keras
from detl.training.averaging import renew_statistics
from detl.training.batches import RowBatches
from detl.training.epoch_lines import EpochLines
from detl.training.kept_weights import History, describe_reading, keep_weights
from detl.training.obstacles import (
    RefuseUnlearned,
    require_two_classes,
    require_validation,
)
from detl.training.speed.devices import (
    choose_devices,
    let_compile,
    scale_loss,
    spread_over,
)
from detl.training.speed.fast_layers import quicken_layers
from detl.training.speed.padded_batches import PaddedBatches

if TYPE_CHECKING:
    from detl.schemas.parameters import TrainingParameters

Augment = Callable[[keras.Model], keras.Model]

logger = logging.getLogger(__name__)


@plain_keras()
def fit_network(
    model: keras.Model,
    training: RowBatches,
    validation: RowBatches | None,
    parameters: TrainingParameters,
    title: str,
    augment: Augment | None = None,
) -> History:
    """Return the learning curves; ``model`` is left with the weights that are read.

    As ``fit_members`` does with one member.
    """
    return fit_members([model], [training], validation, parameters, title, augment)


@plain_keras()
def fit_members(
    members: Sequence[keras.Model],
    trainings: Sequence[RowBatches],
    validation: RowBatches | None,
    parameters: TrainingParameters,
    title: str,
    augment: Augment | None = None,
) -> History:
    """Return the mean learning curves; members are left with the weights to be read.

    Which these are says ``parameters.read``: those of the best epoch, the first one
    with the highest validation accuracy (paper, section IV: "the weights which achieved
    the best validation accuracy were retained"); those of the last one; or the mean
    over the last half of the epochs, with batch-norm statistics taken anew.

    The members are trained one after another, and the step is compiled once.

    Args:
        members: Networks of one shape that return logits. A copy is trained, and its
            weights are put into the member at the end.
        trainings: Batches to train on, of each member.
        validation: Batches on which the best epoch is chosen; None where there are
            none, and then nothing is chosen.
        parameters: Optimizer, schedule and length of the training.
        title: What is trained, for the line that is logged after each epoch.
        augment: From a network to one with the same weights that augments its input
            while it is trained.

    Returns:
        One value per epoch of ``loss`` and ``train_accuracy``, and with a validation of
        ``val_loss`` and ``val_accuracy``; each the mean over the members.

    Raises:
        DetlError: If a part has no image or images of one class alone; if there is
            nothing to choose the best epoch on; or if a training diverges, or is at
            chance for ``parameters.epochs_at_chance``.
    """
    require_validation(validation, parameters, title)
    for training in trainings:
        require_two_classes(training, validation, title)
    devices = choose_devices(parameters.distribution)
    curves, weights = [], []
    with spread_over(devices) if devices else nullcontext():
        # Where several devices have copies of the weights, they must be made in here.
        inner = quicken_layers(members[0])
        trained = augment(inner) if augment else inner
        compile_network(trained, parameters, trainings[0].num_batches)
        start = [keras.ops.convert_to_numpy(v) for v in trained.optimizer.variables]
        for number, (member, training) in enumerate(
            zip(members, trainings, strict=True), start=1
        ):
            inner.set_weights(member.get_weights())
            for variable, value in zip(trained.optimizer.variables, start, strict=True):
                variable.assign(value)
            count = len(members)
            named = title if count == 1 else f"{title}, network {number} of {count}"
            curves.append(
                _fit(trained, training, validation, parameters, named, devices)
            )
            weights.append(inner.get_weights())
    for member, training, of_member in zip(members, trainings, weights, strict=True):
        member.set_weights(of_member)
        if parameters.read == "average":
            # A pass forward keeps one or two layers' outputs, where a step keeps all.
            renew_statistics(member, training.without_views(times=8))
    return {
        name: np.mean([of_one[name] for of_one in curves], axis=0).tolist()
        for name in curves[0]
    }


def _fit(
    model: keras.Model,
    training: RowBatches,
    validation: RowBatches | None,
    parameters: TrainingParameters,
    title: str,
    devices: Sequence[str],
) -> History:
    training.begin()
    callbacks = keras.callbacks.CallbackList(
        [
            *keep_weights(parameters),
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
            validation_data=None
            if validation is None
            else PaddedBatches(validation, len(devices), is_scored=True),
            epochs=parameters.epochs,
            callbacks=callbacks,
            shuffle=False,
            verbose=0,
        )
    else:
        _train_epochs(model, training, validation, parameters.epochs, callbacks)
    curves = model.history.history
    names = {"loss": "loss", "accuracy": "train_accuracy"}
    if validation is not None:
        names |= {"val_loss": "val_loss", "val_accuracy": "val_accuracy"}
    history = {name: curves[of_keras] for of_keras, name in names.items()}
    logger.info(
        "%s: %s, %.0f s",
        title,
        describe_reading(history, parameters.read),
        time.monotonic() - start,
    )
    return history


def _train_epochs(
    model: keras.Model,
    training: RowBatches,
    validation: RowBatches | None,
    epochs: int,
    callbacks: keras.callbacks.CallbackList,
) -> None:
    callbacks.on_train_begin()
    for epoch in range(epochs):
        # Keras's ``fit`` draws an order before the first epoch as well.
        training.on_epoch_end()
        loss, accuracy = _run_batches(model, model.train_on_batch, training)
        logs = {"loss": loss, "accuracy": accuracy}
        if validation is not None:
            loss, accuracy = _run_batches(model, model.test_on_batch, validation)
            logs |= {"val_loss": loss, "val_accuracy": accuracy}
        callbacks.on_epoch_end(epoch, logs)
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
