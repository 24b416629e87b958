"""The training loop beside that of another version of this project, and Keras's `fit`.

    python benchmarks/training_loop.py [--networks alexnet]
        [--beside /path/to/another/src] [--repeats 3]

Trains, in one process and in turn, each network of ``conf/base`` for all its epochs, on
few images, so that it does not take long: the tail of a fold on features, and the whole
network on Data-A with augmentation. ``fit_network`` of this source tree is
compared with that of another one, or with a plain Keras ``fit`` of the same batches.
Medians are compared: of the whole training, with what is compiled in it, and of the
epochs after the first. The last column says whether weights and curves are the same,
bit for bit.
"""

import argparse
import importlib
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from types import ModuleType, SimpleNamespace
from typing import Any

import keras
import numpy as np
from omegaconf import OmegaConf

ROOT = Path(__file__).parents[1]
SIZE = 64
PRETRAINING = {"classes": 2, "training": 521, "validation": 120}
"""Images of Data-A."""
FOLD = {"classes": 4, "training": 181, "validation": 30}
"""Images of a fold of Data-B."""

MODULES = {
    "build_network": "networks",
    "cut_trunk": "networks.cut",
    "augment_inputs": "training.augmentation",
    "RowBatches": "training.batches",
    "compile_network": "training.fit",
    "fit_network": "training.fit",
    "NetworkParameters": "schemas.parameters",
    "PretrainParameters": "schemas.parameters",
    "TrainingParameters": "schemas.parameters",
    "keep_freed_memory": "memory",
}


@dataclass(frozen=True)
class Training:
    """What one training took, and what came of it.

    Attributes:
        seconds: From the first look at the batches to the weights of the best epoch.
        epochs: Seconds of each epoch after the first.
        weights: Of the trained network.
        curves: The learning curves.
    """

    seconds: float
    epochs: list[float]
    weights: list[np.ndarray]
    curves: dict[str, list[float]]


def load_version(source: Path) -> SimpleNamespace:
    """Return what is needed of the project whose packages lie in a folder."""
    for name in [n for n in sys.modules if n.partition(".")[0] == "detl"]:
        del sys.modules[name]
    sys.path.insert(0, str(source))
    modules: dict[str, ModuleType] = {
        name: importlib.import_module(f"detl.{name}") for name in MODULES.values()
    }
    sys.path.remove(str(source))
    return SimpleNamespace(**{n: getattr(modules[m], n) for n, m in MODULES.items()})


class EpochClock(logging.Handler):
    """Notes when the line of each epoch is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Note the time."""
        self.times.append(record.created)


@contextmanager
def time_epochs() -> Iterator[EpochClock]:
    """Yield a clock that notes the ends of epochs."""
    clock = EpochClock()
    logger = logging.getLogger("detl.epochs")
    logger.setLevel(logging.INFO)
    logger.addHandler(clock)
    try:
        yield clock
    finally:
        logger.removeHandler(clock)


def read_configuration() -> dict[str, Any]:
    """Return the parameters of the networks in environment ``base``."""
    folder = ROOT / "conf/base"
    globals_ = OmegaConf.load(folder / "globals.yml")
    resolve = partial(OmegaConf.select, globals_)
    OmegaConf.register_resolver("globals", resolve, replace=True)
    parameters = OmegaConf.load(folder / "parameters_architectures.yml")
    return dict(OmegaConf.to_container(parameters, resolve=True))


def train(detl: SimpleNamespace, name: str, is_tail: bool, is_plain: bool) -> Training:
    """Return a training of a network, or of its tail, with fixed seeds."""
    values = read_configuration()["architectures"][name]
    part = FOLD if is_tail else PRETRAINING
    random = np.random.default_rng(0)
    count = part["training"] + part["validation"]
    inputs = random.integers(0, 256, (count, SIZE, SIZE), dtype=np.uint8)
    labels = random.integers(0, part["classes"], count)
    parameters = detl.NetworkParameters(**values["network"])
    model = detl.build_network(parameters, SIZE, part["classes"], 0)
    if is_tail:
        _, model = detl.cut_trunk(model)
        inputs = random.random((count, *model.input_shape[1:]), "float32")
        schedule = detl.TrainingParameters(**values["transfer"])
        trained = model
    else:
        # Random labels cannot be learnt, and the training must go on to its end.
        endless = {"epochs_at_chance": None}
        schedule = detl.PretrainParameters(**values["pretrain"] | endless)
        trained = detl.augment_inputs(model, schedule.augmentation, 0)
    rows = np.split(np.arange(count), [part["training"]])
    batches = [
        detl.RowBatches(inputs, chosen, labels[chosen], schedule.batch_size, seed)
        for chosen, seed in zip(rows, (0, None), strict=True)
    ]
    keras.utils.set_random_seed(0)
    with time_epochs() as clock:
        start = perf_counter()
        if is_plain:
            curves = fit_plainly(detl, trained, *batches, schedule)
        else:
            curves = detl.fit_network(trained, *batches, schedule, name)
        seconds = perf_counter() - start
    return Training(seconds, list(np.diff(clock.times)), model.get_weights(), curves)


def fit_plainly(detl, model, training, validation, parameters):
    """Return the curves of a training by Keras's ``fit``, as tutorials do it."""
    detl.compile_network(model, parameters, training.num_batches)
    logger = logging.getLogger("detl.epochs")
    line = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: logger.info(epoch)
    )
    best = keras.callbacks.EarlyStopping(
        "val_accuracy",
        mode="max",
        patience=parameters.epochs,
        restore_best_weights=True,
    )
    return model.fit(
        training,
        validation_data=validation,
        epochs=parameters.epochs,
        shuffle=False,
        verbose=0,
        callbacks=[best, line],
    ).history


def name_differences(first: Training, second: Training) -> str:
    """Return in words what is not the same, bit for bit."""
    words = [f"curve {n}" for n, x in first.curves.items() if x != second.curves.get(n)]
    if not all(map(np.array_equal, first.weights, second.weights)):
        words.append("weights")
    return ", ".join(words) or "none"


def main(arguments: argparse.Namespace) -> None:
    """Print the table."""
    here = load_version(ROOT / "src")
    here.keep_freed_memory()
    ways: dict[str, Callable[..., Training]] = {
        "here": lambda *what: train(here, *what, is_plain=False),
    }
    if arguments.beside:
        other = load_version(arguments.beside)
        ways["other"] = lambda *what: train(other, *what, is_plain=False)
    else:
        ways["fit"] = lambda *what: train(here, *what, is_plain=True)
    # What TensorFlow starts once in a process would count against the first way.
    train(here, arguments.networks[0], is_tail=True, is_plain=False)
    print("| training | beside | here | beside | ratio | an epoch | differences |")
    print("|---|---|---:|---:|---:|---:|---|")
    for name in arguments.networks:
        for is_tail in (True, False):
            found: dict[str, list[Training]] = {way: [] for way in ways}
            for _ in range(arguments.repeats):
                for way, run in ways.items():
                    found[way].append(run(name, is_tail))
            title = f"{name}, {'tail of a fold' if is_tail else 'pretraining'}"
            print_rows(title, found)


def print_rows(title: str, found: dict[str, list[Training]]) -> None:
    """Print what the trainings here took beside those of each other way."""
    for way in list(found)[1:]:
        seconds = [median(t.seconds for t in found[w]) for w in ("here", way)]
        epochs = [median(s for t in found[w] for s in t.epochs) for w in ("here", way)]
        bits = name_differences(found["here"][0], found[way][0])
        print(
            f"| {title} | {way} | {seconds[0]:.2f} s | {seconds[1]:.2f} s "
            f"| {seconds[0] / seconds[1]:.2f} "
            f"| {1000 * epochs[0]:.0f} : {1000 * epochs[1]:.0f} ms "
            f"= {epochs[0] / epochs[1]:.2f} | {bits} |",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--beside", type=Path, help="src folder of another version")
    parser.add_argument(
        "--networks", nargs="+", default=["alexnet", "vgg16", "resnet50"]
    )
    parser.add_argument("--repeats", type=int, default=3)
    main(parser.parse_args())
