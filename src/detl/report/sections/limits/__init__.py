"""The section on what the run shows and what it does not, from its own numbers."""

import pandas as pd

from detl.report.blocks import Block, Bullets, Folded, Note, Paragraph, Section
from detl.report.checks import NOT_COMPUTED
from detl.report.inputs import Run
from detl.report.sections import best_network
from detl.report.sections.limits.cue_rules import (
    compare_with_cue_rules,
    tabulate_cue_rules,
)
from detl.report.sections.limits.judgements import (
    Judgement,
    judge_ablation,
    judge_learning,
    judge_optimism,
)
from detl.report.sections.limits.reproduction import judge_reproduction
from detl.report.trainings import count_seeds, describe_missing, name_reads
from detl.wording import class_title, count_of, enumerate_names


def section(run: Run) -> Section:
    """Return the section, with the sentences that the numbers of the run support."""
    judgements = [
        compare_with_cue_rules(run),
        judge_learning(run),
        _judge_patients(run),
        _judge_best_network(run),
        judge_optimism(run.optimism),
        judge_ablation(run.ablation),
        judge_reproduction(run),
        Judgement(not_shown=_describe_sizes(run)),
    ]
    shown = [sentence for judgement in judgements for sentence in judgement.shown]
    not_shown = [text for judgement in judgements for text in judgement.not_shown]
    nothing = Paragraph("Nothing but that the pipeline runs from images to report.")
    open_questions: list[Block] = [
        Bullets(not_shown),
        Folded("Accuracies beside rules that see no pixel", [tabulate_cue_rules(run)]),
    ]
    return Section(
        "limits",
        "What this run shows, and what it does not",
        [_describe_images(run)],
        [
            Section("limits-shown", "It shows", [Bullets(shown) if shown else nothing]),
            Section("limits-not-shown", "It does not show", open_questions),
        ],
    )


def _describe_images(run: Run) -> Note | Paragraph:
    images, size = run.images, run.ingest.input_size
    if run.is_synthetic:
        return Note(
            f"All {len(images):,} images are synthetic (phantoms), seen at {size} x "
            f"{size} pixels. The figures show whether the pipeline works and the "
            "networks learn, and nothing about disease."
        )
    return Paragraph(
        f"The {len(images):,} images are radiographs of "
        f"{count_of(images['group'].nunique(), 'group')} of patients, seen at {size} x "
        f"{size} pixels."
    )


def _judge_best_network(run: Run) -> Judgement:
    """Return what the verdict says of the best network."""
    check = best_network.check(run)
    if check.status == NOT_COMPUTED:
        return Judgement()
    sentence = f"{check.meaning[:-1]} ({check.number}, {check.interval})."
    if check.status == "pass":
        return Judgement(shown=[sentence])
    return Judgement(not_shown=[sentence])


def _judge_patients(run: Run) -> Judgement:
    """Return whether training has used the tested patients, or the tested images."""
    data_a, data_b, folds = run.data_a, run.data_b, run.folds
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
    is_chosen = "best" in name_reads(run, "transfer")
    if is_chosen and not (folds["subset"] == "validation").any():
        not_shown.append(
            "Accuracy at an epoch that was chosen beforehand: in each of the "
            f"{folds['fold'].nunique()} folds the epoch was chosen on the test images "
            "themselves, so the accuracies are the best over the epochs."
        )
    return Judgement(shown, not_shown)


def _count_crossing(data_b: pd.DataFrame, folds: pd.DataFrame) -> int:
    """Return how many test images have their group in another part of the fold."""
    table = folds.merge(data_b[["image_id", "group"]], on="image_id")
    is_test = table["subset"] == "test"
    elsewhere = table[~is_test].drop_duplicates(["fold", "group"])
    crossing = table[is_test].merge(elsewhere[["fold", "group"]], on=["fold", "group"])
    return len(crossing)


def _describe_sizes(run: Run) -> list[str]:
    """Return how small a difference this run can measure."""
    data_b, folds = run.data_b, run.folds
    tests = folds[folds["subset"] == "test"].merge(
        data_b[["image_id", "label"]], on="image_id"
    )
    sizes = tests.groupby(["fold", "label"]).size()
    groups = data_b.groupby("label")["group"].nunique()
    widths = [
        100 * (result["accuracy_high"] - result["accuracy_low"])
        for result in run.results.values()
    ]
    fewest = [class_title(label) for label in groups.index[groups == groups.min()]]
    return [
        f"Small differences: each of the {tests['fold'].nunique()} folds tests "
        f"{_range(sizes.min(), sizes.max())} images of a class, a class has "
        f"{_range(groups.min(), groups.max())} groups of patients (fewest: "
        f"{enumerate_names(fewest)}), and the 95 % intervals of the accuracies are "
        f"{_range(round(min(widths), 1), round(max(widths), 1))} points wide.",
        _describe_other_trainings(run),
    ]


def _describe_other_trainings(run: Run) -> str:
    """Return how another training may differ, or that nothing is known of it."""
    if count_seeds(run) == 1:
        return f"What another training would give. {describe_missing(run)}"
    spreads = [100 * result["accuracy_sd_seeds"] for result in run.results.values()]
    return (
        "What one training gives: over seeds the accuracies have an SD of "
        f"{_range(round(min(spreads), 1), round(max(spreads), 1))} points. "
        f"{describe_missing(run)}"
    )


def _range(low: float, high: float) -> str:
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
