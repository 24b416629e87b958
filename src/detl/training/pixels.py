"""Images that lie on the device, so that the host sends their numbers only."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np


def look_up_pixels(model: keras.Model, pixels: np.ndarray) -> keras.Model:
    """Return a model of row numbers, (n,) or (n, 1), that shares the weights.

    Args:
        model: From pixels (n, height, width, 1).
        pixels: The images that the numbers mean, uint8 (m, height, width).
    """
    rows = keras.Input((1,), dtype="int32", name="rows")
    return keras.Model(rows, model(_Pixels(pixels, name="pixels_of_rows")(rows)))


class _Pixels(keras.layers.Layer):
    def __init__(self, pixels: np.ndarray, **options: Any) -> None:
        super().__init__(**options)
        self._given = pixels
        # As a weight it is handed to each step, and is no constant of the program.
        self._pixels = self.add_weight(
            shape=pixels.shape,
            dtype="uint8",
            initializer=lambda *_, **__: keras.ops.convert_to_tensor(pixels),
            trainable=False,
            name="pixels",
        )

    def call(self, rows: Any) -> Any:
        """Return the images of these rows, float32 (n, height, width, 1)."""
        chosen = keras.ops.take(self._pixels, keras.ops.reshape(rows, (-1,)), axis=0)
        return keras.ops.cast(chosen[..., None], "float32")

    def get_config(self) -> dict[str, Any]:
        """Return what a copy for other devices is made from."""
        return {**super().get_config(), "pixels": self._given}
