"""Trains on two virtual processors, in a process of its own, and says how it ended.

A process decides once how many devices it has, before it computes anything. Under JAX
XLA_FLAGS must say so, as in ``test_two_devices.py``, which runs this.
"""

import json
import sys

import keras
import numpy as np

from detl.networks.blocks import logits_layer, pixels_input
from detl.networks.precision import compute_in
from detl.schemas.parameters import AugmentationParameters, TrainingParameters
from detl.training import fit
from detl.training.augmentation import augment_inputs
from detl.training.batches import RowBatches
from detl.training.fit import fit_network
from detl.training.speed.devices import choose_devices

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 16, 16), dtype="uint8")
LABELS = np.random.default_rng(1).integers(0, 2, 40)
# The last batch has 5 rows, and that of the validation 3: two do not divide them.
TRAINING, VALIDATION = np.arange(21), np.arange(21, 40)
AUGMENTATION = AugmentationParameters(
    rotation_degrees=10.0, smallest_zoom=0.85, largest_zoom=1.15, mirror=True
)


def split_processor() -> None:
    """Make two devices of the processor, under TensorFlow."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        (processor,) = tf.config.list_physical_devices("CPU")
        half = tf.config.LogicalDeviceConfiguration()
        tf.config.set_logical_device_configuration(processor, [half, half])


def small_network(precision: str, filters: int) -> keras.Model:
    """Return two convolutions, of which the first is frozen, and the logits."""
    with compute_in(precision):
        pixels, x = pixels_input(16)
        for seed, name in enumerate(("frozen", "free")):
            x = keras.layers.Conv2D(
                filters,
                3,
                strides=2,
                activation="relu",
                kernel_initializer=keras.initializers.HeNormal(seed),
                trainable=name != "frozen",
                name=name,
            )(x)
        return keras.Model(pixels, logits_layer(2, 2)(keras.layers.Flatten()(x)))


PARAMETERS = TrainingParameters(
    epochs=3,
    batch_size=8,
    optimizer="adam",
    learning_rate=1e-3,
    momentum=0.0,
    schedule="constant",
    warm_up_epochs=0,
    jit_compile="auto",
    distribution="none",
)


def train(
    distribution: str,
    precision: str = "float32",
    is_augmented: bool = False,
    filters: int = 4,
):
    """Return the network, the curves and the logits."""
    parameters = PARAMETERS.model_copy(update={"distribution": distribution})
    model = small_network(precision, filters)
    trained = augment_inputs(model, AUGMENTATION, 0) if is_augmented else model
    curves = fit_network(
        trained,
        RowBatches(PIXELS, TRAINING, LABELS[TRAINING], 8, shuffle_seed=0),
        RowBatches(PIXELS, VALIDATION, LABELS[VALIDATION], 8),
        parameters,
        "test",
    )
    return model, curves, np.asarray(model(PIXELS[..., None]))


def record_what_is_compiled() -> list[keras.Model]:
    """Return a list, to which the models are added that are trained from now on."""
    models: list[keras.Model] = []
    compile_network = fit.compile_network

    def compile_and_record(model: keras.Model, *arguments) -> None:
        compile_network(model, *arguments)
        models.append(model)

    fit.compile_network = compile_and_record
    return models


def main() -> None:
    split_processor()
    alone, curves_alone, logits_alone = train("none")
    spread, curves, logits = train("data_parallel")
    made_ready = record_what_is_compiled()
    *_, of_scaled = train("none", "mixed_float16", is_augmented=True)
    (scaled,) = made_ready
    # Of another size: TensorFlow must not take its gradients for those of the first.
    *_, other_alone = train("none", filters=3)
    *_, other = train("data_parallel", filters=3)
    frozen = [model.get_layer("frozen").get_weights()[0] for model in (alone, spread)]
    result = {
        "devices": choose_devices("data_parallel"),
        "logits": float(np.abs(logits - logits_alone).max()),
        "logits_of_another": float(np.abs(other - other_alone).max()),
        "curves": {
            name: float(np.abs(np.subtract(curves[name], values)).max())
            for name, values in curves_alone.items()
        },
        "learnt": float(np.ptp(curves["loss"])),
        "frozen": bool(np.array_equal(*frozen)),
        "optimizer": type(scaled.optimizer).__name__,
        "is_compiled": bool(scaled.jit_compile),
        "is_finite": bool(np.isfinite(of_scaled).all()),
        "distribution_after": str(keras.distribution.distribution()),
    }
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
