"""What a training makes of the machine: compilation, loss scaling, several devices.

What TensorFlow and JAX do differently stands here, and in ``explanation/gradient.py``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from functools import cache
from typing import Any, Literal

import keras

logger = logging.getLogger(__name__)


def choose_devices(distribution: Literal["none", "data_parallel"]) -> list[str]:
    """Return the devices to spread each batch over, or nothing where one is enough.

    These are all accelerators, or the processors where there are none. Fewer than two
    are no error, so that the same parameters serve every machine; a warning is logged.
    """
    if distribution == "none":
        return []
    devices = _list_devices()
    if len(devices) > 1:
        return devices
    logger.warning(
        "distribution is %r, and there is one device here, %s: it trains alone.",
        distribution,
        *devices,
    )
    return []


def spread_over(devices: Sequence[str]) -> AbstractContextManager[Any]:
    """Return a context: models made and trained in it use all of these devices.

    Each device has a copy of the weights and gets a part of each batch, and all take
    the same step. Models made elsewhere cannot be trained in it.
    """
    if keras.backend.backend() == "tensorflow":
        return _mirrored_strategy(tuple(devices)).scope()
    return keras.distribution.DataParallel(devices=list(devices)).scope()


def let_compile(
    model: keras.Model, wanted: bool | Literal["auto"]
) -> bool | Literal["auto"]:
    """Return what ``model.compile`` is to be told of ``jit_compile``.

    Under TensorFlow ``auto`` is no on a CPU, where XLA makes it slower, and on a GPU
    Keras's own choice: yes, unless XLA does not know a layer or there are several GPUs.

    Under JAX ``auto`` is yes. Keras marks some layers, such as those that rotate and
    zoom, as not to be compiled, because XLA does not know what TensorFlow does in them.
    JAX does. With one such layer it would run the whole network step by step, many
    times slower, so the marks are taken off ``model``.
    """
    if keras.backend.backend() == "jax":
        for layer in _layers_of(model):
            layer.supports_jit = True
    elif wanted == "auto" and not has_accelerator():
        return False
    return wanted


def scale_loss(
    model: keras.Model, optimizer: keras.optimizers.Optimizer
) -> keras.optimizers.Optimizer:
    """Return the optimizer, with a scaled loss where a layer computes in float16.

    The smallest gradients are 0 in float16; bfloat16 reaches as far down as float32.
    Keras scales by itself only where the model as a whole has the policy, which the
    models cut out of it or wrapped around it have not.
    """
    if any(layer.compute_dtype == "float16" for layer in _layers_of(model)):
        return keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer


def has_accelerator() -> bool:
    """Return whether Keras's backend computes on anything but the processor."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return bool(tf.config.list_physical_devices("GPU"))
    import jax

    return bool(jax.default_backend() != "cpu")


@cache
def _mirrored_strategy(devices: tuple[str, ...]) -> Any:
    # Always the same: two of them number the sums of their gradients alike, and a
    # second network would wait for, or fail on, those of the first.
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(devices)


def _list_devices() -> list[str]:
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        kind = "GPU" if has_accelerator() else "CPU"
        return [device.name for device in tf.config.list_logical_devices(kind)]
    return list(keras.distribution.list_devices())


def _layers_of(layer: keras.layers.Layer) -> Iterator[keras.layers.Layer]:
    yield layer
    for inner in getattr(layer, "layers", ()):
        yield from _layers_of(inner)
