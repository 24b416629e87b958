"""Which weights of a training are read: best epoch, last epoch, or an average."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from detl.training.averaging import AverageWeights, averaged_epochs

if TYPE_CHECKING:
    from detl.schemas.parameters import TrainingParameters

History = dict[str, list[float]]


def keep_weights(parameters: TrainingParameters) -> list[keras.callbacks.Callback]:
    """Return what leaves the network with the weights that are to be read."""
    if parameters.read == "best":
        # Never stops the training.
        return [
            keras.callbacks.EarlyStopping(
                "val_accuracy",
                mode="max",
                patience=parameters.epochs,
                restore_best_weights=True,
            )
        ]
    if parameters.read == "average":
        return [AverageWeights(parameters.epochs)]
    return []


def epochs_read(history: History, read: str) -> tuple[int, int]:
    """Return the first and the last epoch, from 1, whose weights are read.

    Args:
        history: What ``fit_network`` returns. Of curves that are the mean over several
            members, the best epoch is that of the mean.
        read: As ``TrainingParameters.read``.
    """
    epochs = len(history["loss"])
    if read == "average":
        return epochs - averaged_epochs(epochs) + 1, epochs
    if read == "last":
        return epochs, epochs
    accuracies = history["val_accuracy"]
    best = accuracies.index(max(accuracies)) + 1
    return best, best


def describe_kept(history: History, read: str) -> dict[str, float]:
    """Return the last epoch whose weights are read, and by what it was chosen.

    Args:
        history: What ``fit_members`` returns.
        read: As ``TrainingParameters.read``.

    Returns:
        ``kept_epoch``, from 1; and where ``read`` is ``best``, ``kept_val_loss`` and
        ``kept_val_accuracy`` after it.
    """
    _, last = epochs_read(history, read)
    kept = {"kept_epoch": float(last)}
    if read == "best":
        kept |= {
            f"kept_{n}": history[n][last - 1] for n in ("val_loss", "val_accuracy")
        }
    return kept


def describe_reading(history: History, read: str) -> str:
    """Return in words which weights are read, and the accuracy at their epoch."""
    first, last = epochs_read(history, read)
    epochs = len(history["loss"])
    if read == "average":
        return f"weights averaged over the epochs {first} to {last}"
    part, name = "training", "train_accuracy"
    if "val_accuracy" in history:
        part, name = "validation", "val_accuracy"
    accuracy = history[name][last - 1]
    return f"{part} accuracy {accuracy:.3f} after epoch {last} of {epochs}"
