"""The section on the data: the images that were read, taken and left out."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from detl.report.blocks import Figure, Folded, Paragraph, Section, Table
from detl.report.inputs import Run
from detl.report.sections.data.table_one import describe_table_one
from detl.schemas.classes import DATA_A_CLASSES, DATA_B_CLASSES
from detl.schemas.tables import UNKNOWN
from detl.wording import (
    SEX_TITLES,
    class_title,
    count_of,
    enumerate_names,
    in_percent,
)

KNOWN_LABELS: Mapping[str, tuple[str, int, str]] = {
    "images": ("images", 112_120, "108,948"),
    "patients": ("patients", 30_805, "32,717"),
    "no_finding": ("No Finding", 60_361, "57,560"),
    "no_finding_pa": ("No Finding, view PA", 39_302, ""),
    "no_finding_ap": ("No Finding, view AP", 21_059, ""),
    "finding_without_pneumonia": ("a finding, and no Pneumonia", 50_328, "50,819"),
    "pneumonia_alone": ("Pneumonia and nothing else", 322, "322"),
    "pneumonia": ("Pneumonia, alone or with others", 1_431, ""),
}
"""Number of ``count_labels``: in words, of the published file, and of the paper."""


def section(run: Run) -> Section:
    """Return the section: Table I, label file, rejected images, classes, figures."""
    subsections = [
        describe_table_one(run),
        _describe_label_file(run.label_counts, run.is_synthetic),
        _describe_rejected(run.rejected, run.is_synthetic),
        _describe_classes(run.images, run.data_a, run.data_b),
        _describe_samples(run.samples_picture, run.is_synthetic),
    ]
    # A label file may have the label No Finding alone.
    if run.cooccurrence is not None and not run.cooccurrence.empty:
        subsections.append(
            _describe_cooccurrence(run.cooccurrence, run.cooccurrence_picture)
        )
    return Section("data", "The data", [_describe_taken(run)], subsections)


def _describe_taken(run: Run) -> Paragraph:
    kind = "synthetic radiographs (phantoms)" if run.is_synthetic else "radiographs"
    sources = run.images["source"].value_counts(sort=False)
    taken = enumerate_names(
        [f"{number:,} from {name}" for name, number in sources.items()]
    )
    return Paragraph(
        f"{len(run.images):,} {kind} were taken, {taken}. Data-A, on which the "
        f"networks are pretrained, has {len(run.data_a):,} of them; Data-B, to which "
        f"they are transferred, {len(run.data_b):,}."
    )


def _describe_label_file(
    label_counts: Mapping[str, int] | None, is_synthetic: bool
) -> Section:
    anchor, title = "data-label-file", "The label file of NIH ChestX-ray14"
    if label_counts is None:
        text = "No source of this run is read as NIH ChestX-ray14: nothing to count."
        return Section(anchor, title, [Paragraph(text)])
    rows = [
        (words, f"{label_counts[name]:,}", f"{known:,}", paper)
        for name, (words, known, paper) in KNOWN_LABELS.items()
    ]
    columns = ["images with", "this run's file", "as published", "the paper"]
    table = Table(
        pd.DataFrame(rows, columns=columns),
        "What the label file holds, whether or not the images are there; beside it the "
        "published file of 112,120 images, and what the paper says of the same.",
    )
    same = [label_counts[name] == known for name, (_, known, _) in KNOWN_LABELS.items()]
    if is_synthetic:
        text = "The label file is synthetic, in the layout of the published one."
    elif all(same):
        text = f"All {len(same)} numbers are those of the published file."
    else:
        text = (
            f"{sum(same)} of the {len(same)} numbers are those of the published file: "
            "this is a part of it, or another release."
        )
    if label_counts["pneumonia_alone"] == 307:
        text += " 307 images with Pneumonia alone mark the first release of 2017."
    return Section(anchor, title, [Paragraph(text), Folded("The numbers", [table])])


def _describe_rejected(rejected: pd.DataFrame, is_synthetic: bool) -> Section:
    anchor, title = "data-rejected", "What was not taken, and why"
    if rejected.empty:
        return Section(anchor, title, [Paragraph("Nothing was rejected.")])
    # "view: L" and "duplicate of nih/1.png" are one kind of reason each.
    kinds = rejected.assign(
        kind=rejected["reason"].str.replace(r"(:| of ).*", "", regex=True)
    )
    groups = kinds.groupby(["source", "kind"], sort=False)
    counts = groups.agg(
        rows=("name", "size"), name=("name", "first"), reason=("reason", "first")
    ).reset_index()
    counts = counts.sort_values(["source", "rows"], ascending=[True, False])
    table = pd.DataFrame(
        {
            "reason": counts["kind"],
            "source": counts["source"],
            "number": counts["rows"].map("{:,}".format),
            "example": counts["name"].where(
                counts["reason"] == counts["kind"],
                counts["name"] + " (" + counts["reason"] + ")",
            ),
        }
    )
    summary = (
        "Images, and rows of a csv, that were not taken, by source and kind of reason: "
        f"{len(rejected):,} in all"
    )
    folded = Folded(summary, [Table(table, "The first reason counts.")])
    if not is_synthetic:
        return Section(anchor, title, [folded])
    planted = (
        "The sample has faults planted in it, such as a broken file or a label that no "
        "collection has, to show that they are found."
    )
    return Section(anchor, title, [Paragraph(planted), folded])


def _describe_classes(
    images: pd.DataFrame, data_a: pd.DataFrame, data_b: pd.DataFrame
) -> Section:
    said = ["image_id", "source", "view", "age", "sex"]
    tables = [
        Table(
            _tabulate_classes(chosen.merge(images[said], on="image_id"), classes),
            f"{name} by class. Groups are patients, joined where they share a picture; "
            "ages are the median and the quartiles, in years.",
        )
        for name, chosen, classes in (
            ("Data-B", data_b, DATA_B_CLASSES),
            ("Data-A", data_a, DATA_A_CLASSES),
        )
    ]
    summary = "Sources, views, ages and sexes by class"
    return Section("data-classes", "Who is in the classes", [Folded(summary, tables)])


def _tabulate_classes(table: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "class": class_title(label),
                "images": f"{len(of_class):,}",
                "groups": f"{of_class['group'].nunique():,}",
                "sources": _list_counts(of_class["source"]),
                "views": _list_counts(of_class["view"]),
                "age": _describe_ages(of_class["age"]),
                "sex": _list_counts(of_class["sex"].replace(SEX_TITLES)),
            }
            for label in classes
            if len(of_class := table[table["label"] == label])
        ]
    )


def _list_counts(column: pd.Series) -> str:
    counts = column.value_counts()
    # The unknown comes last, even if it is the most frequent.
    order = sorted(counts.index, key=lambda name: (name == UNKNOWN, -counts[name]))
    return ", ".join(f"{name} {counts[name]:,}" for name in order)


def _describe_ages(ages: pd.Series) -> str:
    unknown = int(ages.isna().sum())
    parts = [f"unknown {unknown:,}"] if unknown else []
    if unknown < len(ages):
        low, median, high = ages.quantile([0.25, 0.5, 0.75])
        parts.insert(0, f"{median:.0f} ({low:.0f} to {high:.0f})")
    return ", ".join(parts)


def _describe_samples(picture: np.ndarray, is_synthetic: bool) -> Section:
    kind = "Synthetic images" if is_synthetic else "Images"
    figure = Figure(
        picture,
        f"Fig. 1. {kind} of each class of Data-B as the networks see them, drawn at "
        "random, the images of a row from different patients.",
        "Grid of chest radiographs, one row for each class of Data-B, each image with "
        "its name and source below it.",
    )
    return Section("data-samples", "Sample images", [figure])


def _describe_cooccurrence(table: pd.DataFrame, picture: np.ndarray | None) -> Section:
    title = "Findings that come together"
    counts = table.set_index("finding")
    blocks: list[Paragraph | Figure] = []
    if {"Infiltration", "Atelectasis", "Effusion"} <= set(counts.index):
        row = counts.T["Infiltration"]
        with_others = enumerate_names(
            [
                f"{other} in {row[other]:,} "
                f"({in_percent(row[other] / row['Infiltration'])})"
                for other in ("Atelectasis", "Effusion")
            ]
        )
        text = (
            f"The paper reads off its Fig. 2 that Infiltration often comes with "
            f"Atelectasis and Effusion: in this label file, of "
            f"{row['Infiltration']:,} images with Infiltration, it comes with "
            f"{with_others}, and alone in {row['alone']:,} "
            f"({in_percent(row['alone'] / row['Infiltration'])})."
        )
        blocks.append(Paragraph(text))
    if picture is None:
        return Section("data-cooccurrence", title, blocks)
    figure = Figure(
        picture,
        "Fig. 2. Findings that come together in the label file: images that carry "
        "both, and their share of the row's images. In grey all images of the finding; "
        "at the right those that carry it alone.",
        f"Heat map of {len(counts)} findings against each other, the commonest first; "
        f"the commonest is {counts.index[0]} with "
        f"{count_of(int(counts.to_numpy()[0, 0]), 'image')}.",
    )
    return Section("data-cooccurrence", title, [*blocks, figure])
