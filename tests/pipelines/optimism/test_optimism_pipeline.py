"""The whole comparison on phantoms, with a small AlexNet."""

from pathlib import Path

import pandas as pd
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline
from kedro.runner import SequentialRunner

from detl.phantoms.sample import make_phantoms
from detl.pipelines import crossval, ingest, optimism, pretrain, split, transfer
from detl.schemas.parameters import (
    IngestParameters,
    NetworkParameters,
    PhantomParameters,
    PretrainParameters,
    SplitParameters,
    TrainingParameters,
)
from project_copy import read_parameters

FOLDS = ("fold_1", "fold_2")
IMAGES_PER_CLASS = 32


def _draw_films(folder: Path, films_of_a_patient: str) -> Path:
    counts = {
        "nih": {"No Finding": 4, "Mass": 4, "Pneumonia": 1},
        "covid_chestxray": {"COVID-19": 1},
    }
    parameters = PhantomParameters(
        seed=0,
        size=64,
        noise=1.5,
        lesion_strength=2.5,
        dirt=False,
        films_of_a_patient=films_of_a_patient,
        **{
            source: {finding: n * IMAGES_PER_CLASS for finding, n in findings.items()}
            for source, findings in counts.items()
        },
    )
    for name, content in make_phantoms(parameters).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def _make_catalog(radiographs: Path) -> DataCatalog:
    """Return raw data and parameters: those of ``base``, with less of everything.

    The tail learns slowly, as the paper's does. So the accuracies rise without leaps,
    and it hardly matters on which images the epoch is chosen: what is left of the
    difference between the protocols is that a patient is known.
    """
    parameters = read_parameters()
    split_parameters = parameters["split"]
    findings = {
        "normal": "No Finding",
        "other_disease": "Mass",
        "pneumonia": "Pneumonia",
        "covid_19": "COVID-19",
    }
    split_parameters["folds"]["inner_validation_share"] = 0.25
    split_parameters["data_b"] = {
        label: {
            "findings": {finding: IMAGES_PER_CLASS},
            "sources": None,
            "multi_label": "never",
        }
        for label, finding in findings.items()
    }
    blocks = parameters["architectures"]["alexnet"]
    blocks["network"] |= {"width_multiplier": 0.125, "fully_connected_units": 64}
    blocks["pretrain"] |= {"epochs": 3, "warm_up_epochs": 1, "learning_rate": 2e-3}
    blocks["transfer"] |= {"epochs": 15, "learning_rate": 5e-4}
    ingest_parameters = parameters["ingest"] | {"input_size": 48}
    of_alexnet = "params:architectures.alexnet"
    return DataCatalog(
        {
            name: MemoryDataset(data)
            for name, data in {
                "radiographs": radiographs,
                "patient_key": radiographs / "patient_key",
                "decoded_files": radiographs / "decoded_files.sqlite",
                "params:seed": 0,
                "params:ingest": IngestParameters(**ingest_parameters),
                "params:split": SplitParameters(**split_parameters),
                f"{of_alexnet}.network": NetworkParameters(**blocks["network"]),
                f"{of_alexnet}.pretrain": PretrainParameters(**blocks["pretrain"]),
                f"{of_alexnet}.transfer": TrainingParameters(**blocks["transfer"]),
            }.items()
        }
    )


def _measure_optimism(folder: Path, films_of_a_patient: str) -> pd.Series:
    architectures = ["alexnet"]
    pipeline = sum(
        (
            ingest.create_pipeline(),
            split.create_pipeline(FOLDS),
            pretrain.create_pipeline(architectures),
            transfer.create_pipeline(architectures),
            crossval.create_pipeline(architectures, FOLDS),
            optimism.create_pipeline(architectures, FOLDS),
        ),
        Pipeline([]),
    )
    catalog = _make_catalog(_draw_films(folder, films_of_a_patient))
    outputs = SequentialRunner().run(pipeline, catalog)
    return outputs["optimism"].load().iloc[0]


def test_where_a_patients_films_are_near_copies_the_papers_protocol_looks_better(
    tmp_path,
):
    """Where each patient has one film, only what seeds do to the epochs is left.

    Two seeds gave differences of 0.42 and 0.43 with near copies, 0.01 and 0.12 without.
    """
    near_copies = _measure_optimism(tmp_path / "near_copies", "near_copies")
    one = _measure_optimism(tmp_path / "one", "one")

    assert near_copies["difference_low"] > 0
    assert near_copies["difference"] > one["difference"] + 0.1
    assert near_copies["groups"] < near_copies["images"]
    assert one["groups"] == one["images"] == 4 * IMAGES_PER_CLASS


def test_the_tag_of_an_architecture_keeps_all_that_it_needs():
    pipeline = optimism.create_pipeline(["alexnet", "vgg16"], FOLDS)

    kept = pipeline.filter(tags=["vgg16"])

    assert kept.outputs() >= {"optimism"}
    assert not [name for name in kept.all_outputs() if name.startswith("alexnet")]
    made_elsewhere = {
        "images",
        "pixels",
        "data_a",
        "data_b",
        "folds",
        "alexnet.optimism.difference",
        "vgg16.crossval.tested",
    }
    assert {n for n in kept.inputs() if not n.startswith("params")} == made_elsewhere
