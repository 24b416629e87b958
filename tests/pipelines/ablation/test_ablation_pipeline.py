import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset

from detl.design import ARMS
from detl.networks import build_network
from detl.pipeline_registry import tag_by_network
from detl.pipelines.ablation import create_pipeline
from detl.schemas.classes import DATA_B_CLASSES
from detl.schemas.parameters import (
    ImagenetParameters,
    NetworkParameters,
    TransferParameters,
)
from detl.session.runner import FoldByFoldRunner
from project_copy import read_catalog

pytestmark = pytest.mark.long

FOLDS = ["fold_1", "fold_2"]
N = 24
NETWORK = NetworkParameters(
    network="alexnet",
    width_multiplier=0.02,
    fully_connected_units=4,
    dropout=0.5,
    stem_stride=2,
    normalisation="batch",
    precision="float32",
)
SEEDS = 2
TRANSFER = TransferParameters(
    epochs=1,
    read="last",
    batch_size=8,
    optimizer="sgd",
    learning_rate=0.01,
    momentum=0.9,
    schedule="constant",
    warm_up_epochs=0,
    jit_compile="auto",
    distribution="none",
)


@pytest.fixture(scope="module")
def pipeline():
    return tag_by_network(create_pipeline(["alexnet", "vgg16"], FOLDS))


@pytest.fixture(scope="module")
def made(pipeline, tmp_path_factory) -> DataCatalog:
    """Return the catalog after alexnet alone has been run, without ImageNet weights."""
    folder = tmp_path_factory.mktemp("data")
    catalog = DataCatalog.from_config(read_catalog(folder.as_posix()))
    for name, data in _inputs().items():
        catalog[name] = MemoryDataset(data, copy_mode="assign")
    part = pipeline.filter(tags=["alexnet"])
    FoldByFoldRunner().run(part, catalog)
    return catalog


def _inputs() -> dict:
    """Return all that alexnet takes from the other stages and the parameters."""
    random = np.random.default_rng(0)
    labels = np.repeat(DATA_B_CLASSES, N // 4)
    data_b = pd.DataFrame(
        {
            "image_id": [f"nih/{k}" for k in range(N)],
            "row": random.permutation(N),
            "group": [f"patient {k}" for k in range(N)],
            "label": labels,
        }
    )
    inputs = {
        "pixels": random.integers(0, 256, (N, 32, 32), dtype="uint8"),
        "data_b": data_b,
        "params:seed": 0,
        "params:seeds": SEEDS,
        "params:split.protocol": "grouped",
        "params:architectures.alexnet.network": NETWORK,
        "params:architectures.alexnet.transfer": TRANSFER,
        "params:architectures.alexnet.imagenet": ImagenetParameters(weights=None),
        "alexnet.transfer.model": build_network(NETWORK, 32, 4, seed=1),
    }
    tables = []
    for number, fold in enumerate(FOLDS):
        # Of the six images of a class, three are tested in each fold.
        position = (np.arange(N) + 3 * number) % 6
        subset = np.select(
            [position < 3, position == 3], ["test", "validation"], "train"
        )
        tables.append(data_b[["image_id"]].assign(fold=fold, subset=subset))
        inputs[f"split.{fold}"] = tables[-1]
    folds = pd.concat(tables, ignore_index=True)
    tested = _predict_first_class(data_b, folds[folds["subset"] == "test"])
    inputs |= {"folds": folds, "alexnet.crossval.tested": tested}
    by_seed = [tested.assign(seed=seed) for seed in range(SEEDS)]
    inputs["alexnet.crossval.tested_by_seed"] = pd.concat(by_seed)
    return inputs


def _predict_first_class(data_b: pd.DataFrame, tests: pd.DataFrame) -> pd.DataFrame:
    probabilities = {f"p_{name}": 0.25 for name in DATA_B_CLASSES}
    table = tests[["fold", "image_id"]].merge(data_b[["image_id", "label", "group"]])
    return table.assign(predicted=DATA_B_CLASSES[0], **probabilities)


def test_every_arm_stands_in_the_table(made):
    table = made.load("ablation")

    assert list(zip(table["initialisation"], table["unfreeze"], strict=True)) == list(
        ARMS.values()
    )
    trained = table[table["initialisation"] != "imagenet"]
    accuracies = ["accuracy", "accuracy_low", "accuracy_sd_seeds", "ensemble_accuracy"]
    assert trained[accuracies].notna().all(axis=None)
    compared = trained[trained["difference"].notna()]
    assert len(compared) == len(trained) - 1
    assert (compared["difference_low"] < compared["difference_high"]).all()
    assert trained["note"].isna().all()


def test_an_arm_that_is_not_available_stands_there_with_its_reason(made):
    table = made.load("ablation")

    left_out = table[table["initialisation"] == "imagenet"]
    assert left_out["accuracy"].isna().all()
    assert left_out["note"].str.startswith("There are no ImageNet weights").all()


def test_the_reference_arm_has_the_results_of_the_cross_validation(made):
    table = made.load("ablation").set_index(["initialisation", "unfreeze"])

    assert table.loc[("detl", "last_block"), "accuracy"] == 0.25


def test_the_table_of_folds_has_a_row_per_arm_and_fold(made):
    folds = made.load("ablation_folds")

    trained = [arm for arm in ARMS if not arm.startswith("imagenet")]
    assert list(folds["fold"]) == FOLDS * len(trained)
    assert set(folds["arm"]) == set(trained)


def test_an_architecture_that_has_not_been_run_is_not_in_the_table(made):
    assert set(made.load("ablation")["architecture"]) == {"alexnet"}


def test_the_arms_are_drawn(made):
    assert made.load("ablation_picture").ndim == 3


def test_what_is_frozen_runs_once_per_arm_and_is_kept(made):
    assert made.load("alexnet.ablation.scratch_head.features").shape == (N, 4)
    assert made.load("alexnet.ablation.scratch_last_block.features").ndim == 4
    assert not made.exists("alexnet.ablation.scratch_all.features")


def test_the_reference_arm_is_not_trained_again(pipeline):
    reference = pipeline.filter(node_namespaces=["vgg16.ablation.detl_last_block"])

    names = [node.name for node in reference.nodes]
    assert names == ["vgg16.ablation.detl_last_block.collect_arm"]
    assert "vgg16.crossval.tested" in reference.inputs()


def test_every_other_arm_is_trained_on_every_fold(pipeline):
    trained = {
        node.namespace for node in pipeline.nodes if node.name.endswith("train_fold")
    }

    assert trained == {
        f"{architecture}.ablation.{arm}.{fold}"
        for architecture in ("alexnet", "vgg16")
        for arm in ARMS
        for fold in FOLDS
        if arm != "detl_last_block"
    }


def test_arms_that_start_alike_share_the_network_they_start_from(pipeline):
    makers = [n for n in pipeline.nodes if "vgg16.ablation.scratch_model" in n.outputs]
    users = [n for n in pipeline.nodes if "vgg16.ablation.scratch_model" in n.inputs]

    assert len(makers) == 1
    assert len(users) == 3


def test_the_fold_of_an_arm_takes_its_own_tail_and_features(pipeline):
    fold = pipeline.filter(node_namespaces=["vgg16.ablation.detl_head.fold_2"])

    assert fold.inputs() == {
        "vgg16.ablation.detl_head.tail",
        "vgg16.ablation.detl_head.features",
        "vgg16.ablation.detl_head.views",
        "data_b",
        "split.fold_2",
        "params:architectures.vgg16.transfer",
        "params:split.protocol",
        "params:seed",
        "params:seeds",
    }


def test_running_one_architecture_leaves_what_others_have_made(pipeline):
    """Only the table over all follows from two architectures."""
    part = pipeline.filter(tags=["vgg16"])
    follow = pipeline.from_inputs(*part.all_outputs()).all_outputs()

    assert not any(name.startswith("alexnet") for name in part.all_outputs() | follow)


def test_the_namespace_of_an_architecture_takes_nothing_that_is_kept_in_memory(
    pipeline,
):
    part = pipeline.filter(node_namespaces=["vgg16.ablation"])

    assert not any(".ablation." in name for name in part.inputs())
