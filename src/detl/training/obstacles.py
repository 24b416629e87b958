"""Errors of a training that cannot learn, raised before it or while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import numpy as np

from detl.errors import DetlError
from detl.training.batches import RowBatches

if TYPE_CHECKING:
    from detl.schemas.parameters import TrainingParameters

WITHIN = 0.01
"""A training loss this close to that of chance is at chance, for two classes of equal
size. For uneven classes, whose chance loss is smaller, it is smaller in proportion."""


def require_validation(
    validation: RowBatches | None, parameters: TrainingParameters, title: str
) -> None:
    """Raise ``DetlError`` where there is nothing to choose the best epoch on.

    Args:
        validation: Batches on which the best epoch is chosen, if there are any.
        parameters: Of the training.
        title: What is trained.
    """
    if parameters.read == "best" and validation is None:
        raise DetlError(
            f"The best epoch is to be read ({title}), but there is no validation part "
            "to choose it on: set read to average or last, or give "
            "split.folds.inner_validation_share a number, such as 0.1."
        )


def require_two_classes(
    training: RowBatches, validation: RowBatches | None, title: str
) -> None:
    """Raise ``DetlError`` where there is nothing to learn, or to choose an epoch on.

    Args:
        training: Batches to train on.
        validation: Batches on which the best epoch is chosen, if there are any.
        title: What is trained.
    """
    for purpose, batches, share in (
        ("train", training, "lower the share of its validation part"),
        ("choose the best epoch", validation, "raise the share of this part"),
    ):
        if batches is None:
            continue
        images, classes = len(batches.labels), len(np.unique(batches.labels))
        if classes >= 2:
            continue
        found = f"all {images} images are of one class" if images else "there are none"
        raise DetlError(
            f"Of the images to {purpose} on ({title}) {found}, and images of at least "
            f"2 classes are needed: add images, or {share} "
            "(split.data_a.largest_validation_share or "
            "split.folds.inner_validation_share)."
        )


def measure_chance(labels: np.ndarray) -> float:
    """Return the lowest loss of a network that gives every image the same answer.

    It is the entropy of the shares of the classes, in nats: ln 2 for two of equal size.

    Args:
        labels: Class index of each image, (n,), at least one.
    """
    shares = np.unique(labels, return_counts=True)[1] / len(labels)
    return float(-(shares * np.log(shares)).sum())


class RefuseUnlearned(keras.callbacks.Callback):
    """Stops a training that has diverged, or that has not begun to learn.

    Args:
        labels: Class index of each training image, (n,).
        parameters: The training stops after ``epochs_at_chance`` epochs at chance in a
            row, if the network has been better in no epoch before; None never stops
            it. Epochs of the warm-up do not count: their rates are near 0.
        title: What is trained.
    """

    def __init__(
        self, labels: np.ndarray, parameters: TrainingParameters, title: str
    ) -> None:
        super().__init__()
        self._chance = measure_chance(labels)
        self._within = WITHIN * min(1.0, self._chance / float(np.log(2)))
        self._patience = parameters.epochs_at_chance
        self._warm_up = parameters.warm_up_epochs
        self._epochs = parameters.epochs
        self._title = title
        self._has_learnt = False
        self._at_chance = 0

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Raise ``DetlError`` where going on makes no sense."""
        loss = float((logs or {})["loss"])
        # Half precision leaves out a step whose gradients are too large.
        if not np.isfinite(loss) and not self._weights_are_finite():
            raise DetlError(
                f"The training loss is {loss} after epoch {epoch + 1} of "
                f"{self._epochs} ({self._title}), where it should be a number: the "
                "training has diverged; lower learning_rate, or give it "
                "warm_up_epochs."
            )
        self._has_learnt |= loss < self._chance - self._within
        is_at_chance = abs(loss - self._chance) <= self._within
        counts = is_at_chance and epoch >= self._warm_up
        self._at_chance = self._at_chance + 1 if counts else 0
        if not self._has_learnt and self._at_chance == self._patience:
            raise DetlError(
                f"The training loss is {loss:.3f} after epoch {epoch + 1} of "
                f"{self._epochs} ({self._title}), and for {self._patience} epochs it "
                "has been that of a network that says the same of every image, "
                f"{self._chance:.3f}: lower learning_rate or dropout, add "
                "warm_up_epochs, set normalisation to batch, or set epochs_at_chance "
                "to null to go on regardless."
            )

    def _weights_are_finite(self) -> bool:
        return all(np.isfinite(w).all() for w in self.model.get_weights())
