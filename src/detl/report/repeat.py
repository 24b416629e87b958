"""The report's section on how to repeat the run, and what identifies its data."""

import hashlib
from collections.abc import Mapping
from typing import Any

import pandas as pd

from detl.report.page import Block, Code, Note, Paragraph, Section, Table
from detl.schemas.parameters import flatten_parameters


def hash_manifest(images: pd.DataFrame) -> str:
    """Return the SHA-256 of the images' names and contents, 64 hexadecimal digits.

    It is of the lines ``<image_id> <sha256 of the file>``, sorted, each with a line
    feed, and so does not depend on the order of the table.

    Args:
        images: Table ``images``, with the columns ``image_id`` and ``sha256``.
    """
    lines = sorted(images["image_id"] + " " + images["sha256"])
    content = "".join(f"{line}\n" for line in lines)
    return hashlib.sha256(content.encode()).hexdigest()


def describe_repeat(
    provenance: Mapping[str, Any],
    parameters: Mapping[str, Any],
    images: pd.DataFrame,
    figures: Mapping[str, str],
) -> Section:
    """Return the section: command, code, data, versions, parameters and figures.

    Args:
        provenance: ``command``, ``environment``, ``revision`` (of git, or None),
            ``changed`` (whether the working tree differed from it), ``versions`` by
            package, and ``machine`` with ``system``, ``processors``,
            ``accelerators``.
        parameters: All parameters, as a tree.
        images: Table ``images``.
        figures: What the pictures show, by path beside the page.
    """
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
        Table(_list_identity(provenance, parameters, images), "What was run."),
    ]
    versions = _two_columns(
        ("package", "version"),
        provenance["versions"],
        "Packages whose version can change a result.",
    )
    files = _two_columns(
        ("file", "what it shows"),
        figures,
        "The pictures of this page, by their path beside it.",
    )
    values = _two_columns(
        ("parameter", "value"),
        flatten_parameters(parameters),
        "Parameters, as the environment and the command have set them.",
    )
    subsections = [
        Section("versions", "Versions", [versions]),
        Section("figures", "Figures as files", [files]),
        Section("parameters", "All parameters", [values]),
    ]
    return Section("repeat", "How to repeat this run", blocks, subsections)


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


def _list_identity(
    provenance: Mapping[str, Any], parameters: Mapping[str, Any], images: pd.DataFrame
) -> pd.DataFrame:
    machine = provenance["machine"]
    tree = "with changes" if provenance["changed"] else "without changes"
    rows = {
        "environment of parameters": provenance["environment"],
        "seed": str(parameters["seed"]),
        "git revision": f"{provenance['revision']}, {tree}"
        if provenance["revision"]
        else "unknown",
        "images read": f"{len(images):,}",
        "SHA-256 of the list of images": hash_manifest(images),
        "system": machine["system"],
        "processors": str(machine["processors"]),
        "accelerators": machine["accelerators"],
    }
    return pd.DataFrame({"": list(rows), "this run": list(rows.values())})


def _two_columns(
    names: tuple[str, str], values: Mapping[str, str], caption: str
) -> Table:
    columns = (list(values), list(values.values()))
    return Table(pd.DataFrame(dict(zip(names, columns, strict=True))), caption)
