import subprocess
import sys

import numpy as np
import pytest

from detl.datasets import KerasModelDataset, remove_saved

# Keras 3.15 under TensorFlow 2.21 and NumPy 2.4, when it saves a model.


@pytest.fixture
def dataset(tmp_path):
    return KerasModelDataset(filepath=(tmp_path / "new" / "fold_1.keras").as_posix())


@pytest.fixture
def model():
    import keras

    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.Dense(2, name="logits")(inputs))
    model.compile("sgd", "mse")
    return model


def test_a_saved_model_comes_back_with_its_weights(dataset, model):
    dataset.save(model)
    loaded = dataset.load()
    for weights, original in zip(
        loaded.get_weights(), model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(weights, original)


def test_a_loaded_model_is_not_compiled(dataset, model):
    dataset.save(model)
    assert not dataset.load().compiled


def test_a_saved_model_exists_until_it_is_removed(dataset, model):
    assert not dataset.exists()
    dataset.save(model)
    assert dataset.exists()
    assert remove_saved(dataset)
    assert not dataset.exists()


def test_making_the_catalog_imports_neither_keras_nor_its_backend():
    program = (
        "import sys, detl.datasets\n"
        "detl.datasets.KerasModelDataset(filepath='model.keras')\n"
        "heavy = {'keras', 'tensorflow', 'jax', 'cv2', 'matplotlib', 'sklearn'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
