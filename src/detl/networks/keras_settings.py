"""Keras's own settings, which another project of this machine may have changed.

Keras takes what a layer, a loss or an optimiser is not told from settings of the whole
process. They come from ``keras.json`` in the user's home folder, from variables
``KERAS_...`` of the environment, and from whatever else runs in the process.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from detl.errors import DetlError

BACKENDS = ("tensorflow", "jax")
"""What the networks and their gradients can run on."""


@contextmanager
def plain_keras() -> Iterator[None]:
    """Give Keras the settings that it has unless told otherwise; restore them after.

    Pictures are (height, width, channels), numbers float32, and no limit for debugging
    shortens a training. As a decorator it does so for each call of a function.

    Raises:
        DetlError: If Keras runs on another backend than TensorFlow or JAX.
    """
    import keras

    refuse_other_backends(keras.backend.backend())
    config = keras.config
    settings = (
        (config.image_data_format, config.set_image_data_format, "channels_last"),
        (config.floatx, config.set_floatx, "float32"),
        (config.epsilon, config.set_epsilon, 1e-7),
        (config.max_epochs, config.set_max_epochs, None),
        (config.max_steps_per_epoch, config.set_max_steps_per_epoch, None),
        # Last: where nobody has set a policy, it becomes that of the floatx.
        (config.dtype_policy, config.set_dtype_policy, "float32"),
    )
    before = [get() for get, _, _ in settings]
    for _, change, plain in settings:
        change(plain)
    try:
        yield
    finally:
        for (_, change, _), value in zip(settings, before, strict=True):
            change(value)


def set_default_backend() -> None:
    """Set ``KERAS_BACKEND`` to TensorFlow where it is not set.

    Without that variable ``keras.json`` would choose, and Keras could not even be
    imported where that of another project names a backend that is not installed.
    """
    os.environ["KERAS_BACKEND"] = os.environ.get("KERAS_BACKEND") or BACKENDS[0]


def choose_backend() -> str:
    """Return the backend that Keras will have, which ``KERAS_BACKEND`` alone chooses.

    Raises:
        DetlError: If it names another backend than TensorFlow or JAX.
    """
    set_default_backend()
    backend = os.environ["KERAS_BACKEND"]
    refuse_other_backends(backend)
    return backend


def refuse_other_backends(backend: str) -> None:
    """Refuse a backend on which the networks cannot run.

    Raises:
        DetlError: If it is neither TensorFlow nor JAX.
    """
    if backend not in BACKENDS:
        raise DetlError(
            f"Keras runs on {backend!r}, and the networks here on 'tensorflow' or "
            "'jax' only: set the environment variable KERAS_BACKEND to one of these."
        )
