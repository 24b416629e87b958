"""A training step beside the same with Keras's own layers.

    python benchmarks/training_step.py [--steps 30] [--width 0.5]

Of each network of ``conf/base``, at 64 px and in batches of 32: a step of pretraining
(the whole network, with augmentation) and one of the tail on features. Ways alternate
from step to step, in one process, so that all meet the same machine; medians count, of
the steps after the first two, in which TensorFlow traces.
"""

import argparse
from collections.abc import Callable
from statistics import median
from time import perf_counter

import keras
import numpy as np
from training_loop import SIZE, read_configuration

from detl.imaging.memory import keep_freed_memory
from detl.networks import build_network
from detl.networks.cut import copy_model, cut_trunk
from detl.schemas.parameters import (
    NetworkParameters,
    PretrainParameters,
    TrainingParameters,
)
from detl.training.augmentation import augment_inputs
from detl.training.fit import compile_network
from detl.training.speed.fast_layers import quicken_layers

BATCH = 32


def make_step(
    model: keras.Model, parameters: TrainingParameters, way: str
) -> Callable[[], object]:
    """Return what takes a step of a copy of the model on one batch."""
    copy = (copy_model if way == "keras" else quicken_layers)(model)
    compile_network(copy, parameters, 1)
    random = np.random.default_rng(0)
    inputs = random.random((BATCH, *model.input_shape[1:]), "float32")
    labels = np.arange(BATCH) % model.output_shape[-1]
    return lambda: copy.train_on_batch(inputs, labels)


def time_ways(steps: dict[str, Callable[[], object]], count: int) -> dict[str, float]:
    """Return the milliseconds of a step of each way."""
    seconds: dict[str, list[float]] = {way: [] for way in steps}
    for _ in range(count + 2):
        for way, step in steps.items():
            start = perf_counter()
            step()
            seconds[way].append(perf_counter() - start)
    return {way: 1000 * median(times[2:]) for way, times in seconds.items()}


def main(networks: list[str], count: int, width: float | None) -> None:
    """Print the table."""
    keep_freed_memory()
    print("| step | here | Keras's layers | ratio |")
    print("|---|---:|---:|---:|")
    for name in networks:
        values = read_configuration()["architectures"][name]
        network = values["network"] | ({"width_multiplier": width} if width else {})
        whole = build_network(NetworkParameters(**network), SIZE, 4, 0)
        pretrain = PretrainParameters(**values["pretrain"])
        transfer = TrainingParameters(**values["transfer"])
        augmented = augment_inputs(whole, pretrain.augmentation, 0)
        _, tail = cut_trunk(whole)
        for model, parameters in ((augmented, pretrain), (tail, transfer)):
            ways = ("here", "keras")
            steps = {way: make_step(model, parameters, way) for way in ways}
            found = time_ways(steps, count)
            part = "tail" if model is tail else "pretraining"
            print(
                f"| {name}, {part} | {found['here']:.1f} ms "
                f"| {found['keras']:.1f} ms "
                f"| {found['keras'] / found['here']:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--networks", nargs="+", default=["alexnet", "vgg16", "resnet50"]
    )
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--width", type=float, help="of all layers, in place of base's")
    arguments = parser.parse_args()
    main(arguments.networks, arguments.steps, arguments.width)
