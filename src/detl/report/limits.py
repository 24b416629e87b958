"""The section on what the run shows and what it does not, from its own numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from detl.report.best_network import describe_best_network
from detl.report.cues import judge_cues, tabulate_cues
from detl.report.judgements import (
    Judgement,
    judge_ablation,
    judge_learning,
    judge_optimism,
)
from detl.report.page import Block, Bullets, Note, Paragraph, Section, Table
from detl.report.reproduction import judge_reproduction
from detl.schemas.parameters import SplitParameters
from detl.wording import class_title, count_of, enumerate_names


def describe_limits(
    images: pd.DataFrame,
    data_a: pd.DataFrame,
    data_b: pd.DataFrame,
    folds: pd.DataFrame,
    split: SplitParameters,
    results: Mapping[str, Mapping[str, Any]],
    paired_tests: pd.DataFrame,
    optimism: pd.DataFrame | None,
    ablation: pd.DataFrame | None,
    is_synthetic: bool,
    input_size: int | None = None,
    width_multipliers: Mapping[str, float] | None = None,
) -> Section:
    """Return the section; each sentence stands there only if the run bears it out.

    Args:
        images: Table ``images``.
        data_a: Table ``data_a``.
        data_b: Table ``data_b``.
        folds: Table ``folds``.
        split: How the data were split.
        results: By architecture, at least accuracy_mean, accuracy_sd,
            accuracy_pooled with accuracy_low and accuracy_high (95 %, over groups of
            patients), the scores of the pretraining (data_a_...), never_predicted and
            tested.
        paired_tests: Table ``paired_tests``.
        optimism: Table ``optimism``, a row per architecture, or None.
        ablation: Table ``ablation``, a row per architecture and arm, or None.
        is_synthetic: Whether the images are the project's phantoms.
        input_size: Height and width of the images that the networks see, where known.
        width_multipliers: By architecture, the factor on its filters, where known.
    """
    judgements = [
        judge_cues(images, data_b, results),
        judge_learning(data_b, results),
        _judge_patients(data_a, data_b, folds),
        describe_best_network(paired_tests, results),
        judge_optimism(optimism),
        judge_ablation(ablation),
        judge_reproduction(
            data_a,
            data_b,
            split,
            results,
            is_synthetic,
            input_size,
            width_multipliers or {},
        ),
        Judgement(not_shown=_describe_sizes(data_b, folds, results)),
    ]
    first = _describe_images(images, is_synthetic, input_size)
    return _assemble(first, judgements, tabulate_cues(images, data_b, results))


def _assemble(first: Block, judgements: Sequence[Judgement], cues: Table) -> Section:
    shown = [sentence for judgement in judgements for sentence in judgement.shown]
    not_shown = [text for judgement in judgements for text in judgement.not_shown]
    nothing = Paragraph("Nothing but that the pipeline runs from images to report.")
    return Section(
        "limits",
        "What this run shows, and what it does not",
        [first],
        [
            Section("limits-shown", "It shows", [Bullets(shown) if shown else nothing]),
            Section("limits-not-shown", "It does not show", [Bullets(not_shown), cues]),
        ],
    )


def _describe_images(
    images: pd.DataFrame, is_synthetic: bool, input_size: int | None
) -> Note | Paragraph:
    size = f", seen at {input_size} x {input_size} pixels" if input_size else ""
    if is_synthetic:
        return Note(
            f"All {len(images):,} images are synthetic (phantoms){size}. The figures "
            "show whether the pipeline works and the networks learn, and nothing about "
            "disease."
        )
    return Paragraph(
        f"The {len(images):,} images are radiographs of "
        f"{count_of(images['group'].nunique(), 'group')} of patients{size}."
    )


def _judge_patients(
    data_a: pd.DataFrame, data_b: pd.DataFrame, folds: pd.DataFrame
) -> Judgement:
    """Whether the tested patients were seen before, counted from the tables."""
    groups = data_b["group"].nunique()
    crossing = _count_crossing(data_b, folds)
    tested = int((folds["subset"] == "test").sum())
    seen = len(set(data_a["group"]) & set(data_b["group"]))
    shown, not_shown = [], []
    if crossing:
        not_shown.append(
            f"Accuracy on new patients: {crossing:,} of {tested:,} test images "
            f"({crossing / tested:.0%}) have an image of the same patient, or a copy, "
            "in the part that the fold was trained on."
        )
    if seen:
        not_shown.append(
            f"Accuracy on patients that pretraining has not seen: {seen:,} of Data-B's "
            f"{groups:,} groups of patients have images in Data-A too."
        )
    if not crossing and not seen:
        shown.append(
            "No network has seen a patient that it is tested on: of Data-B's "
            f"{groups:,} groups of patients, 0 are in the test part and another part "
            "of one fold, and 0 are in Data-A."
        )
    if not (folds["subset"] == "validation").any():
        not_shown.append(
            "Accuracy at an epoch that was chosen beforehand: in each of the "
            f"{folds['fold'].nunique()} folds the epoch was chosen on the test images "
            "themselves, so the accuracies are the best over the epochs."
        )
    return Judgement(shown, not_shown)


def _count_crossing(data_b: pd.DataFrame, folds: pd.DataFrame) -> int:
    """Return the test images whose group is also in another part of the same fold."""
    table = folds.merge(data_b[["image_id", "group"]], on="image_id")
    is_test = table["subset"] == "test"
    elsewhere = table[~is_test].drop_duplicates(["fold", "group"])
    crossing = table[is_test].merge(elsewhere[["fold", "group"]], on=["fold", "group"])
    return len(crossing)


def _describe_sizes(
    data_b: pd.DataFrame,
    folds: pd.DataFrame,
    results: Mapping[str, Mapping[str, Any]],
) -> list[str]:
    """Say how finely this run can measure."""
    tests = folds[folds["subset"] == "test"].merge(
        data_b[["image_id", "label"]], on="image_id"
    )
    sizes = tests.groupby(["fold", "label"]).size()
    groups = data_b.groupby("label")["group"].nunique()
    widths = [100 * (r["accuracy_high"] - r["accuracy_low"]) for r in results.values()]
    fewest = [class_title(label) for label in groups.index[groups == groups.min()]]
    return [
        f"Small differences: each of the {tests['fold'].nunique()} folds tests "
        f"{_range(sizes.min(), sizes.max())} images of a class, a class has "
        f"{_range(groups.min(), groups.max())} groups of patients (fewest: "
        f"{enumerate_names(fewest)}), and the 95 % intervals of the accuracies are "
        f"{_range(round(min(widths), 1), round(max(widths), 1))} points wide. They "
        "hold the choice of patients; that another seed gives other weights is not in "
        "them, since each network was trained once per fold."
    ]


def _range(low: float, high: float) -> str:
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
