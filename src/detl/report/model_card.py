"""The model card of one architecture, from the tables of its run.

Reference:
    M. Mitchell et al., "Model cards for model reporting", FAT* 2019, sections 4.1 to
    4.9. The front matter is that of Hugging Face's model cards.
"""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from detl.report.inputs import Network, Run
from detl.report.refusals import describe_external, describe_held_out
from detl.schemas.classes import DATA_B_CLASSES
from detl.wording import (
    class_title,
    count_of,
    in_percent,
    interval_in_percent,
    network_title,
    show_measured,
    show_number,
    subgroup_title,
)

_TEMPLATE = "model_card.md"
_CLASS_SCORES = ("sensitivity", "specificity", "ppv", "auc")


def write_card(run: Run, verdict: pd.DataFrame, architecture: str) -> str:
    """Return the model card, in Markdown; the same run gives the same card.

    Args:
        run: All that the report shows.
        verdict: What ``judge_network`` says of this network.
        architecture: Which of the run's networks.
    """
    import jinja2
    import yaml

    network = run.networks[architecture]
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = Path(__file__).with_name(_TEMPLATE).read_text(encoding="utf-8")
    matter = yaml.safe_dump(_describe_for_hub(run, architecture), sort_keys=False)
    return environment.from_string(template).render(
        front_matter=matter.strip(),
        title=network_title(architecture),
        run=run,
        results=network.results,
        accuracy=_say(network.results, "accuracy"),
        ensemble=_say(network.results, "ensemble_accuracy"),
        data_b_counts=_count_classes(run),
        classes=_tabulate_classes(network),
        calibration=_tabulate_calibration(network),
        subgroups=_tabulate_subgroups(network),
        refusals=describe_held_out(network.refusals),
        external_refusals=describe_external(network.external_refusals),
        checks=verdict.astype(object).fillna("").to_dict("records"),
        versions=run.provenance["versions"],
    )


def _say(results: Mapping[str, Any], name: str) -> str:
    interval = interval_in_percent(results[f"{name}_low"], results[f"{name}_high"])
    return f"{in_percent(results[name])} ({interval})"


def _describe_for_hub(run: Run, architecture: str) -> dict[str, Any]:
    results = run.networks[architecture].results
    kind = "synthetic radiographs" if run.is_synthetic else "chest X-rays"
    accuracy = {
        "type": "accuracy",
        "value": round(results["accuracy"], 4),
        "name": "accuracy, mean over seeds, five-fold cross-validation by patient",
        "args": {
            "low": round(results["accuracy_low"], 4),
            "high": round(results["accuracy_high"], 4),
            "confidence": 0.95,
        },
    }
    return {
        "license": "apache-2.0",
        "library_name": "keras",
        "pipeline_tag": "image-classification",
        "tags": [
            "chest-x-ray",
            "covid-19",
            "transfer-learning",
            "not-for-clinical-use",
        ],
        "model-index": [
            {
                "name": f"detl-{architecture}",
                "results": [
                    {
                        "task": {"type": "image-classification"},
                        "dataset": {"name": f"Data-B, {kind}", "type": "data-b"},
                        "metrics": [accuracy],
                    }
                ],
            }
        ],
    }


def _count_classes(run: Run) -> str:
    counts = run.data_b["label"].value_counts()
    return ", ".join(f"{class_title(c)} {counts.get(c, 0):,}" for c in DATA_B_CLASSES)


def _tabulate_classes(network: Network) -> list[dict[str, str]]:
    pooled = network.scores[network.scores["fold"] == "all"]
    rows = []
    for label in DATA_B_CLASSES:
        row = {"name": class_title(label)}
        for score in _CLASS_SCORES:
            found = pooled[(pooled["score"] == score) & (pooled["class"] == label)]
            is_share = score != "auc"
            row[score] = (
                show_measured(found.iloc[0].to_dict(), is_share) if len(found) else "-"
            )
        rows.append(row)
    return rows


def _tabulate_calibration(network: Network) -> list[dict[str, str]]:
    scaled = network.calibration[
        network.calibration["probabilities"] == "temperature scaled"
    ]
    return [
        {
            "quantity": str(row["quantity"]),
            "name": class_title(row["class"]) if isinstance(row["class"], str) else "",
            "number": _show_plainly(row),
        }
        for row in scaled.to_dict("records")
    ]


def _tabulate_subgroups(network: Network) -> list[dict[str, str]]:
    measured = network.subgroups[network.subgroups["value"].notna()]
    return [
        {
            "name": subgroup_title(str(row["attribute"]), str(row["subgroup"])),
            "quantity": _name_quantity(row),
            "number": show_measured(row),
            "images": count_of(int(row["images"]), "image"),
        }
        for row in measured.to_dict("records")
    ]


def _name_quantity(row: Mapping[Hashable, Any]) -> str:
    quantity = str(row["quantity"]).replace("_", " ")
    label = row["class"]
    return f"{quantity}, {class_title(label)}" if isinstance(label, str) else quantity


def _show_plainly(row: Mapping[Hashable, Any]) -> str:
    if pd.isna(row["value"]):
        return str(row["note"]) or "not computed"
    number, interval = show_number(row, is_share=False)
    return f"{number} ({interval})" if interval else number
