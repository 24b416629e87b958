"""Two virtual processors stand in for two GPUs, under either backend."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

SCRIPT = Path(__file__).parents[2] / "support" / "on_two_devices.py"


@pytest.fixture(scope="module", params=["tensorflow", "jax"])
def ended(request):
    """Return what the script prints of the training on one device and on two."""
    command = subprocess.run(
        [sys.executable, SCRIPT],
        env={
            **os.environ,
            "KERAS_BACKEND": request.param,
            "XLA_FLAGS": "--xla_force_host_platform_device_count=2",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert command.returncode == 0, command.stderr
    return {"backend": request.param, **json.loads(command.stdout.splitlines()[-1])}


def test_there_are_two_devices(ended):
    assert len(set(ended["devices"])) == 2


def test_two_devices_give_the_logits_of_one(ended):
    assert ended["logits"] < 1e-5
    assert ended["learnt"] > 1e-3


def test_another_network_can_be_trained_on_them_afterwards(ended):
    assert ended["logits_of_another"] < 1e-5


def test_the_validation_is_scored_as_on_one_device_with_a_last_batch_that_is_uneven(
    ended,
):
    assert ended["curves"]["val_loss"] < 1e-5
    assert ended["curves"]["val_accuracy"] < 1e-6


def test_what_is_frozen_stays_so_on_two_devices(ended):
    assert ended["frozen"]


def test_the_distribution_ends_with_the_training(ended):
    assert ended["distribution_after"] == "None"


def test_in_float16_the_loss_is_scaled_and_the_logits_are_finite(ended):
    assert ended["optimizer"] == "LossScaleOptimizer"
    assert ended["is_finite"]


def test_of_a_network_with_augmentation_the_training_is_compiled_under_jax(ended):
    assert ended["is_compiled"] == (ended["backend"] == "jax")
