"""What several tests share."""

import fcntl
import gc
import os
import shutil

# Before anything imports TensorFlow: its start-up notes would bury the results.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
if "PYTEST_XDIST_WORKER" in os.environ:
    # Also before: each of several processes has a processor of its own, and threads of
    # one would only wait for those of another.
    for threads_of in ("TF_NUM_INTRAOP", "OMP_NUM", "OPENBLAS_NUM"):
        os.environ.setdefault(f"{threads_of}_THREADS", "1")

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from detl.schemas.classes import DATA_B_CLASSES
from detl.schemas.parameters import (
    NetworkParameters,
    SplitParameters,
    TrainingParameters,
)
from project_copy import (
    copy_project,
    keep_architectures,
    keep_folds,
    run_kedro,
    run_kedro_alone,
)
from run_store import FOLDS_OF_WHOLE_RUN

CONF = Path(__file__).parents[1] / "conf"


LONGEST = (
    "test_whole_pipeline.py",
    "session/test_resume.py",
    "cluster/test_dask_runner.py",
    "session/test_kept_results.py",
    "test_audit.py",
    "test_comparisons.py",
    "test_extending.py",
    "training/speed/test_two_devices.py",
    "test_parts_of_a_run.py",
    "session/test_bad_input.py",
    "session/test_simultaneous_runs.py",
    "session/test_clean.py",
    "session/test_two_results.py",
    "test_under_jax.py",
    "test_privacy.py",
    "test_learning.py",
    "training/test_gpu_benchmark.py",
)
"""The files that take longest, longest first."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no process ends with it alone."""
    here = Path(__file__).parent
    rank = {here / path: place for place, path in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))


def pytest_collection_finish() -> None:
    """Let no collection of garbage look through the libraries again.

    statsmodels collects with each correction for several tests.
    """
    gc.freeze()


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory) -> Path:
    """Return a project in which ``detl`` has run, in two folds, not from its root.

    What the command has printed lies beside it, in ``printed``. It is for all processes
    that test: change a copy of it (``copy_run``).
    """
    with _once(tmp_path_factory, "whole_run") as (project, is_there):
        if not is_there:
            copy_project(project.parent)
            keep_folds(project, *FOLDS_OF_WHOLE_RUN)
            command = ("run", "--pipeline", "detl", "--env", "test")
            run = run_kedro_alone(project, *command, cwd=project / "conf")
            (project.parent / "printed").write_text(run.stdout)
            assert run.returncode == 0, run.stdout
    return project


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory) -> Path:
    """Return a project in which ``detl`` has run with AlexNet, in three folds.

    It is for all processes that test: change a copy of it (``copy_run``).
    """
    with _once(tmp_path_factory, "finished_run") as (project, is_there):
        if not is_there:
            copy_project(project.parent)
            keep_architectures(project, "alexnet")
            # Of fewer folds the audit would explain images of fewer than ten patients.
            keep_folds(project, "fold_1", "fold_2", "fold_3")
            run = run_kedro(project, "run", "--pipeline", "detl", "--env", "test")
            assert run.returncode == 0, run.stdout
    return project


@contextmanager
def _once(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> Iterator[tuple[Path, bool]]:
    """Give the place of a project that all processes share, and whether it is there.

    One process at a time comes in, so that the first one makes it.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        project = folder / name / "detl"
        yield project, project.exists()


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory) -> Path:
    """Return a store of MLflow without runs, to copy: to make its tables takes 1 s."""
    import mlflow

    store = tmp_path_factory.mktemp("empty_store") / "mlflow.db"
    mlflow.MlflowClient(f"sqlite:///{store}").search_experiments()
    return store


@pytest.fixture
def mlflow_store(empty_store, tmp_path) -> str:
    """Return the address of a store without runs, in the test's own folder."""
    return f"sqlite:///{shutil.copy(empty_store, tmp_path)}"


@pytest.fixture(scope="session")
def tiny_network():
    """Return a function that gives the parameters of a tiny network by name."""

    def make(network: str, **changes) -> NetworkParameters:
        has_hidden_layers = network != "resnet50"
        values = {
            "network": network,
            "width_multiplier": 0.03,
            "fully_connected_units": 8 if has_hidden_layers else 0,
            "dropout": 0.5 if has_hidden_layers else 0.0,
            "stem_stride": 1,
            "normalisation": "batch",
            "precision": "float32",
        }
        return NetworkParameters(**{**values, **changes})

    return make


@pytest.fixture
def short_training():
    """Return a function that gives the parameters of a short training with SGD."""

    def make(**changes) -> TrainingParameters:
        values = {
            "epochs": 3,
            "batch_size": 16,
            "optimizer": "sgd",
            "learning_rate": 0.01,
            "momentum": 0.9,
            "schedule": "constant",
            "warm_up_epochs": 0,
            "jit_compile": "auto",
            "distribution": "none",
        }
        return TrainingParameters(**{**values, **changes})

    return make


@pytest.fixture
def make_predictions():
    """Build a table of predictions from (label, predicted) pairs.

    The predicted class has the probability 0.7, each other class 0.1.
    """

    def make(*pairs, prefix="image"):
        labels, predicted = zip(*pairs, strict=True)
        table = {
            "image_id": [f"{prefix}_{k}" for k in range(len(pairs))],
            "label": labels,
            "predicted": predicted,
        }
        for name in DATA_B_CLASSES:
            table[f"p_{name}"] = np.where(np.array(predicted) == name, 0.7, 0.1)
        return pd.DataFrame(table)

    return make


@pytest.fixture
def make_matrix():
    """Build a confusion matrix from its rows."""

    def make(*rows):
        index = pd.Index(DATA_B_CLASSES, name="label")
        return pd.DataFrame(list(rows), index=index, columns=list(DATA_B_CLASSES))

    return make


@pytest.fixture
def make_images():
    """Build a table of images from (findings, group, source), one row each."""

    def make(*rows):
        table = pd.DataFrame(rows, columns=["findings", "group", "source"])
        names = [f"image_{row}" for row in range(len(table))]
        return table.assign(image_id=names, row=range(len(table)))

    return make


@pytest.fixture
def make_parameters():
    """Build split parameters of two images per class, with some of them changed."""

    def make(
        data_a=(), on_shortage="use_all", inner=0.5, protocol="grouped", **classes
    ):
        findings = {
            "normal": "No Finding",
            "other_disease": "Mass",
            "pneumonia": "Pneumonia",
            "covid_19": "COVID-19",
        }
        data_b = {
            label: {"findings": {finding: 2}, "sources": None, "multi_label": "never"}
            | dict(classes.get(label, {}))
            for label, finding in findings.items()
        }
        return SplitParameters.model_validate(
            {
                "protocol": protocol,
                "on_shortage": on_shortage,
                "data_b": data_b,
                "data_a": {
                    "sources": ["nih"],
                    "pneumonia": "exclude_any",
                    "most_per_class": None,
                    "validation_per_class": 100,
                    "largest_validation_share": 0.5,
                }
                | dict(data_a),
                "folds": {"inner_validation_share": inner},
            }
        )

    return make


@pytest.fixture
def make_data_b():
    """Build a Data-B table of so many groups, of so many images each, per class."""

    def make(groups, images_per_group=1):
        rows = [
            (f"{label}-{group}", label)
            for label in DATA_B_CLASSES
            for group in range(groups[label] if isinstance(groups, dict) else groups)
            for _ in range(images_per_group)
        ]
        table = pd.DataFrame(rows, columns=["group", "label"])
        names = [f"image_{row}" for row in range(len(table))]
        return table.assign(image_id=names, row=range(len(table)), finding="any")

    return make


@pytest.fixture
def read_parameters():
    """Read the split parameters of an environment."""

    def read(environment):
        text = (CONF / environment / "parameters_split.yml").read_text()
        return SplitParameters.model_validate(yaml.safe_load(text)["split"])

    return read
