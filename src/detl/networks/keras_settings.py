"""Keras's global settings, which another project on this machine may have changed.

Layers, losses and optimisers take their defaults from settings of the whole process.
These come from ``keras.json`` in the user's home folder, from environment variables
``KERAS_...``, and from other code in the process.
"""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from detl.errors import DetlError

BACKENDS = ("tensorflow", "jax")
"""The backends of Keras that the networks and their gradients support."""

_SETTINGS_OF_KERAS = ("src", "backend", "config.py")
"""The end of the path of Keras's module that reads them."""


@contextmanager
def plain_keras() -> Iterator[None]:
    """Give Keras its default settings, and restore the earlier ones afterwards.

    Pictures are (height, width, channels), numbers are float32, and no debugging limit
    shortens a training. As a decorator it acts on each call of the function.

    Raises:
        DetlError: Keras runs on another backend than TensorFlow or JAX, its backend is
            not installed, or Keras refuses its own settings.
    """
    import_keras()
    import keras

    refuse_other_backends(keras.backend.backend())
    config = keras.config
    settings = (
        (config.image_data_format, config.set_image_data_format, "channels_last"),
        (config.floatx, config.set_floatx, "float32"),
        (config.epsilon, config.set_epsilon, 1e-7),
        (config.max_epochs, config.set_max_epochs, None),
        (config.max_steps_per_epoch, config.set_max_steps_per_epoch, None),
        # This comes last, because setting floatx can change the policy.
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
    """Set ``KERAS_BACKEND`` to TensorFlow unless it is set.

    Without that variable ``keras.json`` decides, and it may name a backend of another
    project that is not installed here, so that the import of Keras fails.
    """
    os.environ["KERAS_BACKEND"] = os.environ.get("KERAS_BACKEND") or BACKENDS[0]


def choose_backend() -> str:
    """Return the backend of Keras, which only ``KERAS_BACKEND`` decides.

    Raises:
        DetlError: It names another backend than TensorFlow or JAX.
    """
    set_default_backend()
    backend = os.environ["KERAS_BACKEND"]
    refuse_other_backends(backend)
    return backend


def refuse_other_backends(backend: str) -> None:
    """Refuse a backend on which the networks cannot run.

    Raises:
        DetlError: The backend is neither TensorFlow nor JAX.
    """
    if backend not in BACKENDS:
        raise DetlError(
            f"Keras runs on {backend!r}, but the networks only on 'tensorflow' or "
            "'jax': set the environment variable KERAS_BACKEND to one of these."
        )


def import_keras() -> None:
    """Import Keras with its backend; show what they print only if that fails.

    TensorFlow's libraries write to the error stream directly, not through Python, so
    the file descriptor itself has to be redirected.

    Raises:
        DetlError: The backend is not installed, or is none of ours, or Keras refuses
            its own settings.
    """
    if "keras" in sys.modules:
        return
    backend = choose_backend()
    with _hold_back_errors():
        try:
            import_module("keras")
        except BaseException as error:
            if reason := _reason_of_settings(error, backend):
                raise DetlError(reason) from error
            raise


@contextmanager
def _hold_back_errors() -> Iterator[None]:
    """Show what is printed on the error stream only where no sentence of ours does."""
    if sys.stderr is None:
        # The stream is closed: its number may be that of another file.
        yield
        return
    sys.stderr.flush()
    shown = os.dup(2)
    with tempfile.TemporaryFile() as unseen:
        os.dup2(unseen.fileno(), 2)
        try:
            yield
        except DetlError:
            raise
        except BaseException:
            unseen.seek(0)
            os.write(shown, unseen.read())
            raise
        finally:
            os.dup2(shown, 2)
            os.close(shown)


def _reason_of_settings(error: BaseException, backend: str) -> str:
    """Return why Keras refuses its settings; empty for any other error."""
    if isinstance(error, ModuleNotFoundError) and error.name == backend:
        return (
            f"Keras is to run on {backend!r}, which is not installed: install it "
            "(docs/extending.md), or unset KERAS_BACKEND."
        )
    frames = traceback.extract_tb(error.__traceback__)
    if any(Path(f.filename).parts[-3:] == _SETTINGS_OF_KERAS for f in frames):
        folder = os.environ.get("KERAS_HOME") or "~/.keras"
        return (
            f"Keras cannot read its settings ({' '.join(str(error).split())}): correct "
            f"or remove {folder}/keras.json, and the variables KERAS_... of the "
            "environment."
        )
    return ""
