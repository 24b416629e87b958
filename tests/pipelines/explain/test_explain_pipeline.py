import keras
import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from detl.pipelines.explain import create_pipeline
from detl.schemas.parameters import ExplainParameters


@pytest.fixture
def pipeline():
    return create_pipeline(["vgg16", "alexnet"], ["fold_1", "fold_2"])


def test_every_fold_takes_its_own_model_and_predictions(pipeline):
    fold = pipeline.filter(node_namespaces=["vgg16.explain.fold_2"])
    assert fold.inputs() == {
        "vgg16.crossval.fold_2.model",
        "vgg16.crossval.fold_2.predictions",
        "vgg16.transfer.features",
        "vgg16.explain.map_shift",
        "pixels",
        "data_b",
        "params:explain",
    }


def test_every_fold_makes_its_own_maps_and_panel(pipeline):
    fold = pipeline.filter(node_namespaces=["vgg16.explain.fold_2"])
    assert fold.all_outputs() == {
        f"vgg16.explain.fold_2.{name}" for name in ("chosen", "heat_maps", "panel")
    }


def test_only_the_sheets_leave_the_stage(pipeline):
    assert pipeline.outputs() == {"vgg16.explain.panels", "alexnet.explain.panels"}


def test_the_graph_runs():
    features = keras.Input((4, 4, 4))
    maps = keras.layers.ReLU(name="last_feature_map")(features)
    tail = keras.Model(features, keras.layers.GlobalAveragePooling2D()(maps))
    pixels = keras.Input((16, 16, 1))
    trunk = keras.Model(pixels, keras.layers.AveragePooling2D(4)(pixels))
    data_b = pd.DataFrame({"image_id": ["nih/a", "nih/b"], "row": [1, 0]})
    predictions = pd.DataFrame(
        {
            "image_id": ["nih/b"],
            "label": ["normal"],
            "predicted": ["pneumonia"],
            "p_normal": [0.1],
            "p_other_disease": [0.1],
            "p_pneumonia": [0.7],
            "p_covid_19": [0.1],
        }
    )
    inputs = {
        "pixels": np.zeros((2, 16, 16), np.uint8),
        "data_b": data_b,
        "vgg16.transfer.features": np.ones((2, 4, 4, 4), np.float32),
        "vgg16.crossval.fold_1.predictions": predictions,
        "params:explain": ExplainParameters(images_per_class=2),
    }
    catalog = DataCatalog({name: MemoryDataset(data) for name, data in inputs.items()})
    models = {"crossval.fold_1.model": tail, "transfer.trunk": trunk}
    for name, model in {**models, "transfer.tail": tail}.items():
        catalog[f"vgg16.{name}"] = MemoryDataset(model, copy_mode="assign")
    catalog["vgg16.explain.panels"] = MemoryDataset()
    SequentialRunner().run(create_pipeline(["vgg16"], ["fold_1"]), catalog)
    assert catalog.load("vgg16.explain.panels").shape == (36 + 166, 650 + 24, 3)
