from pathlib import Path

import pandas as pd
import pytest
import yaml

from detl.classes import DATA_B_CLASSES
from detl.parameters import SplitParameters

CONF = Path(__file__).parents[2] / "conf"


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
