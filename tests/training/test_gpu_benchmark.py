"""``benchmarks/gpu.py`` at tiny sizes, with nothing but numpy, Keras and JAX."""

import os
import re
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import keras
import pytest
from omegaconf import OmegaConf

pytestmark = pytest.mark.long

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
PAPER = Path(__file__).parents[2] / "conf/paper/parameters_architectures.yml"
PARTS = ("pretraining", "scoring", "features", "tail")
NOT_THERE = (
    *("kedro", "kedro_mlflow", "mlflow", "tensorflow", "torch", "pydantic", "pandas"),
    *("pandera", "sklearn", "skimage", "matplotlib", "cv2", "PIL", "tqdm"),
)
"""What is not there with nothing but numpy, Keras and JAX, and what these need."""

WITHOUT = """
import runpy, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""A program that runs another one where these modules cannot be imported."""


@pytest.fixture(scope="module")
def gpu():
    with pytest.MonkeyPatch.context() as patch:
        # The script would choose JAX, for all later tests too.
        patch.setenv("KERAS_BACKEND", keras.backend.backend())
        patch.syspath_prepend(BENCHMARKS)
        import gpu

        yield gpu


@pytest.fixture(scope="module")
def printed():
    """Return what the script prints of AlexNet, where all else cannot be imported."""
    program = WITHOUT.format(missing=NOT_THERE)
    options = {
        "networks": "alexnet",
        "size": 32,
        "width": 0.03,
        "batch": 4,
        "steps": 2,
        "images": 8,
        "matrix": 64,
        "precision": "float32",  # which JAX compiles faster on a processor
    }
    words = [word for n, value in options.items() for word in (f"--{n}", str(value))]
    command = subprocess.run(
        [sys.executable, "-c", program, BENCHMARKS / "gpu.py", "--together", *words],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert command.returncode == 0, command.stderr
    return command.stdout


def test_it_prints_a_row_for_each_part_with_numpy_keras_and_jax_alone(printed):
    rows = re.findall(r"^alexnet +(\w+) +[\d.]+ .*\d$", printed, re.MULTILINE)

    assert tuple(rows) == PARTS
    assert "all in the paper" in printed


def test_it_prints_the_device_the_matrix_rate_and_the_precision(printed):
    assert "cpu, JAX" in printed
    assert "matrices of 64 x 64 in bfloat16: " in printed
    assert "float32, 32 pixels, width 0.03, batches of 4" in printed


def test_on_a_processor_nothing_is_compared_with_the_goals(printed):
    assert "goal" not in printed


def test_its_networks_and_trainings_are_those_of_environment_paper(gpu):
    """But for the precision, which the GPU needs, and what it says of devices."""
    for name, block in OmegaConf.to_container(OmegaConf.load(PAPER))[
        "architectures"
    ].items():
        network = dict(zip(gpu.KEYS, gpu.NETWORKS[name], strict=True))
        assert block["network"] == {"network": name, "width_multiplier": 1.0, **network}
        for stage, ours in (("pretrain", gpu.PRETRAIN), ("transfer", gpu.TRANSFER)):
            stated = {**block[stage], "jit_compile": "auto"}
            assert stated.pop("batch_size") == 32
            # Of what comes after the steps, or which of them there are.
            for name_of in ("read", "last_batch", "views"):
                stated.pop(name_of, None)
            assert stated.pop("augmentation", gpu.AUGMENTATION) == gpu.AUGMENTATION
            assert stated == ours


@pytest.mark.parametrize(("name", "forward"), [("alexnet", 1.7), ("resnet50", 8.0)])
def test_it_counts_as_many_operations_as_the_documentation(gpu, name, forward):
    model = gpu.build(name, Namespace(size=224, width=1.0, precision="float32"))

    assert gpu.count_operations(model, is_trained=False) / 1e9 == pytest.approx(
        forward, abs=0.05
    )


def test_a_step_costs_three_forward_passes_less_one_of_the_first_layer(gpu):
    inputs = keras.Input((8, 8, 2))
    x = keras.layers.Conv2D(3, 3, 2, padding="same")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(5)(keras.layers.Flatten()(x)))
    convolution, dense = 2 * 9 * 2 * 3 * 16, 2 * 48 * 5

    assert gpu.count_operations(model, False) == convolution + dense
    assert gpu.count_operations(model, True) == 2 * convolution + 3 * dense


def test_a_part_is_measured_in_a_process_that_ends_with_it(gpu):
    assert gpu.in_own_process(os.getpid) != os.getpid()


def _rate(gpu, network: str, images: float, part: str = "pretraining"):
    return gpu.Rate(network, part, images, operations=1e9, memory=3 * 2**30)


def test_a_row_has_the_share_of_the_matrix_rate_the_memory_and_the_hours(gpu):
    line = gpu.describe(_rate(gpu, "vgg16", 8_837_900 / 3600), matrix_rate=1e13)

    assert line.split()[2:] == ["2455.0", "1", "2.45", "24.5%", "3.0", "1"]


def test_the_goals_are_told_of_the_networks_that_were_measured(gpu):
    rates = [_rate(gpu, "vgg16", 450.0), _rate(gpu, "resnet50", 3600.0)]

    lines = gpu.compare_with_goals(rates, matrix_rate=1e12)

    assert lines == [
        "goal on one H100, VGG16 at 45% of the matrix rate: 45.0%",
        "goal on one H100, ResNet50 at 3500 images a second: 3600",
    ]


def test_an_unknown_network_is_refused_with_the_known_ones(gpu, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["gpu.py", "--networks", "lenet"])

    with pytest.raises(SystemExit):
        gpu.parse_options()

    assert "no network lenet: there are alexnet, vgg16" in capsys.readouterr().err
