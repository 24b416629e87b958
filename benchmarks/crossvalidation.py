"""A cross-validation on cached features beside the whole network with frozen layers.

    python benchmarks/crossvalidation.py [--images 200] [--epochs 20] [--width 0.5]

Of each network, 5 folds: here the trunk runs once over all images and each fold trains
the tail on what it gave (the nodes of ``transfer`` and ``crossval``), from the trunk's
first image to the last fold's best weights. Beside it, what tutorials do: Keras ``fit``
of the whole network, its first layers set to ``trainable = False``; three epochs
of one fold are measured, in a process of its own; the first counts once for each fold,
and the quicker of the others for all others, as all do the same work. Both validate
after each epoch.

And beside the floor: the time that the floating-point operations of the tail's
convolutions and dense layers take at the rate that this machine reaches in a 3 x 3
convolution alone, forward and backward, at the tail's batch size, with as many maps as
the tail's features have, on maps as large, but no smaller than 8 x 8. A training step
counts three times the forward pass, less the gradient of the features, which nobody
needs; a validation once.
"""

import argparse
import json
import time
from statistics import median

import numpy as np
from comparison import Row, peak_memory, print_rows, run_alone

BATCH, FOLDS = 32, 5
NETWORKS = {"vgg16": 4.0, "alexnet": None, "resnet50": None}
"""And how much faster than the whole network it shall be, where that is measured."""


def make_sample(arguments: argparse.Namespace):
    """Return pixels, and of each fold the rows and labels to train and to validate."""
    random = np.random.default_rng(0)
    shape = (arguments.images, arguments.size, arguments.size)
    pixels = random.integers(0, 255, shape, dtype=np.uint8)
    labels = random.integers(0, 4, arguments.images)
    parts = np.array_split(np.arange(arguments.images), FOLDS)
    folds = [(np.setdiff1d(np.arange(arguments.images), held), held) for held in parts]
    return pixels, labels, folds


def build(network: str, arguments: argparse.Namespace):
    """Return the network with four classes."""
    from detl.networks import build_network
    from detl.schemas.parameters import NetworkParameters

    parameters = NetworkParameters(
        network=network,
        width_multiplier=arguments.width,
        fully_connected_units=0 if network == "resnet50" else 256,
        dropout=0.0,
        stem_stride=2 if network == "alexnet" else 1,
        normalisation="batch",
        precision="float32",
    )
    return build_network(parameters, arguments.size, 4, 0)


def train_here(network: str, arguments: argparse.Namespace) -> dict[str, float]:
    """Return the seconds of all folds, and those that the tail's operations take."""
    from detl.networks.cut import copy_model, cut_trunk
    from detl.schemas.parameters import TrainingParameters
    from detl.training.batches import RowBatches
    from detl.training.features import extract_features
    from detl.training.fit import fit_network

    pixels, labels, folds = make_sample(arguments)
    trunk, tail = cut_trunk(build(network, arguments))
    parameters = TrainingParameters(
        epochs=arguments.epochs,
        batch_size=BATCH,
        optimizer="sgd",
        learning_rate=1e-3,
        momentum=0.9,
        schedule="constant",
        warm_up_epochs=0,
        jit_compile="auto",
        distribution="none",
        epochs_at_chance=None,
    )
    start = time.perf_counter()
    features = extract_features(trunk, pixels, np.arange(len(pixels)))
    extracted = time.perf_counter()
    for number, (training, held) in enumerate(folds):
        fit_network(
            copy_model(tail),
            RowBatches(features, training, labels[training], BATCH, number),
            RowBatches(features, held, labels[held], BATCH),
            parameters,
            str(number),
        )
    end = time.perf_counter()
    step, forward = count_operations(tail)
    trained = sum(len(training) for training, _ in folds) * arguments.epochs
    validated = sum(len(held) for _, held in folds) * arguments.epochs
    operations = step * trained + forward * validated
    return {
        "all": end - start,
        "folds": end - extracted,
        "floor": operations / measure_rate(tail),
        "peak": peak_memory(),
    }


def count_operations(tail) -> tuple[float, float]:
    """Return the operations per image of a training step and of a forward pass."""
    forward = {}
    for layer in tail.layers:
        kernel = getattr(layer, "kernel", None)
        if kernel is not None:
            places = np.prod(layer.output.shape[1:-1], initial=1)
            forward[layer] = 2 * places * np.prod(kernel.shape)
    inputs = tail.input
    needless = sum(forward[layer] for layer in forward if layer.input is inputs)
    total = sum(forward.values())
    return float(3 * total - needless), float(total)


def measure_rate(tail) -> float:
    """Return the operations per second of this machine in a 3 x 3 convolution.

    Forward and backward, with Keras's own gradients. Maps in and out are as many as
    the tail's features have, and of their height and width, but at least 64 maps of
    8 x 8.
    """
    import keras
    import tensorflow as tf

    _, height, width, maps = tail.input.shape
    height, width, maps = max(height, 8), max(width, 8), max(maps, 64)
    inputs, upstream = tf.random.normal((2, BATCH, height, width, maps))
    layer = keras.layers.Conv2D(maps, 3, padding="same", use_bias=False)
    layer.build(inputs.shape)
    kernel = layer.kernel.value

    @tf.function
    def convolve():
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs)
        # What is not returned is not computed.
        return outputs, tape.gradient(outputs, [inputs, kernel], upstream)

    seconds = []
    for _ in range(23):
        start = time.perf_counter()
        convolve()
        seconds.append(time.perf_counter() - start)
    return 3 * 2 * BATCH * height * width * 9 * maps**2 / median(seconds[3:])


def train_whole(network: str, arguments: argparse.Namespace) -> dict[str, float]:
    """Return the seconds of five folds of the whole network with frozen layers."""
    import keras

    from detl.networks.names import END_OF_TRUNK

    pixels, labels, folds = make_sample(arguments)
    images = pixels[..., None].astype("float32")
    model = build(network, arguments)
    names = [layer.name for layer in model.layers]
    for layer in model.layers[: names.index(END_OF_TRUNK)]:
        layer.trainable = False
    model.compile(
        keras.optimizers.SGD(1e-3, momentum=0.9),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,
    )
    training, held = folds[0]
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        model.fit(
            images[training],
            labels[training],
            BATCH,
            verbose=0,
            validation_data=(images[held], labels[held]),
            validation_batch_size=BATCH,
        )
        seconds.append(time.perf_counter() - start)
    first, epoch = seconds[0], min(seconds[1:])
    return {
        "all": FOLDS * (first + (arguments.epochs - 1) * epoch),
        "peak": peak_memory(),
    }


WAYS = {"here": train_here, "whole": train_whole}


def main(arguments: argparse.Namespace) -> None:
    """Print the table."""
    rows = []
    options = vars(arguments)
    for network in arguments.networks:
        here = run_alone(__file__, **options | {"networks": network, "way": "here"})
        what = (
            f"cross-validation, {network} at {arguments.size} px, width "
            f"{arguments.width:g}, {FOLDS} folds x {arguments.epochs} epochs, "
            f"{arguments.images} images"
        )
        goal = NETWORKS[network]
        if goal:
            whole = run_alone(
                __file__, **options | {"networks": network, "way": "whole"}
            )
            rows.append(
                Row(
                    f"{what}: Keras `fit` with frozen layers",
                    f"{here['all']:.1f} s",
                    f"{whole['all']:.1f} s",
                    whole["all"] / here["all"],
                    goal,
                    peak=here["peak"],
                )
            )
        rows.append(
            Row(
                f"{what}: the tail's operations at the rate of a convolution",
                f"{here['folds']:.1f} s",
                f"{here['floor']:.1f} s",
                here["folds"] / here["floor"],
                1.25,
                at_most=True,
                peak=here["peak"],
            )
        )
    print_rows(rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS))
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--width", type=float, default=0.5)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        print(json.dumps(WAYS[given.way](given.networks[0], given)))
    else:
        main(given)
