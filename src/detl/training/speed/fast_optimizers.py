"""Optimizers that take each variable's step in one operation, and the same step.

Keras's own take a dozen operations (Adam) or five (SGD) for each variable, which
TensorFlow on a processor runs one after the other, each through all weights: a good
part of a step of VGG16. It also has the whole as one operation.
"""

from __future__ import annotations

from typing import Any

import keras

from detl.training.speed.devices import has_accelerator

Tensor = Any


class FusedAdam(keras.optimizers.Adam):
    """An Adam whose steps under TensorFlow are one operation for each variable.

    The formula is Keras's (Kingma and Ba 2014, section 2, with epsilon outside of the
    correction); 1 - beta is rounded otherwise, by 1e-5 of a step at most.
    """

    def update_step(
        self, gradient: Tensor, variable: Tensor, learning_rate: Tensor
    ) -> None:
        """Change ``variable``, and the moments of its gradient, by one step."""
        import tensorflow as tf

        ops, dtype = keras.ops, variable.dtype
        index = self._get_variable_index(variable)
        step = ops.cast(self.iterations + 1, dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=ops.power(ops.cast(self.beta_1, dtype), step),
            beta2_power=ops.power(ops.cast(self.beta_2, dtype), step),
            lr=ops.cast(learning_rate, dtype),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=ops.cast(gradient, dtype),
        )


class FusedSGD(keras.optimizers.SGD):
    """An SGD with momentum whose steps under TensorFlow are one operation each.

    Steps are those of Keras to the bit.
    """

    def update_step(
        self, gradient: Tensor, variable: Tensor, learning_rate: Tensor
    ) -> None:
        """Change ``variable`` and its momentum by one step."""
        import tensorflow as tf

        if not self.momentum:
            super().update_step(gradient, variable, learning_rate)
            return
        ops, dtype = keras.ops, variable.dtype
        index = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=variable.handle,
            accum=self.momentums[index].value.handle,
            lr=ops.cast(learning_rate, dtype),
            grad=ops.cast(gradient, dtype),
            momentum=self.momentum,
        )


def make_adam(rate: Any) -> keras.optimizers.Adam:
    """Return an Adam, which is fused where that takes less time.

    Args:
        rate: Learning rate, or a Keras schedule of it.
    """
    return (FusedAdam if _is_quicker() else keras.optimizers.Adam)(rate)


def make_sgd(rate: Any, momentum: float) -> keras.optimizers.SGD:
    """Return an SGD, which is fused where that takes less time.

    Args:
        rate: Learning rate, or a Keras schedule of it.
        momentum: From 0 to 1.
    """
    kind = FusedSGD if _is_quicker() else keras.optimizers.SGD
    return kind(rate, momentum=momentum)


def _is_quicker() -> bool:
    # XLA, on an accelerator and under JAX, makes one operation of Keras's own.
    return keras.backend.backend() == "tensorflow" and not has_accelerator()
