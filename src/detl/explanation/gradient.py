"""The gradient, which is the one thing that Keras 3 has no common name for."""

from collections.abc import Callable
from typing import Any

from detl.errors import DetlError

Tensor = Any


def gradient_of_sum(function: Callable[[Tensor], Tensor], inputs: Tensor) -> Tensor:
    """Return the gradient of the sum of ``function(inputs)`` by ``inputs``.

    Where ``function`` treats the samples of a batch independently, row n of the
    result is the gradient of output n alone.

    Args:
        function: From a tensor to a tensor, made of Keras operations.
        inputs: A tensor of the backend.

    Returns:
        A tensor of the backend, of the shape of ``inputs``.

    Raises:
        DetlError: If Keras runs on another backend than TensorFlow or JAX.
    """
    import keras

    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(inputs)
            total = keras.ops.sum(function(inputs))
        return tape.gradient(total, inputs)
    if backend == "jax":
        import jax

        return jax.grad(lambda x: keras.ops.sum(function(x)))(inputs)
    raise DetlError(
        f"Keras runs on {backend!r}, and gradients are known here for 'tensorflow' and "
        "'jax' only: set the environment variable KERAS_BACKEND to one of these."
    )
