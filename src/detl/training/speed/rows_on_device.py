"""Images that lie on the accelerator, of which the host sends the row numbers."""

import keras
import numpy as np

from detl.networks.keras_settings import plain_keras
from detl.training.batches import RowBatches
from detl.training.speed.devices import has_accelerator

LARGEST_ON_DEVICE = 8 * 10**9
"""Bytes of the largest array that is put on an accelerator, as a whole.

Data-A at 224 px takes 4.5 to 5.6 GB. How much memory is free is not asked, which
TensorFlow does not say: on a small card, ``inputs_on_device`` is to be false."""

Tensor = object


class RowLookup(keras.layers.Layer):
    """Holds an array on the device and returns the rows that are asked for.

    Not for saving: it holds the data and not what was learnt from them.
    """

    def __init__(self, array: np.ndarray) -> None:
        super().__init__(trainable=False, name="row_lookup")
        self._has_channels = array.ndim == 4
        self._array = self.add_weight(
            shape=array.shape,
            # Named here, since Keras reads all other numbers as floating-point.
            dtype=array.dtype.name,
            initializer=lambda shape, dtype: keras.ops.convert_to_tensor(array, dtype),
            trainable=False,
            name="array",
        )

    def call(self, rows: Tensor) -> Tensor:
        """Return ``array[rows]``, (n, height, width, maps)."""
        chosen = keras.ops.take(self._array, rows, axis=0)
        return chosen if self._has_channels else keras.ops.expand_dims(chosen, -1)


@plain_keras()
def look_up_rows(model: keras.Model, array: np.ndarray) -> keras.Model:
    """Return a model of row numbers (n,): ``model`` of these rows of an array.

    It shares the weights of ``model``, and holds the whole array on the device.

    Args:
        model: From images or features to logits.
        array: Pixels (n, height, width) or features (n, height, width, maps).
    """
    rows = keras.Input((), dtype="int32", name="rows")
    # A model remembers what it was called with: this one is let go of, and the array
    # with it, when what is returned is.
    called = keras.Model(model.inputs, model.outputs, name=model.name)
    return keras.Model(rows, called(RowLookup(array)(rows)))


def place_on_device(
    model: keras.Model, training: RowBatches, validation: RowBatches
) -> tuple[keras.Model, RowBatches, RowBatches]:
    """Return what to train so that all inputs lie on the accelerator, if they can.

    Args:
        model: From images or features to logits.
        training: Batches of an array.
        validation: Batches of the same array.

    Returns:
        A model that shares the weights of ``model``, and the same batches for it, as
        row numbers; the three as they are where there is no accelerator or the array is
        too large.
    """
    array = training.array
    fits = array.nbytes <= LARGEST_ON_DEVICE and validation.array is array
    if not (fits and has_accelerator()):
        return model, training, validation
    return look_up_rows(model, array), training.as_numbers(), validation.as_numbers()
