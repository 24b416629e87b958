"""Whether the paper's protocol looks better where a patient's films are near copies.

    python benchmarks/optimism_instrument.py [--seed 0]

Phantoms are drawn twice: each patient with four films that hardly differ, and each with
one. A small AlexNet is trained on both, in two folds, under both protocols. Where a
patient has one film, only what chance does to the training is left of the difference.
The exit status says whether the difference with near copies is above 0 with its
interval, and greater by 0.1 than without. It takes a minute on two cores. Seeds 0 and 1
give 0.42 and 0.43 with near copies, 0.01 and 0.12 without.
"""

import argparse
import sys
import tempfile
import warnings
from pathlib import Path

import pandas as pd
from kedro.config import OmegaConfigLoader
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline
from kedro.runner import SequentialRunner
from omegaconf.resolvers import oc

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

CONF = Path(__file__).parents[1] / "conf"
FOLDS = ("fold_1", "fold_2")
IMAGES_PER_CLASS = 32


def draw_films(folder: Path, films_of_a_patient: str, seed: int) -> Path:
    """Return the folder, with phantoms written to it."""
    counts = {
        "nih": {"No Finding": 4, "Mass": 4, "Pneumonia": 1},
        "covid_chestxray": {"COVID-19": 1},
    }
    parameters = PhantomParameters(
        seed=seed,
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


def make_catalog(radiographs: Path, seed: int) -> DataCatalog:
    """Return raw data and parameters: those of ``base``, with less of everything.

    The tail learns slowly, as the paper's does. So the accuracies rise without leaps,
    and it hardly matters on which images the epoch is chosen: what is left of the
    difference between the protocols is that a patient is known.
    """
    with warnings.catch_warnings():
        # OmegaConf, about calls in Kedro.
        warnings.simplefilter("ignore")
        loader = OmegaConfigLoader(
            str(CONF),
            base_env="base",
            default_run_env="base",
            custom_resolvers={"oc.env": oc.env},
        )
        parameters = loader["parameters"]
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
                "params:seed": seed,
                "params:ingest": IngestParameters(**ingest_parameters),
                "params:split": SplitParameters(**split_parameters),
                f"{of_alexnet}.network": NetworkParameters(**blocks["network"]),
                f"{of_alexnet}.pretrain": PretrainParameters(**blocks["pretrain"]),
                f"{of_alexnet}.transfer": TrainingParameters(**blocks["transfer"]),
            }.items()
        }
    )


def measure_optimism(folder: Path, films_of_a_patient: str, seed: int) -> pd.Series:
    """Return the row of table ``optimism`` for a small AlexNet."""
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
    catalog = make_catalog(draw_films(folder, films_of_a_patient, seed), seed)
    outputs = SequentialRunner().run(pipeline, catalog)
    return outputs["optimism"].load().iloc[0]


def main() -> int:
    """Print both differences; return 0 if they are as required."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=0)
    seed = parser.parse_args().seed
    found = {}
    for films in ("near_copies", "one"):
        with tempfile.TemporaryDirectory() as folder:
            found[films] = measure_optimism(Path(folder), films, seed)
        row = found[films]
        print(
            f"{films}: paper minus grouped {row['difference']:.2f} "
            f"({row['difference_low']:.2f} to {row['difference_high']:.2f}), "
            f"{row['images']} images of {row['groups']} groups"
        )
    near, one = found["near_copies"], found["one"]
    holds = near["difference_low"] > 0 and near["difference"] > one["difference"] + 0.1
    print("holds" if holds else "DOES NOT HOLD")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
