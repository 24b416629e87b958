"""How fast the paper's networks train on this machine's GPU, and how long the paper is.

    python benchmarks/gpu.py [--networks vgg16] [--batch 32] [--precision float32]

Needs Python, numpy, Keras and JAX, and nothing else of the project installed. For each
network of the paper, at 224 pixels and full width, it measures

- pretraining: steps of the whole network, with augmentation;
- scoring: the whole network without training, as on the validation part;
- features: the frozen part, which runs once over Data-B, results fetched;
- tail: steps of what the folds train, on such features.

All take their inputs from the host's memory, batch by batch, as the project does.
Labels and inputs are random: they cost as much as real ones. The first steps, in which
JAX compiles, are not timed. Each part has a process of its own, so that the most memory
that it took can be told; it is left out where the device does not say.

The rate of floating point operations is counted from the shapes of the convolutions and
fully connected layers: two for each multiplication with addition, in the forward pass;
as many again for the gradient by the weights, and by the layer's input, which the first
layer does not need. All else, augmentation and normalisation too, counts as nothing. It
is set beside the rate at which the machine multiplies large square matrices in
bfloat16, which is measured as well.

The last column is the time of this part in the paper: 88,379 images in 100 epochs of
pretraining, with 20,000 to score after each; the frozen part over 1,277 images; 5 folds
of 919 images in 100 epochs, with 102 to score, which is counted as slow as training.
Reading the images, Grad-CAM and the report are not in it.

Goals, on one H100: VGG16 pretrains at 45 % of the matrix rate, ResNet50 at 3,500 images
a second, and the paper takes an hour. They hold for mixed_bfloat16, the default here.
"""

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from math import prod
from operator import call
from pathlib import Path
from types import SimpleNamespace
from typing import Any

# Before Keras is imported. The source is found without an installation.
os.environ.setdefault("KERAS_BACKEND", "jax")
sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

import jax
import keras
import numpy as np

from detl.networks import build_network
from detl.networks.cut import cut_trunk, replace_head
from detl.training.augmentation import augment_inputs
from detl.training.fit import compile_network
from detl.training.speed.fast_layers import quicken_layers

# As in conf/paper, which cannot be read without a further package.
KEYS = (
    *("fully_connected_units", "dropout", "stem_stride", "last_stride"),
    *("head_input", "normalisation"),
)
NETWORKS = {
    "alexnet": (4096, 0.5, 4, 2, "flatten", "none"),
    "vgg16": (4096, 0.5, 1, 2, "flatten", "none"),
    "resnet50": (0, 0.0, 2, 2, "average", "batch"),
}
AUGMENTATION = {
    "rotation_degrees": 10.0,
    "smallest_zoom": 0.85,
    "largest_zoom": 1.15,
    "mirror": True,
}
OF_BOTH = {"epochs": 100, "warm_up_epochs": 0, "jit_compile": "auto"}
ADAM = {"optimizer": "adam", "learning_rate": 1e-3, "momentum": 0.0}
SGD = {"optimizer": "sgd", "learning_rate": 1e-4, "momentum": 0.9}
PRETRAIN = {**OF_BOTH, **ADAM, "schedule": "cosine", "epochs_at_chance": 10}
TRANSFER = {**OF_BOTH, **SGD, "schedule": "constant", "epochs_at_chance": None}
TIMES_SEEN = {
    "pretraining": 100 * 88_379,
    "scoring": 100 * 20_000,
    "features": 1_277,
    "tail": 5 * 100 * (919 + 102),
}
"""Images that pass through each part in the paper."""

HEADER = (
    f"{'network':<10}{'part':<13}{'images/s':>10}{'GFLOP/image':>13}"
    f"{'TFLOP/s':>10}{'of matrix rate':>16}{'memory, GiB':>13}{'hours':>10}"
)

VGG16_SHARE, RESNET50_RATE, PAPER_HOURS = 0.45, 3500, 1


@dataclass(frozen=True)
class Rate:
    """How fast one part of one network is.

    Attributes:
        network: Name of the network.
        part: A key of ``TIMES_SEEN``.
        images: Images a second.
        operations: Floating point operations for each image.
        memory: Most bytes of the device's memory in use, where it says.
    """

    network: str
    part: str
    images: float
    operations: float
    memory: int | None


def main() -> None:
    """Measure, and print the table."""
    options = parse_options()
    measure = call if options.together else in_own_process
    matrix_rate, device = measure(measure_matrices, options.matrix)
    print(f"{device}, JAX {jax.__version__}, Keras {keras.__version__}")
    print(
        f"{options.precision}, {options.size} pixels, width {options.width:g}, "
        f"batches of {options.batch}"
    )
    print(
        f"matrices of {options.matrix} x {options.matrix} in bfloat16: "
        f"{matrix_rate / 1e12:.3g} TFLOP/s\n"
    )
    print(HEADER)
    rates = []
    for network, part in product(options.networks, TIMES_SEEN):
        rates.append(measure(measure_part, network, part, options))
        # At once: all of them take minutes.
        print(describe(rates[-1], matrix_rate), flush=True)
    print(f"{'all in the paper':<85}{sum(map(hours_in_paper, rates)):>10.3g}")
    if (options.size, options.width) == (224, 1) and "cpu" not in device.lower():
        print("\n" + "\n".join(compare_with_goals(rates, matrix_rate)))


def parse_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), metavar="NAME")
    parser.add_argument("--size", type=int, default=224, help="pixels of each side")
    parser.add_argument("--width", type=float, default=1.0, help="of all layers")
    parser.add_argument("--batch", type=int, default=32, help="images in a step")
    parser.add_argument("--steps", type=int, default=100, help="steps that are timed")
    parser.add_argument("--images", type=int, default=8192, help="images to draw from")
    parser.add_argument("--precision", default="mixed_bfloat16", help="a Keras policy")
    parser.add_argument("--matrix", type=int, default=8192, help="rows of the matrices")
    parser.add_argument(
        "--together",
        action="store_true",
        help="one process for all, which starts sooner; memory is of all parts so far",
    )
    options = parser.parse_args()
    if unknown := set(options.networks) - set(NETWORKS):
        parser.error(
            f"no network {', '.join(unknown)}: there are {', '.join(NETWORKS)}"
        )
    return options


def in_own_process(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return the function's result from a process that ends with it."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return pool.submit(function, *arguments).result()


def measure_matrices(rows: int) -> tuple[float, str]:
    """Return operations a second of multiplying matrices, and the device's name."""
    multiply = jax.jit(lambda a, b: a @ b)
    a, b = jax.random.normal(jax.random.key(0), (2, rows, rows), "bfloat16")
    multiply(a, b).block_until_ready()
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(10):
            product = multiply(a, b)
        product.block_until_ready()
        seconds.append((time.perf_counter() - start) / 10)
    return 2 * rows**3 / min(seconds), jax.devices()[0].device_kind


def measure_part(network: str, part: str, options: argparse.Namespace) -> Rate:
    """Return how fast one part of one network is."""
    random = np.random.default_rng(0)
    rows = random.integers(0, options.images, options.batch * options.steps, "int32")
    shape = (options.images, options.size, options.size, 1)
    pixels = random.integers(0, 256, shape, "uint8") if part != "tail" else None
    model = build(network, options)
    if part == "pretraining":
        augmented = augment_inputs(model, SimpleNamespace(**AUGMENTATION), seed=0)
        trained = quicken_layers(augmented)
        rate = time_training(trained, pixels[rows], PRETRAIN, options.batch)
    elif part == "scoring":
        rate = time_inference(model, pixels[rows], options.batch)
    elif part == "features":
        model, _ = cut_trunk(replace_head(model, 4, seed=0))
        rows = rows[: TIMES_SEEN["features"]]
        rate = time_inference(model, pixels[rows], 64)
    else:
        _, model = cut_trunk(replace_head(model, 4, seed=0))
        count = min(len(rows), 919)
        features = random.random((count, *model.input_shape[1:]), "float32")
        trained = quicken_layers(model)
        rate = time_training(trained, features, TRANSFER, options.batch)
    is_trained = part in ("pretraining", "tail")
    # Of what a CPU has in use, JAX says nothing.
    memory = (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use")
    return Rate(network, part, rate, count_operations(model, is_trained), memory)


def build(network: str, options: argparse.Namespace) -> keras.Model:
    """Return the untrained network, as in conf/paper but for the options."""
    values = {
        **dict(zip(KEYS, NETWORKS[network], strict=True)),
        "network": network,
        "width_multiplier": options.width,
        "precision": options.precision,
    }
    values["fully_connected_units"] = round(
        values["fully_connected_units"] * options.width
    )
    return build_network(SimpleNamespace(**values), options.size, 2, seed=0)


def time_training(
    model: keras.Model, inputs: np.ndarray, values: dict[str, Any], batch: int
) -> float:
    """Return images a second of whole batches of an epoch of training."""
    starts = range(0, max(1, len(inputs) // batch) * batch, batch)
    labels = np.arange(len(inputs)) % model.output_shape[-1]
    parameters = SimpleNamespace(**values)
    compile_network(model, parameters, len(starts))
    model.train_on_batch(inputs[:batch], labels[:batch])
    start = time.perf_counter()
    for first in starts:
        chosen = slice(first, first + batch)
        model.train_on_batch(inputs[chosen], labels[chosen])
    return len(starts) * batch / (time.perf_counter() - start)


def time_inference(model: keras.Model, inputs: np.ndarray, batch: int) -> float:
    """Return images a second until their outputs have come from the device."""
    starts = range(0, max(1, len(inputs) // batch) * batch, batch)
    model.predict_on_batch(inputs[:batch])
    start = time.perf_counter()
    for first in starts:
        model.predict_on_batch(inputs[first : first + batch])
    return len(starts) * batch / (time.perf_counter() - start)


def count_operations(model: keras.Model, is_trained: bool) -> float:
    """Return the floating point operations that one image costs."""
    forward = [
        2.0 * prod(layer.kernel.shape) * prod(layer.output.shape[1:-1])
        for layer in model.layers
        if hasattr(layer, "kernel")
    ]
    return 3 * sum(forward) - forward[0] if is_trained else sum(forward)


def hours_in_paper(rate: Rate) -> float:
    """Return how long this part takes in the paper."""
    return TIMES_SEEN[rate.part] / rate.images / 3600


def describe(rate: Rate, matrix_rate: float) -> str:
    """Return a line of the table."""
    done = rate.images * rate.operations
    memory = "-" if rate.memory is None else f"{rate.memory / 2**30:.1f}"
    return (
        f"{rate.network:<10}{rate.part:<13}{rate.images:>10.1f}"
        f"{rate.operations / 1e9:>13.3g}{done / 1e12:>10.3g}"
        f"{done / matrix_rate:>16.1%}{memory:>13}{hours_in_paper(rate):>10.3g}"
    )


def compare_with_goals(rates: list[Rate], matrix_rate: float) -> list[str]:
    """Return a line per goal whose networks were measured, with what was found."""
    found = {rate.network: rate for rate in rates if rate.part == "pretraining"}
    lines = []
    if vgg16 := found.get("vgg16"):
        share = vgg16.images * vgg16.operations / matrix_rate
        lines.append(f"VGG16 at {VGG16_SHARE:.0%} of the matrix rate: {share:.1%}")
    if resnet50 := found.get("resnet50"):
        lines.append(
            f"ResNet50 at {RESNET50_RATE} images a second: {resnet50.images:.0f}"
        )
    if set(found) == set(NETWORKS):
        hours = sum(map(hours_in_paper, rates))
        lines.append(f"the paper in {PAPER_HOURS} hour: {hours:.2f}")
    return [f"goal on one H100, {line}" for line in lines]


if __name__ == "__main__":
    main()
