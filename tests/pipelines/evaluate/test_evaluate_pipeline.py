import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from detl.pipelines.evaluate import create_pipeline
from detl.schemas.classes import DATA_B_CLASSES, class_indices
from detl.schemas.parameters import AuditParameters

FOLDS = ("fold_1", "fold_2")
TABLES = (
    *("scores", "pooled_scores", "temperatures", "calibration", "reliability"),
    *("operating_points", "predictive_values", "net_benefit", "subgroups"),
)
PER_CLASS = 48


@pytest.fixture(scope="module")
def data_b():
    """Return 192 images, of patients with two images each."""
    labels = np.repeat(DATA_B_CLASSES, PER_CLASS)
    names = [f"nih/{k}" for k in range(len(labels))]
    groups = [f"g{k // 2}" for k in range(len(labels))]
    return pd.DataFrame({"image_id": names, "group": groups, "label": labels})


def predict(data_b, folds, seed):
    """Return predictions, pooled, that are right more often than not."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(len(data_b), 4))
    logits[np.arange(len(data_b)), class_indices(data_b["label"])] += 1.5
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    table = data_b[["image_id", "label", "group"]].assign(
        fold=folds, predicted=np.array(DATA_B_CLASSES)[shares.argmax(axis=1)]
    )
    table[[f"p_{name}" for name in DATA_B_CLASSES]] = shares
    return table


def evaluate(data_b, names=("alexnet", "vgg16"), has_validation=True):
    """Return the stage, and what it makes of these networks in two folds."""
    tested_in = np.where(np.arange(len(data_b)) % 2, "fold_2", "fold_1")
    folds = pd.concat(
        [
            pd.DataFrame(
                {
                    "image_id": data_b["image_id"],
                    "fold": fold,
                    "subset": np.where(tested_in == fold, "test", "train"),
                }
            )
            for fold in FOLDS
        ],
        ignore_index=True,
    )
    inputs = {
        "folds": folds,
        "images": data_b.assign(source="nih", view="PA", age=50.0, sex="F"),
        "params:seed": 0,
        "params:audit": AuditParameters(
            centre_share=0.8, border_share=0.1, explained_images=4, prevalences=[0.1]
        ),
    }
    validated_in = np.where(tested_in == "fold_1", "fold_2", "fold_1")
    for seed, name in enumerate(names):
        validated = predict(data_b, validated_in, seed + 7)
        by_seed = [predict(data_b, tested_in, 2 * seed + k) for k in range(2)]
        inputs[f"{name}.crossval.tested"] = by_seed[0]
        inputs[f"{name}.crossval.tested_by_seed"] = pd.concat(
            [table.assign(seed=k) for k, table in enumerate(by_seed)]
        )
        inputs[f"{name}.crossval.validated"] = (
            validated if has_validation else validated.iloc[:0]
        )
    catalog = DataCatalog({name: MemoryDataset(data) for name, data in inputs.items()})
    pipeline = create_pipeline(list(names))
    for dataset in pipeline.all_outputs():
        catalog[dataset] = MemoryDataset()
    # Refusals are of a network, which is not there.
    refusals = [f"{name}.evaluate.measure_held_out_refusals" for name in names]
    SequentialRunner().run(pipeline - pipeline.only_nodes(*refusals), catalog)
    return pipeline, catalog


@pytest.fixture(scope="module")
def evaluated(data_b):
    """Return the stage, and what it makes, where every fold has a validation part."""
    return evaluate(data_b)


def test_every_architecture_has_every_table(evaluated):
    pipeline, _ = evaluated

    assert pipeline.all_outputs() >= {
        f"{name}.evaluate.{table}" for name in ("alexnet", "vgg16") for table in TABLES
    }


def test_the_architectures_are_compared_and_drawn(evaluated):
    pipeline, catalog = evaluated

    assert pipeline.outputs() >= {"paired_tests", "reliability_picture"}
    tests = catalog.load("paired_tests")
    assert set(tests["test"]) == {"mcnemar", "two_way", "corrected_t", "delong"}
    (interval,) = tests[tests["test"] == "two_way"]["note"]
    assert interval == "over patients and trainings, no test"
    assert catalog.load("reliability_picture").dtype == np.uint8


def test_scores_and_subgroups_are_means_over_seeds(evaluated):
    _, catalog = evaluated

    scores = catalog.load("vgg16.evaluate.scores")
    accuracy = scores[scores["score"] == "accuracy"].iloc[0]
    by_seed = catalog.load("vgg16.crossval.tested_by_seed")
    assert accuracy["value"] == pytest.approx(
        (by_seed["label"] == by_seed["predicted"]).mean()
    )
    subgroups = catalog.load("vgg16.evaluate.subgroups").set_index("quantity")
    ill = by_seed[by_seed["label"] != "normal"]
    assert subgroups.loc["under_diagnosis_rate", "value"].iloc[0] == pytest.approx(
        (ill["predicted"] == "normal").mean()
    )


def test_the_pooled_scores_are_metrics(evaluated):
    _, catalog = evaluated

    scores = catalog.load("vgg16.evaluate.pooled_scores")
    assert scores["macro_f1_low"] < scores["macro_f1"]
    assert all(np.isfinite(value) for value in scores.values())


def test_without_an_inner_validation_part_nothing_that_needs_one_has_a_number(data_b):
    _, catalog = evaluate(data_b, ["vgg16"], has_validation=False)

    points = catalog.load("vgg16.evaluate.operating_points")
    assert points["value"].isna().all()
    assert points["note"].str.contains("no inner validation part").all()
