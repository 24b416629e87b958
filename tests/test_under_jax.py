"""Tests that are run again in a process where Keras computes with JAX."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

pytestmark = pytest.mark.long

HERE = Path(__file__).parent
RUN_AGAIN = (
    "explanation/test_grad_cam.py::test_with_a_mean_head_the_map_is_the_bright_square",
    "explanation/test_grad_cam.py::test_a_batch_gives_what_its_images_give_one_by_one",
    "training/test_augmentation.py::test_an_image_of_one_grey_stays_as_it_is",
)


@pytest.mark.skipif(
    importlib.util.find_spec("jax") is None, reason="JAX is not installed"
)
@pytest.mark.skipif(
    keras.backend.backend() == "jax", reason="this is the run under JAX"
)
def test_jax_draws_the_same_maps_and_repeats_edges_too():
    # Keras 3.15 with NumPy 2.4, when a variable on JAX is read.
    noise = ["-W", "ignore:__array__ implementation"]
    tests = [str(HERE / name) for name in RUN_AGAIN]

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *noise, *tests],
        env={**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout
