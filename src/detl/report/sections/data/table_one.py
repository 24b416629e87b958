"""Table I of this run and of the paper, and why they differ."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from detl.report.blocks import Block, Bullets, Folded, Section, Table
from detl.report.inputs import Run
from detl.report.sections.data.differences import (
    explain_diseased,
    explain_label_file,
    explain_normal,
    explain_other_disease,
    explain_overlapping_sources,
    explain_patients,
    explain_pneumonia,
    explain_sizes,
    explain_validation,
)
from detl.schemas.classes import DATA_A_CLASSES, DATA_B_CLASSES
from detl.schemas.parameters import SplitParameters
from detl.sources.findings import NO_FINDING, carries
from detl.sources.label_counts import PNEUMONIA
from detl.wording import class_title, enumerate_names

PAPER_DATA_B: Mapping[str, int] = {
    "normal": 350,
    "other_disease": 300,
    "pneumonia": 322,
    "covid_19": 305,
}
"""Number of images in the paper's Table I, by class."""

SUBSET_NAMES = {"train": "training", "validation": "validation"}


def describe_table_one(run: Run) -> Section:
    """Return Table I, its differences from the paper's, and how Data-A was drawn."""
    images, data_b, split = run.images, run.data_b, run.split
    counts = run.data_b_counts
    account = account_for_data_a(images, run.data_a, data_b, split)
    sentences = [
        *explain_label_file(run.label_counts, account),
        *explain_sizes(counts, PAPER_DATA_B),
        *explain_overlapping_sources(images, data_b, run.rejected, split),
        *explain_pneumonia(images, data_b, counts),
        *explain_other_disease(images, data_b, counts),
        *explain_diseased(account, split),
        *explain_normal(account),
        *explain_validation(run.data_a_counts, account, split),
        *explain_patients(run.data_a, data_b, account, split),
    ]
    blocks: list[Block] = [_tabulate(run.data_a_counts, data_b)]
    if sentences:
        summary = (
            "What differs from the paper, and why (the numbers of the decisions are "
            "those of docs/decisions.md)"
        )
        blocks.append(Folded(summary, [Bullets(sentences)]))
    drawn = [_tabulate_account(account, split)]
    blocks.append(Folded("How Data-A was drawn", drawn))
    title = "Table I: the classes, ours and the paper's"
    return Section("data-table-1", title, blocks)


def account_for_data_a(
    images: pd.DataFrame,
    data_a: pd.DataFrame,
    data_b: pd.DataFrame,
    split: SplitParameters,
) -> pd.DataFrame:
    """Return how many images each class of Data-A had, and why some were left out.

    Returns:
        Rows normal and diseased; columns ``accepted``, and of these ``pneumonia``
        (left out), ``data_b`` (in Data-B), ``patients`` (further images of Data-B's
        groups, which are left out under ``protocol: grouped`` alone), ``limit``
        (above the limit per class), ``balance`` (left out of the validation part, whose
        classes are equal) and ``taken``.
    """
    table = images[images["source"].isin(split.data_a.sources)]
    is_normal = table["findings"] == NO_FINDING
    if split.data_a.pneumonia == "exclude_any":
        pneumonia = carries(table["findings"], PNEUMONIA)
    else:
        pneumonia = table["findings"] == PNEUMONIA
    in_data_b = table["image_id"].isin(data_b["image_id"]) & ~pneumonia
    of_patients = table["group"].isin(data_b["group"]) & ~in_data_b & ~pneumonia
    if split.protocol == "paper":
        of_patients &= False
    account = (
        pd.DataFrame(
            {
                "label": np.where(is_normal, *DATA_A_CLASSES),
                "accepted": True,
                "pneumonia": pneumonia,
                "data_b": in_data_b,
                "patients": of_patients,
            }
        )
        .groupby("label")
        .sum()
        .reindex(list(DATA_A_CLASSES), fill_value=0)
    )
    taken = data_a["label"].value_counts().reindex(account.index, fill_value=0)
    left = account["accepted"] - account.drop(columns="accepted").sum(axis=1)
    allowed = left.clip(upper=split.data_a.most_per_class)
    return account.assign(
        limit=left - allowed, balance=allowed - taken, taken=taken
    ).astype(int)


def _tabulate(data_a_counts: pd.DataFrame, data_b: pd.DataFrame) -> Table:
    rows = [
        (
            f"Data-A, {class_title(line['class'])}, {SUBSET_NAMES[line['subset']]}",
            line["ours"],
            line["paper"],
        )
        for line in data_a_counts.to_dict("records")
    ]
    sizes = data_b["label"].value_counts()
    rows += [
        (f"Data-B, {class_title(label)}", sizes.get(label, 0), PAPER_DATA_B[label])
        for label in DATA_B_CLASSES
    ]
    cells = [(name, f"{ours:,}", f"{paper:,}") for name, ours, paper in rows]
    frame = pd.DataFrame(cells, columns=["images of", "this run", "the paper"])
    return Table(frame, "Table I. Number of images in each class.")


def _tabulate_account(account: pd.DataFrame, split: SplitParameters) -> Table:
    which = {"exclude_any": "Pneumonia", "exclude_single": "Pneumonia and nothing else"}
    names = {
        "accepted": "accepted, without and with a finding",
        "pneumonia": f"left out: carry {which[split.data_a.pneumonia]}",
        "data_b": "left out: are in Data-B",
        "patients": "left out: further images of Data-B's patients",
        "limit": "left out: above split.data_a.most_per_class",
        "balance": "left out: of the validation part's patients, for equal classes",
        "taken": "in Data-A, training and validation",
    }
    always = ("accepted", "taken")
    frame = pd.DataFrame(
        [
            (name, *(f"{number:,}" for number in account[column]))
            for column, name in names.items()
            if column in always or account[column].any()
        ],
        columns=["images", *DATA_A_CLASSES],
    )
    sources = enumerate_names(split.data_a.sources)
    return Table(frame, f"From the images of {sources} to Data-A.")
