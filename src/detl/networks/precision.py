"""The number format in which the layers of a network compute."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras


@contextmanager
def compute_in(precision: str) -> Iterator[None]:
    """Give new layers this policy inside the context.

    A layer keeps its policy when it is copied, cut out or saved. Under a mixed policy
    it computes in half precision and keeps its weights in float32.

    Args:
        precision: Name of a Keras policy, as in ``NetworkParameters.precision``.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
