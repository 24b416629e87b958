"""The section on the pretraining on Data-A."""

from collections.abc import Mapping

import pandas as pd

from detl.evaluation.metrics import explain_unlearned
from detl.report.blocks import Block, Figure, Note, Paragraph, Section, Table
from detl.report.inputs import Results, Run
from detl.report.trainings import THESE, name_reads
from detl.wording import (
    enumerate_names,
    in_percent,
    interval_in_percent,
    network_title,
)

_READ = {
    "average": "It answers with the mean of its weights over the last half of the "
    "epochs, which no image has chosen; the accuracy is that of these weights, and not "
    "the end of the curve.",
    "best": "It keeps the first epoch with the best accuracy on the validation part. "
    "This choice makes the accuracy a little too good; the interval is wide enough for "
    "every epoch at once.",
    "last": "It keeps the last epoch.",
}
"""What is said of ``TrainingParameters.read``."""


def section(run: Run) -> Section:
    """Return the section: curves, accuracies on Data-A, and which network is best."""
    results = run.results
    networks = enumerate_names([network_title(name) for name in results])
    blocks: list[Block] = [
        Paragraph(
            "Each network is trained from scratch to tell normal from diseased. "
            + " ".join(_READ[read] for read in sorted(name_reads(run, "pretrain")))
        ),
        Figure(
            run.curves_picture,
            "Pretraining on Data-A. The grey line in the lower row is chance, the "
            "share of the larger class.",
            f"Loss and accuracy by epoch of {networks}, training and validation part.",
        ),
        Table(
            _tabulate(results),
            "Accuracy on the validation part of Data-A, with its 95 % interval "
            f"{THESE}.",
        ),
        *_note_chance(results),
        Paragraph(compare_on_data_a(results)),
    ]
    return Section("pretraining", "Pretraining on Data-A", blocks)


def _tabulate(results: Mapping[str, Results]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "network": network_title(architecture),
                "accuracy": in_percent(result["data_a_accuracy"]),
                "95 % interval": interval_in_percent(
                    result["data_a_accuracy_low"], result["data_a_accuracy_high"]
                ),
                "correct": f"{result['data_a_correct']:.0f} of "
                f"{result['data_a_images']:.0f}",
                "chance": in_percent(result["data_a_chance"]),
                "groups of patients": f"{result['data_a_groups']:.0f}",
                "epochs read": _name_epochs(result),
            }
            for architecture, result in results.items()
        ]
    )


def _name_epochs(result: Results) -> str:
    first, last = (
        f"{result[f'data_a_{name}']:.0f}" for name in ("first_epoch", "epoch")
    )
    span = last if first == last else f"{first} to {last}"
    return f"{span} of {result['data_a_epochs']:.0f}"


def _note_chance(results: Mapping[str, Results]) -> list[Block]:
    unlearned = {name: explain_unlearned(result) for name, result in results.items()}
    return [
        Note(f"{network_title(name)}: {sentence}")
        for name, sentence in unlearned.items()
        if sentence
    ]


def compare_on_data_a(results: Mapping[str, Results]) -> str:
    """Return which network is best on Data-A, here and in the paper.

    A network is called best only if its interval lies above all others'.
    """
    paper = "The paper says that ResNet was best on Data-A, without a figure."
    best = max(results, key=lambda name: results[name]["data_a_accuracy"])
    low = results[best]["data_a_accuracy_low"]
    if low is None:
        return f"{paper} There are too few patients here to say which network is best."
    level = [
        network_title(name)
        for name, result in results.items()
        if name != best and result["data_a_accuracy_high"] >= low
    ]
    share = f"{network_title(best)} ({in_percent(results[best]['data_a_accuracy'])})"
    if len(results) == 1:
        return f"{paper} Only {share} was trained here."
    if level:
        return (
            f"{paper} Here {share} has the highest accuracy, but its interval overlaps "
            f"with that of {enumerate_names(level)}: which network is best cannot be "
            "said from this run."
        )
    agreement = "as in the paper" if best == "resnet50" else "other than in the paper"
    return f"{paper} Here {share} is best, above the others' intervals, {agreement}."
