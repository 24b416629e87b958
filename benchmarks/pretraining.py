"""The training step of pretraining beside plain Keras and plain PyTorch.

    python benchmarks/pretraining.py [--network vgg16] [--size 64] [--width 1]

The same network, size and batch three times, each on images that are rotated, zoomed
and mirrored on the way: as this project trains (``fit_network``, on pixels in a
memory-mapped file); as a Keras tutorial does (``fit`` on an array in memory, with the
augmentation layers in the model); and as a PyTorch tutorial does, a loop over a
DataLoader with affine_grid and grid_sample. Each in processes of its own, in turn,
since allocators and threads are a process's own. What counts is the median step, from
the end of one to the end of the next, after a first epoch. VGG16 is built as in the
paper, without normalisation, and ``--width`` as wide. PyTorch is measured where it is
installed (``pip install torch``).

And whether a step waits for its input: steps on the memory-mapped file beside steps on
one batch in memory, again and again.
"""

import argparse
import importlib.util
import json
import tempfile
import time
from statistics import median

import numpy as np
from comparison import Row, peak_memory, print_rows, run_alone

BATCH = 32
STORED = 20_000
ROTATION, ZOOM = 10.0, (0.85, 1.15)


def make_pixels(size: int) -> np.ndarray:
    """Return (n, size, size), uint8, in a memory-mapped file that is then removed."""
    with tempfile.TemporaryFile() as file:
        pixels = np.memmap(file, np.uint8, "w+", shape=(STORED, size, size))
    pixels[:] = np.random.default_rng(0).integers(0, 255, pixels.shape, dtype=np.uint8)
    return pixels


def build(arguments: argparse.Namespace):
    """Return the network that both ways with Keras train."""
    from detl.networks import build_network
    from detl.schemas.parameters import NetworkParameters

    parameters = NetworkParameters(
        network=arguments.network,
        width_multiplier=arguments.width,
        fully_connected_units=round(4096 * arguments.width),
        dropout=0.0,
        stem_stride=1,
        normalisation="batch" if arguments.network == "resnet50" else "none",
        precision="float32",
    )
    return build_network(parameters, arguments.size, 2, 0)


def time_steps():
    """Return a Keras callback that keeps the seconds from step to step, as ``seconds``.

    With what a step waits for its input; not those in which an epoch starts or ends.
    """
    import keras

    class Clock(keras.callbacks.Callback):
        def __init__(self) -> None:
            super().__init__()
            self.seconds: list[float] = []
            self._last = 0.0

        def on_train_batch_end(self, batch, logs=None):
            now = time.perf_counter()
            if batch:
                self.seconds.append(now - self._last)
            self._last = now

    return Clock()


def train_here(arguments: argparse.Namespace, has_fixed_input: bool) -> list[float]:
    """Return the seconds of steps as this project trains; or on one fixed batch."""
    from detl.schemas.parameters import AugmentationParameters, TrainingParameters
    from detl.training.augmentation import augment_inputs
    from detl.training.batches import RowBatches
    from detl.training.fit import fit_network

    seconds: list[float] = []

    class TimedBatches(RowBatches):
        """Keeps the seconds from batch to batch of an epoch, which are its steps."""

        def __getitem__(self, index):
            now = time.perf_counter()
            if index:
                seconds.append(now - self._last)
            self._last = now
            if not has_fixed_input:
                return super().__getitem__(index)
            if not hasattr(self, "_kept"):
                self._kept = super().__getitem__(0)
            return self._kept

    pixels = make_pixels(arguments.size)
    rows = np.random.default_rng(1).permutation(STORED)[: BATCH * arguments.steps]
    labels = np.arange(len(rows)) % 2
    augmentation = AugmentationParameters(
        rotation_degrees=ROTATION,
        smallest_zoom=ZOOM[0],
        largest_zoom=ZOOM[1],
        mirror=True,
    )
    parameters = TrainingParameters(
        epochs=arguments.epochs + 1,
        batch_size=BATCH,
        optimizer="adam",
        learning_rate=1e-3,
        momentum=0.0,
        schedule="constant",
        warm_up_epochs=0,
        jit_compile="auto",
        distribution="none",
        epochs_at_chance=None,
    )
    model = augment_inputs(build(arguments), augmentation, 0)
    validation = RowBatches(pixels, rows[:BATCH], labels[:BATCH], BATCH)
    training = TimedBatches(pixels, rows, labels, BATCH, 0)
    fit_network(model, training, validation, parameters, "here")
    return seconds[arguments.steps - 1 :]


def train_keras(arguments: argparse.Namespace) -> list[float]:
    """Return the seconds of steps of a plain ``fit`` on arrays."""
    import keras

    count = BATCH * arguments.steps
    pixels = make_pixels(arguments.size)[:count, ..., None].astype("float32")
    labels = np.arange(count) % 2
    inputs = keras.Input(pixels.shape[1:])
    turned = keras.layers.RandomRotation(ROTATION / 360, fill_mode="nearest")(inputs)
    window = (1 / ZOOM[1] - 1, 1 / ZOOM[0] - 1)
    zoomed = keras.layers.RandomZoom(window, fill_mode="nearest")(turned)
    mirrored = keras.layers.RandomFlip("horizontal")(zoomed)
    model = keras.Model(inputs, build(arguments)(mirrored))
    model.compile(
        keras.optimizers.Adam(1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        # As here: on a CPU, XLA makes TensorFlow slower.
        jit_compile=False,
    )
    clock = time_steps()
    epochs = arguments.epochs + 1
    model.fit(pixels, labels, BATCH, epochs, verbose=0, callbacks=[clock])
    return clock.seconds[arguments.steps - 1 :]


def build_torch(size: int, width: float):
    """Return VGG16 in PyTorch, as ``detl.networks.vgg16`` builds it."""
    from torch import nn

    layers: list[nn.Module] = [nn.LayerNorm((1, size, size), elementwise_affine=False)]
    channels = 1
    for filters, convolutions in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(convolutions):
            wide = max(1, round(filters * width))
            layers += [
                nn.Conv2d(channels, wide, 3, padding=1),
                nn.ReLU(inplace=True),
            ]
            channels = wide
        layers.append(nn.MaxPool2d(2))
    flat, hidden = channels * (size // 32) ** 2, round(4096 * width)
    layers += [nn.Flatten(), nn.Linear(flat, hidden), nn.ReLU()]
    layers += [nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 2)]
    return nn.Sequential(*layers)


def train_torch(arguments: argparse.Namespace) -> list[float]:
    """Return the seconds of steps of a plain loop in PyTorch, of VGG16."""
    import torch
    from torch.nn import functional
    from torch.utils.data import DataLoader, TensorDataset

    count = BATCH * arguments.steps
    pixels = torch.from_numpy(make_pixels(arguments.size)[:count, None].copy())
    loader = DataLoader(
        TensorDataset(pixels, torch.arange(count) % 2), BATCH, shuffle=True
    )
    model = build_torch(arguments.size, arguments.width)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    seconds = []
    for _ in range(arguments.epochs + 1):
        last = None
        for images, labels in loader:
            angles = torch.deg2rad((torch.rand(BATCH) * 2 - 1) * ROTATION)
            scales = 1 / (ZOOM[0] + torch.rand(BATCH) * (ZOOM[1] - ZOOM[0]))
            mirrors = torch.where(torch.rand(BATCH) < 0.5, -1.0, 1.0)
            cosines, sines = scales * angles.cos(), scales * angles.sin()
            nothing = torch.zeros(BATCH)
            maps = torch.stack(
                [mirrors * cosines, -sines, nothing, mirrors * sines, cosines, nothing],
                dim=1,
            ).view(-1, 2, 3)
            grid = functional.affine_grid(maps, images.shape, align_corners=False)
            views = functional.grid_sample(
                images.float(), grid, padding_mode="border", align_corners=False
            )
            loss = functional.cross_entropy(model(views / 255), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            now = time.perf_counter()
            if last is not None:
                seconds.append(now - last)
            last = now
    return seconds[arguments.steps - 1 :]


WAYS = {
    "here": lambda arguments: train_here(arguments, has_fixed_input=False),
    "fixed": lambda arguments: train_here(arguments, has_fixed_input=True),
    "keras": train_keras,
    "torch": train_torch,
}


def main(arguments: argparse.Namespace) -> None:
    """Print the table."""
    ways = ["here", "fixed", "keras"]
    if importlib.util.find_spec("torch") and arguments.network == "vgg16":
        ways.append("torch")
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    peaks = dict.fromkeys(ways, 0.0)
    for _ in range(arguments.repeats):
        for way in ways:
            found = run_alone(__file__, **vars(arguments) | {"way": way})
            seconds[way] += found["seconds"]
            peaks[way] = max(peaks[way], found["peak"])
    speed = {way: BATCH / median(seconds[way]) for way in ways}
    what = (
        f"pretraining step, {arguments.network} at {arguments.size} px, width "
        f"{arguments.width:g}, batch {BATCH}"
    )
    rows = [
        Row(
            f"{what}: {name}",
            f"{speed['here']:.1f} images/s",
            f"{speed[way]:.1f} images/s",
            speed["here"] / speed[way],
            goal,
            peak=peaks["here"],
        )
        for way, name, goal in (
            ("keras", "Keras `fit` on arrays", 1.0),
            ("torch", "PyTorch loop", 1.3),
        )
        if way in ways
    ]
    steps = {way: 1000 * median(seconds[way]) for way in ways}
    rows.append(
        Row(
            f"{what}: one fixed batch",
            f"{steps['here']:.0f} ms a step",
            f"{steps['fixed']:.0f} ms a step",
            steps["here"] / steps["fixed"],
            1.03,
            at_most=True,
            peak=peaks["here"],
        )
    )
    print_rows(rows)
    print(f"\nPeak memory beside: { {way: f'{peaks[way]:.0f} MB' for way in ways} }")
    if "torch" not in ways:
        print("PyTorch was not measured: it is not installed, or no VGG16 asked for.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", default="vgg16")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--width", type=float, default=1.0)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        measured = WAYS[given.way](given)
        print(json.dumps({"seconds": measured, "peak": peak_memory()}))
    else:
        main(given)
