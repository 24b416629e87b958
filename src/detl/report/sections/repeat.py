"""The section on how to repeat the run."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from detl.report.blocks import (
    Block,
    Code,
    Folded,
    Links,
    Note,
    Paragraph,
    Section,
    Table,
)
from detl.report.inputs import Run
from detl.schemas.parameters import flatten_parameters
from detl.wording import network_title

FIGURES = {
    "figures/samples.png": "Images of Data-B's classes (the paper's Fig. 1)",
    "figures/cooccurrence.png": "Findings that occur together (the paper's Fig. 2)",
    "figures/curves.png": "Curves of the pretraining",
    "figures/accuracies.png": "Accuracy of the folds",
    "figures/roc.png": "ROC curves by class",
    "confusion_matrices.png": "Confusion matrices (the paper's Fig. 3)",
}
"""What the pictures show, by their path relative to the page (``catalog.yml``)."""

EXAMPLES = "figures/{architecture}_grad_cam.png"
ERRORS = "figures/{architecture}_errors.png"
ABLATION = "ablation.png"


PAPER = "https://arxiv.org/abs/2004.10507"


def hash_manifest(images: pd.DataFrame) -> str:
    """Return the SHA-256 of the images' names and contents, 64 hexadecimal digits.

    The hash is of sorted lines ``<image_id> <sha256 of the file>``, each with a line
    feed, so it does not depend on the order of the table.
    """
    lines = sorted(images["image_id"] + " " + images["sha256"])
    content = "".join(f"{line}\n" for line in lines)
    return hashlib.sha256(content.encode()).hexdigest()


def section(run: Run) -> Section:
    """Return the section: command, code, data, versions, parameters and figures."""
    provenance = run.provenance
    blocks: list[Block] = [
        Paragraph(
            "The same code, data, parameters and versions give the same numbers on a "
            "machine of the same kind. This page was written by:"
        ),
        Code(provenance["command"]),
        Paragraph(
            "A command that runs a part (such as --pipeline report) reads the rest "
            "from the files of earlier runs; --pipeline detl makes all of it, except "
            "the comparisons."
        ),
        *_note_code(provenance),
        Table(_list_identity(run), "What was run, when and where."),
        Links({"The paper, arXiv:2004.10507": PAPER}),
    ]
    versions = _two_columns(
        ("package", "version"),
        provenance["versions"],
        "Packages whose version can change a result.",
    )
    files = _two_columns(
        ("file", "what it shows"),
        _list_figures(run),
        "The pictures of this page, by their path beside it.",
    )
    values = _two_columns(
        ("parameter", "value"),
        flatten_parameters(run.parameters),
        "Parameters, as the environment and the command have set them.",
    )
    subsections = [
        Section("versions", "Versions", [Folded("Packages", [versions])]),
        Section("figures", "Figures as files", [Folded("Files", [files])]),
        Section("parameters", "All parameters", [Folded("Parameters", [values])]),
    ]
    return Section("repeat", "How to repeat this run", blocks, subsections)


def _list_figures(run: Run) -> dict[str, str]:
    """Return what each picture shows, by its path relative to the page."""
    figures = dict(FIGURES)
    if run.cooccurrence is None:
        del figures["figures/cooccurrence.png"]
    for architecture in run.networks:
        path = EXAMPLES.format(architecture=architecture)
        figures[path] = f"Grad-CAM of {network_title(architecture)} (Fig. 4)"
        path = ERRORS.format(architecture=architecture)
        figures[path] = f"The most confident errors of {network_title(architecture)}"
    if run.ablation_picture is not None:
        figures[ABLATION] = "Accuracy of the arms of the ablation"
    return figures


def _note_code(provenance: Mapping[str, Any]) -> list[Block]:
    if provenance["revision"] is None:
        return [
            Note(
                "The code was not in a git working tree, so that its version is not "
                "known beyond that of the package."
            )
        ]
    if provenance["changed"]:
        return [
            Note(
                "The working tree differed from the revision below (files were changed "
                "or added), so that the revision alone does not give this run again."
            )
        ]
    return []


def _list_identity(run: Run) -> pd.DataFrame:
    provenance = run.provenance
    machine = provenance["machine"]
    tree = "with changes" if provenance["changed"] else "without changes"
    rows = {
        "started": describe_moment(provenance["started"]),
        "duration up to this page": describe_duration(provenance["seconds"]),
        "MLflow run": provenance["mlflow_run"] or "none",
        "environment of parameters": provenance["environment"],
        "seed": str(run.parameters["seed"]),
        "git revision": f"{provenance['revision']}, {tree}"
        if provenance["revision"]
        else "unknown",
        "images read": f"{len(run.images):,}",
        "SHA-256 of the list of images": hash_manifest(run.images),
        "system": machine["system"],
        "processor": machine["processor"],
        "processors": str(machine["processors"]),
        "accelerators": machine["accelerators"],
    }
    return pd.DataFrame({"": list(rows), "this run": list(rows.values())})


def describe_moment(moment: str) -> str:
    """Return a moment in ISO 8601 as people write it, in its own time zone.

    Args:
        moment: With a time zone, such as ``2026-11-28T17:54:39+00:00``.
    """
    return datetime.fromisoformat(moment).strftime("%Y-%m-%d, %H:%M %Z")


def describe_duration(seconds: float) -> str:
    """Return a duration in seconds as people say it, such as ``1 h 5 min``."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _two_columns(
    names: tuple[str, str], values: Mapping[str, str], caption: str
) -> Table:
    columns = (list(values), list(values.values()))
    return Table(pd.DataFrame(dict(zip(names, columns, strict=True))), caption)
