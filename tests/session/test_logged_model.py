"""A fold's network comes back from MLflow, by the ways that MLflow offers."""

from pathlib import Path

import keras
import mlflow
import numpy as np
import pytest

from detl.networks import build_network
from detl.networks.cut import cut_trunk
from detl.networks.whole import join_parts
from detl.session.logged_model import NAME, TwoParts, list_models
from detl.session.run_tree import RunTree

UNIT = ("vgg16", "fold_1")
NAMED = "vgg16.crossval.fold_1.model"

# Keras, about MLflow's call of predict.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:keras")


@pytest.fixture
def parts(tiny_network):
    return cut_trunk(build_network(tiny_network("vgg16"), 32, 4, 0))


@pytest.fixture
def tree(tmp_path, mlflow_store):
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(mlflow_store)
    client = mlflow.MlflowClient()
    experiment = client.create_experiment("test", str(tmp_path / "artifacts"))
    tree = RunTree(client, client.create_run(experiment).info.run_id)
    tree.start(UNIT, lambda unit: {"transfer.epochs": 2})
    yield tree
    mlflow.set_tracking_uri(before)


def _log(tree, trunk, tail):
    tree.log(UNIT, NAMED, "model", NAME, TwoParts(tail, lambda: trunk))
    (run,) = tree.client.search_runs(["1"], "tags.`detl.unit` = 'vgg16.fold_1'")
    return run


def test_the_network_is_read_by_its_own_address_and_by_that_of_its_run(tree, parts):
    run = _log(tree, *parts)
    pixels = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 1), np.uint8)
    expected = join_parts(*parts).predict_on_batch(pixels)

    (model,) = list_models(tree.client, run)
    for address in (f"models:/{model.model_id}", f"runs:/{run.info.run_id}/{NAME}"):
        read = mlflow.keras.load_model(address)
        np.testing.assert_allclose(read.predict_on_batch(pixels), expected, atol=1e-6)
    assert model.params["transfer.epochs"] == "2"


def test_the_model_says_what_it_takes_and_gives_and_holds_no_pickle(tree, parts):
    run = _log(tree, *parts)
    address = f"runs:/{run.info.run_id}/{NAME}"
    folder = Path(mlflow.artifacts.download_artifacts(address))

    signature = mlflow.models.get_model_info(address).signature
    (pixels,), (probabilities,) = signature.inputs.inputs, signature.outputs.inputs
    assert (pixels.type, pixels.shape) == (np.dtype("uint8"), (-1, 32, 32, 1))
    assert (probabilities.type, probabilities.shape) == (np.dtype("float32"), (-1, 4))
    suffixes = {path.suffix for path in folder.rglob("*") if path.is_file()}
    assert suffixes == {"", ".yaml", ".txt", ".json", ".keras"}
    assert f"keras=={keras.__version__}" in (folder / "requirements.txt").read_text()


def test_the_example_of_an_input_is_a_phantom_that_the_model_takes(tree, parts):
    run = _log(tree, *parts)
    model = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/{NAME}")

    example = model.input_example
    assert (example.shape, example.dtype) == ((1, 32, 32, 1), np.uint8)
    assert example.std() > 20
    assert model.predict(example).sum() == pytest.approx(1, abs=1e-5)


def test_the_same_network_is_logged_once(tree, parts):
    first = _log(tree, *parts)
    again = _log(RunTree(tree.client, tree.parent_id), *parts)

    assert len(list_models(tree.client, again)) == 1
    assert len(again.outputs.model_outputs) == len(first.outputs.model_outputs) == 1


def test_a_network_that_is_trained_again_takes_the_place_of_the_earlier_one(
    tree, parts
):
    trunk, tail = parts
    (before,) = list_models(tree.client, _log(tree, trunk, tail))
    tail.set_weights([weight + 0.25 for weight in tail.get_weights()])

    (after,) = list_models(tree.client, _log(tree, trunk, tail))

    assert after.model_id != before.model_id
