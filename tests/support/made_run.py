"""A run as the report takes it, as small as it can be."""

import numpy as np
import pandas as pd

from detl.report.inputs import Network, Run
from detl.schemas.parameters import (
    IngestParameters,
    PretrainParameters,
    TransferParameters,
)
from detl.sources.label_counts import count_cooccurrence
from made_audit import (
    make_calibration,
    make_card,
    make_deletion,
    make_external,
    make_identifiable,
    make_leaks,
    make_localisation,
    make_operating_points,
    make_predictive_values,
    make_probe,
    make_refusals,
    make_same_source,
    make_sanity,
    make_scores,
    make_sources_out,
    make_subgroups,
    make_tests,
)
from made_results import (
    make_ablation,
    make_optimism,
    make_result,
    make_stability,
)
from made_tables import make_folds, make_split, make_two_sources, take

PICTURE = np.zeros((4, 4, 3), np.uint8)

PUBLISHED_LABELS = {
    "images": 112_120,
    "patients": 30_805,
    "no_finding": 60_361,
    "no_finding_pa": 39_302,
    "no_finding_ap": 21_059,
    "finding_without_pneumonia": 50_328,
    "pneumonia_alone": 322,
    "pneumonia": 1_431,
}
PROVENANCE = {
    "command": "kedro run --env test",
    "started": "2026-11-28T17:54:39+00:00",
    "seconds": 3_900.0,
    "mlflow_run": "4711",
    "environment": "test",
    "revision": "0123abcd",
    "changed": False,
    "versions": {"keras": "3.15"},
    "machine": {
        **{"system": "Linux", "processor": "Zilog Z80"},
        **{"processors": 2, "accelerators": "none"},
    },
}


def make_network(**changes):
    """Return a network without the tables of pipelines audit and external."""
    fields = {
        "results": make_result(),
        "examples": PICTURE,
        "errors": PICTURE,
        "scores": make_scores(0.7, 0.8, 0.9),
        "calibration": make_calibration(0.04),
        "operating_points": make_operating_points(0.95, 0.92, 0.97),
        "predictive_values": make_predictive_values(),
        "subgroups": make_subgroups(0.02, -0.05, 0.08),
    }
    return Network(**{**fields, **changes})


def make_run(networks=None, **changes):
    """Return a run without comparisons, audit and external test.

    Args:
        networks: By architecture, the fields of its network to change. VGG16 alone is
            there by default.
        **changes: Fields of the run.
    """
    made = {
        name: make_network(**fields)
        for name, fields in (networks or {"vgg16": {}}).items()
    }
    images, data_b = make_two_sources("abcdefgh")
    images = images.assign(sha256=images["image_id"])
    findings = pd.DataFrame({"findings": ["Infiltration|Effusion", "Infiltration"]})
    fields = {
        "images": images,
        "rejected": pd.DataFrame(
            {"source": ["nih"], "name": ["a.png"], "reason": ["view: L"]}
        ),
        "data_a": take(images, {8: "normal"}).replace("h", "z"),
        "data_a_counts": make_data_a_counts(),
        "data_b": data_b,
        "data_b_counts": make_data_b_counts(),
        "folds": make_folds(data_b),
        "copies": pd.DataFrame({"image_id": ["a"]}),
        "leaks": make_leaks(0),
        "paired_tests": make_tests(0.2).iloc[:0],
        **dict.fromkeys(
            (
                *("samples_picture", "curves_picture", "accuracies_picture"),
                *(
                    "roc_picture",
                    "confusion_matrices",
                    "reliability_picture",
                    "net_benefit_picture",
                ),
            ),
            PICTURE,
        ),
        "is_synthetic": False,
        "ingest": make_ingest(),
        "split": make_split(),
        "parameters": {
            "seed": 3,
            "split": {"protocol": "grouped"},
            "architectures": {
                "alexnet": {
                    "pretrain": PretrainParameters.model_construct(read="best"),
                    "transfer": TransferParameters.model_construct(read="best"),
                }
            },
        },
        "provenance": PROVENANCE,
        "label_counts": PUBLISHED_LABELS,
        "cooccurrence": count_cooccurrence(findings),
        "cooccurrence_picture": PICTURE,
    }
    return Run(networks=made, **{**fields, **changes})


def make_ingest(input_size=224):
    """Return parameters of ingest: one source, whose size is that of the paper."""
    return IngestParameters.model_validate(
        {
            "sources": {"nih": {"reader": "nih", "folder": "nih"}},
            "views": ["PA", "AP"],
            "input_size": input_size,
            "fit": "crop",
            "largest_image": 10_000,
        }
    )


def make_data_a_counts(ours=(0, 1, 0, 1)):
    """Return table ``data_a_counts``."""
    return pd.DataFrame(
        {
            "class": ["normal", "normal", "diseased", "diseased"],
            "subset": ["train", "validation"] * 2,
            "ours": ours,
            "paper": [47_560, 10_000, 40_819, 10_000],
        }
    )


def make_data_b_counts(asked=(2, 2, 2, 2), taken=(2, 2, 2, 2)):
    """Return table ``data_b_counts``: a finding per class."""
    return pd.DataFrame(
        {
            "class": ["normal", "other_disease", "pneumonia", "covid_19"],
            "finding": ["No Finding", "Mass", "Pneumonia", "COVID-19"],
            "asked": asked,
            "single_label_available": taken,
            "multi_label_available": 0,
            "taken": taken,
            "short": [a - t for a, t in zip(asked, taken, strict=True)],
        }
    )


def make_whole_run():
    """Return a run of two networks that has computed all there is."""
    computed = {
        **make_card((0.3, 0.2, 0.4)),
        "source_probe": make_probe(0.7, 0.55, 0.8),
        "same_source": make_same_source(0.7, 0.6, 0.8),
        "sources_out": make_sources_out(0.7, 0.6, 0.8),
        "localisation": make_localisation(0.4, 0.3, 0.5),
        "deletion": make_deletion(-0.2, -0.3, -0.1),
        "sanity": make_sanity(0.3),
        "regions": PICTURE,
        "external": make_external(0.1, 0.02, 0.18),
        "external_refusals": make_refusals(0.3, images=200),
        "refusals": make_refusals(),
    }
    vgg16 = {
        **computed,
        "results": make_result(accuracy=0.7, accuracy_low=0.6),
        "scores": make_scores(0.6, 0.7, 0.8),
        **make_card((0.1, 0.0, 0.2)),
    }
    return make_run(
        {"alexnet": computed, "vgg16": vgg16},
        paired_tests=make_tests(0.01),
        optimism=make_optimism(0.02, 0.18),
        ablation=make_ablation(),
        ablation_picture=PICTURE,
        stability=make_stability(),
        identifiable=make_identifiable(),
        shortcuts_picture=PICTURE,
        deletion_picture=PICTURE,
        sanity_picture=PICTURE,
        external_source="elsewhere.csv",
    )


def find_check(module, title, run):
    """Return the check of this title among those of a section."""
    (found,) = [check for check in module.checks(run) if check.title == title]
    return found
