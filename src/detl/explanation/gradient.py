"""Gradients and compiled functions, which Keras 3 does not offer for all backends."""

from collections.abc import Callable
from typing import Any

from detl.networks.keras_settings import refuse_other_backends

Tensor = Any


def gradient_of_sum(function: Callable[[Tensor], Tensor], inputs: Tensor) -> Tensor:
    """Return the gradient of the sum of ``function(inputs)``, in the shape of inputs.

    If ``function`` treats the samples of a batch independently, row n of the result is
    the gradient of output n alone.

    Args:
        function: From a tensor to a tensor, made of Keras operations.
        inputs: A tensor of the backend.

    Raises:
        DetlError: Keras runs on another backend than TensorFlow or JAX.
    """
    import keras

    refuse_other_backends(keras.backend.backend())
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(inputs)
            total = keras.ops.sum(function(inputs))
        return tape.gradient(total, inputs)
    import jax

    return jax.grad(lambda x: keras.ops.sum(function(x)))(inputs)


def compile_function(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Return the function compiled to one graph of its backend, at its first call.

    Compiling takes longer than one batch saves, so it pays for several batches.

    Args:
        function: From tensors to a tensor, made of Keras operations and of gradients.

    Raises:
        DetlError: Keras runs on another backend than TensorFlow or JAX.
    """
    import keras

    refuse_other_backends(keras.backend.backend())
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        compiled: Callable[..., Tensor] = tf.function(function, reduce_retracing=True)
        return compiled
    import jax

    return jax.jit(function)
