"""The validation after each epoch."""

from __future__ import annotations

import keras

from detl.training.batches import RowBatches


class Validation(keras.callbacks.Callback):
    """Adds loss and accuracy of the validation part to what is logged of an epoch.

    As ``fit`` does by itself with ``validation_data``, but without making a pipeline of
    batches after each epoch, for which TensorFlow on a processor often waits longer
    than the validation takes (docs/benchmarks.md). It reads every batch's result before
    it sends the next one, which an accelerator would wait for. To stand before all
    callbacks that read these values.

    Args:
        batches: The validation part.
    """

    def __init__(self, batches: RowBatches) -> None:
        super().__init__()
        self._batches = batches

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Validate, and add ``val_loss`` and ``val_accuracy`` to ``logs``."""
        loss, correct, rows = 0.0, 0.0, 0
        for number in range(self._batches.num_batches):
            inputs, labels = self._batches[number]
            # Keras 3.12 would go on with the sums of the batches before.
            self.model.reset_metrics()
            of_batch = self.model.test_on_batch(inputs, labels, return_dict=True)
            loss += float(of_batch["loss"]) * len(labels)
            correct += float(of_batch["accuracy"]) * len(labels)
            rows += len(labels)
        if logs is not None:
            logs |= {"val_loss": loss / rows, "val_accuracy": round(correct) / rows}
