"""Small tables as the pipelines make them, for the tests of the report."""

from pathlib import Path

import pandas as pd
import yaml

from detl.schemas.parameters import SplitParameters

CONF = Path(__file__).parents[2] / "conf" / "base" / "parameters_split.yml"
LABELS = {
    "No Finding": "normal",
    "Mass": "other_disease",
    "Pneumonia": "pneumonia",
    "COVID-19": "covid_19",
}


def make_split(protocol="grouped", **data_a):
    """Return the parameters of environment base with some values changed."""
    values = yaml.safe_load(CONF.read_text())["split"]
    values["protocol"] = protocol
    values["data_a"] |= data_a
    return SplitParameters.model_validate(values)


def make_images(*rows):
    """Return table ``images`` from (number, source, group, findings, view, age)."""
    table = pd.DataFrame(
        rows, columns=["number", "source", "group", "findings", "view", "age"]
    )
    number = table.pop("number")
    return table.assign(
        image_id=table["source"] + "/" + number.astype(str),
        row=range(len(table)),
        sex="F",
        age=table["age"].astype(float),
    )


def take(images, labels):
    """Return a table like ``data_b`` of the images at these positions."""
    chosen = images.iloc[list(labels)][["image_id", "row", "group"]]
    named = chosen.assign(label=list(labels.values()))
    finding = named["label"].map({label: name for name, label in LABELS.items()})
    return named.assign(finding=finding).reset_index(drop=True)


def make_folds(data_b, folds=2, inner="validation"):
    """Return table ``folds``: image k is tested in fold k modulo ``folds``."""
    return pd.DataFrame(
        [
            {
                "image_id": image,
                "fold": f"fold_{fold + 1}",
                "subset": "test"
                if position % folds == fold
                else (inner if position % folds == (fold + 1) % folds else "train"),
            }
            for fold in range(folds)
            for position, image in enumerate(data_b["image_id"])
        ]
    )


def make_two_sources(groups):
    """Return images of two sources, of which Data-B has eight, in these groups."""
    findings = ["No Finding", "Mass", "Pneumonia", "COVID-19"] * 2
    views = ["PA", "PA", "AP", "PA"] * 2
    images = make_images(
        *(
            (k, "covid" if finding == "COVID-19" else "nih", groups[k], finding, v, 50)
            for k, (finding, v) in enumerate(zip(findings, views, strict=True))
        ),
        (8, "nih", "h", "No Finding", "PA", 50),
        (9, "nih", "a", "Mass", "PA", 50),
    )
    classes = ["normal", "other_disease", "pneumonia", "covid_19"]
    data_b = take(images, dict(enumerate(classes * 2)))
    return images, data_b
