from dataclasses import MISSING, fields

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset

from detl.datasets import (
    OptionalCSVDataset,
    OptionalJSONDataset,
    OptionalPictureDataset,
)
from detl.datasets.folder_dataset import MARKER
from detl.errors import NotAvailableError
from detl.evaluation.accuracies import measure_accuracies
from detl.evaluation.metrics import score_seeds
from detl.evaluation.paired_tests import compare_architectures
from detl.evaluation.predictions import pool_predictions
from detl.evaluation.probabilities.calibration import measure_calibration
from detl.evaluation.subgroups import measure_subgroups
from detl.pipelines.evaluate import nodes as evaluate
from detl.pipelines.report import create_pipeline
from detl.pipelines.report.nodes import (
    count_label_file,
    gather_run,
    recognise_phantoms,
)
from detl.pipelines.report.pipeline import OF_NETWORK
from detl.pipelines.split.nodes import check_leaks
from detl.report.inputs import Network, Run
from detl.schemas.classes import DATA_B_CLASSES
from detl.schemas.parameters import (
    AuditParameters,
    IngestParameters,
    NetworkParameters,
    SplitParameters,
)
from detl.session.runner import FoldByFoldRunner
from detl.splitting.data_a import select_data_a
from detl.splitting.data_b import select_data_b
from detl.splitting.folds import assign_folds
from project_copy import read_parameters

FOLDS = ["fold_1", "fold_2"]
FINDINGS = {
    "No Finding": 90,
    "Mass": 40,
    "Nodule": 20,
    "Pneumonia": 20,
    "COVID-19": 20,
}
SIZE = 32
PARAMETERS = read_parameters()
for _wanted, _count in zip(
    PARAMETERS["split"]["data_b"].values(), (66, 11, 20, 20), strict=True
):
    _wanted["findings"] = dict.fromkeys(_wanted["findings"], _count)
PARAMETERS["split"]["folds"]["inner_validation_share"] = 0.15
PICTURE = np.full((9, 9, 3), 90, np.uint8)


def ingest_parameters(**sources):
    values = PARAMETERS["ingest"]
    return IngestParameters.model_validate(
        {**values, **({"sources": sources} if sources else {})}
    )


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """Return a raw data folder with a label file of two patients."""
    folder = tmp_path_factory.mktemp("raw")
    (folder / "nih").mkdir()
    header = (
        "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,"
        "View Position"
    )
    rows = ["1_0.png,Mass|Nodule,0,1,50,F,PA", "2_0.png,No Finding,0,2,60,M,AP"]
    labels = folder / "nih" / "Data_Entry_2017.csv"
    labels.write_text("\n".join([header, *rows]) + "\n")
    return folder


def make_images():
    """Return table ``images``: every image of a patient of its own."""
    table = pd.DataFrame(
        [
            {
                "source": "covid_chestxray" if finding == "COVID-19" else "nih",
                "findings": finding,
            }
            for finding, number in FINDINGS.items()
            for _ in range(number)
        ]
    )
    name = table["source"] + "/" + table.index.astype(str)
    fixed = {"view": "PA", "age": 50.0, "sex": "F", "width": SIZE, "height": SIZE}
    return table.assign(
        image_id=name,
        group=name,
        patient_id=name,
        sha256=name,
        row=table.index,
        **fixed,
    )


def make_predictions(data_b, folds, fold):
    tested = folds.loc[(folds["fold"] == fold) & (folds["subset"] == "test")]
    labels = data_b.set_index("image_id")["label"][tested["image_id"]]
    table = pd.DataFrame({"image_id": labels.index, "label": labels.to_numpy()})
    table["predicted"] = table["label"].where(table.index % 3 > 0, "normal")
    for name in DATA_B_CLASSES:
        table[f"p_{name}"] = np.where(table["predicted"] == name, 0.7, 0.1)
    return table


NO_COPIES = pd.DataFrame(columns=["image_id", "other_id"], dtype=str)


def audited(name, data_b, folds, images):
    """Return what the stage evaluate has made of an architecture, by dataset."""
    predictions = {fold: make_predictions(data_b, folds, fold) for fold in FOLDS}
    tested = pool_predictions(data_b, **predictions)
    by_seed = tested.assign(seed=0)
    _, *scaled = evaluate.scale_folds(tested, tested)
    audit = AuditParameters.model_validate(PARAMETERS["audit"])
    points, values, _ = evaluate.measure_decisions(tested, *scaled, audit, 0)
    computed = {
        "evaluate.scores": evaluate.score_network(by_seed, 0)[0],
        "evaluate.calibration": measure_calibration(tested, scaled[0], 0),
        "evaluate.operating_points": points,
        "evaluate.predictive_values": values,
        "evaluate.subgroups": measure_subgroups(by_seed, images, 0),
    }
    missing = dict.fromkeys(OF_NETWORK.values())
    summary = {**measure_accuracies(by_seed, tested, 0), "warnings": ""}
    made = {**missing, **computed, "crossval.tested": tested}
    made["crossval.summary"] = summary
    return {f"{name}.{dataset}": table for dataset, table in made.items()}


def of_architecture(name, data_b, folds):
    """Return what an architecture's stages have made, by dataset."""
    made, scores = {}, []
    for fold in FOLDS:
        predictions = make_predictions(data_b, folds, fold)
        chosen = predictions[["image_id", "label", "predicted"]].head(6)
        maps = np.ones((len(chosen), 2, 4, 4), np.float32)
        made[f"{name}.explain.{fold}.chosen"] = chosen.assign(probability=0.7)
        made[f"{name}.explain.{fold}.heat_maps"] = maps
        of_fold = score_seeds(predictions.assign(seed=0), predictions)
        scores.append({"fold": fold, "epoch": 1, **of_fold})
    curve = [0.5, 0.7]
    history = dict.fromkeys(("loss", "val_loss"), curve)
    history |= dict.fromkeys(("train_accuracy", "val_accuracy"), curve)
    pretraining = {"accuracy": 0.7, "accuracy_low": 0.6, "accuracy_high": 0.8}
    pretraining |= {"correct": 7, "images": 10, "groups": 10, "chance": 0.5}
    pretraining |= {"first_epoch": 2, "epoch": 2, "epochs": 2, "choices": 2}
    return {
        **made,
        f"{name}.explain.map_shift": 0.0,
        f"{name}.pretrain.history": history,
        f"{name}.pretrain.scores": {f"data_a_{k}": v for k, v in pretraining.items()},
        f"{name}.crossval.fold_summary": pd.DataFrame(scores),
    }


def write_page(raw, folder, ingest):
    """Return the page of a run of VGG16 in two folds, without the comparisons."""
    split = SplitParameters.model_validate(PARAMETERS["split"])
    networks = PARAMETERS["architectures"]
    images = make_images()
    data_b, data_b_counts = select_data_b(images, split, 0)
    data_a, data_a_counts = select_data_a(images, data_b, split, 0)
    drawn = assign_folds(data_b, split, 0, FOLDS)
    data_a, folds, leaks = check_leaks(images, NO_COPIES, data_b, data_a, drawn, split)
    inputs = {
        "radiographs": raw,
        "images": images,
        "pixels": np.full((len(images), SIZE, SIZE), 90, np.uint8),
        "rejected": pd.DataFrame(
            {"source": ["nih"], "name": ["x"], "reason": ["view"]}
        ),
        "data_a": data_a,
        "data_b": data_b,
        "data_a_counts": data_a_counts,
        "data_b_counts": data_b_counts,
        "folds": folds,
        "copies": NO_COPIES,
        "leaks": leaks,
        "paired_tests": compare_architectures(folds, 0),
        **dict.fromkeys(("reliability_picture", "net_benefit_picture"), PICTURE),
        **dict.fromkeys(("deletion_picture", "sanity_picture")),
        **dict.fromkeys(("shortcuts.identifiable", "external.source")),
        "confusion_matrices": PICTURE,
        **dict.fromkeys(("optimism", "ablation", "ablation_picture", "stability")),
        "provenance": {
            "command": "kedro run --env small",
            "started": "2026-11-28T17:54:39+00:00",
            "seconds": 60.0,
            "mlflow_run": None,
            "environment": "small",
            "revision": "0123abcd",
            "changed": False,
            "versions": {"keras": "3"},
            "machine": {
                **{"system": "Linux", "processor": "Zilog Z80"},
                **{"processors": 2, "accelerators": "none"},
            },
        },
        "parameters": {"seed": 0, "split": split},
        "params:ingest": ingest,
        "params:split": split,
        "params:seed": 0,
        "params:architectures.vgg16.network": NetworkParameters.model_validate(
            networks["vgg16"]["network"]
        ),
        **of_architecture("vgg16", data_b, folds),
        **audited("vgg16", data_b, folds, images),
    }
    catalog = DataCatalog({name: MemoryDataset(data) for name, data in inputs.items()})
    catalog["report_page"] = MemoryDataset()
    catalog["audit_verdict"] = OptionalCSVDataset(
        filepath=str(folder / "verdict.csv"), save_args={"index": False}
    )
    for name, dataset in (
        ("label_counts", OptionalJSONDataset),
        ("cooccurrence", OptionalCSVDataset),
        ("cooccurrence_picture", OptionalPictureDataset),
        ("shortcuts_picture", OptionalPictureDataset),
    ):
        catalog[f"report.{name}"] = dataset(filepath=str(folder / name))
    FoldByFoldRunner().run(create_pipeline(["vgg16"], FOLDS), catalog)
    return catalog.load("report_page"), catalog.load("audit_verdict")


@pytest.fixture(scope="module")
def written(raw, tmp_path_factory):
    return write_page(raw, tmp_path_factory.mktemp("made"), ingest_parameters())


@pytest.fixture(scope="module")
def page(written):
    return written[0]


@pytest.fixture(scope="module")
def verdict(written):
    return written[1]


def test_the_verdict_passes_nothing_that_was_not_computed(verdict):
    rows = verdict.set_index("check")

    assert len(rows) == 15
    assert rows.loc["Leaks", "verdict"] == "pass"
    for check in ("Without the lungs", "Images from elsewhere", "Pointing at lesions"):
        assert rows.loc[check, "verdict"] == "not computed"
        assert "kedro run --pipeline" in rows.loc[check, "meaning"]


def test_the_page_begins_with_the_verdict(page):
    assert page.index('id="verdict"') < page.index('id="limits"')


def test_the_page_opens_with_the_images_that_were_tested(page):
    assert "128 radiographs of 128 groups of patients" in page


def test_the_page_names_the_command_that_adds_a_comparison(page):
    assert "kedro run --pipeline optimism --env small" in page


def test_the_page_lists_typed_parameters_by_name(page):
    assert "split.data_a.validation_per_class" in page


def test_the_page_loads_nothing(page):
    assert 'src="http' not in page
    assert "<script" not in page


def test_phantoms_are_recognised_by_their_mark(raw, tmp_path):
    assert not recognise_phantoms(raw)
    (tmp_path / MARKER).touch()
    assert recognise_phantoms(tmp_path)


def test_the_labels_of_the_nih_source_are_counted(raw):
    counts, cooccurrence, picture = count_label_file(raw, ingest_parameters())
    assert (counts["images"], counts["no_finding_ap"]) == (2, 1)
    assert cooccurrence["alone"].tolist() == [0, 0]
    assert picture.dtype == np.uint8


def test_without_a_nih_source_there_are_no_labels_to_count(raw):
    own = ingest_parameters(mine={"reader": "folder", "folder": "mine"})
    with pytest.raises(NotAvailableError, match="None of the sources mine"):
        count_label_file(raw, own)


def test_the_report_is_written_without_a_nih_source_too(raw, tmp_path):
    own = ingest_parameters(mine={"reader": "folder", "folder": "mine"})
    page, _ = write_page(raw, tmp_path, own)
    assert "No source of this run is read as NIH ChestX-ray14" in page
    assert "figures/cooccurrence.png" not in page


def _required(kind):
    return [one.name for one in fields(kind) if one.default is MISSING]


def test_the_report_leaves_out_networks_that_have_not_been_trained_and_evaluated():
    trained = Network(**dict.fromkeys(_required(Network), "made"))
    absent = Network(**dict.fromkeys(_required(Network)))
    half = Network(**{**dict.fromkeys(_required(Network), "made"), "scores": None})
    rest = dict.fromkeys(set(_required(Run)) - {"networks", "ingest", "split"})

    run = gather_run(
        "ingest", "split", vgg16=trained, alexnet=absent, shallow=half, **rest
    )

    assert run.networks == {"vgg16": trained}
