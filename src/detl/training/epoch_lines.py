"""A line per epoch, for those who look on while a network is trained."""

from __future__ import annotations

import logging
import time

import keras

epoch_logger = logging.getLogger("detl.epochs")


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
        shown = ("loss", "val_loss", "accuracy", "val_accuracy")
        epoch_logger.info(
            "%s  epoch %d/%d  %s  %d:%02d left",
            self._title,
            done,
            self._epochs,
            "  ".join(f"{name} {values[name]:.3f}" for name in shown if name in values),
            *divmod(round(left), 60),
        )
