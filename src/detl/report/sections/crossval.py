"""The section on the cross-validation."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from detl.report.blocks import Bullets, Figure, Note, Paragraph, Section, Table
from detl.report.checks import Check
from detl.report.inputs import Results, Run
from detl.report.published import PUBLISHED, question_published
from detl.report.results import CLASS_SCORES
from detl.report.sections.limits.judgements import show_interval
from detl.report.trainings import THESE, describe_missing, name_held
from detl.schemas.classes import DATA_B_CLASSES
from detl.statistics.bootstrap import DRAWS
from detl.wording import (
    class_title,
    in_percent,
    network_title,
    show_deviation,
)

_SCORE_TITLES = {
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "ppv": "PPV",
    "auc": "AUC",
}


def section(run: Run) -> Section:
    """Return the section: accuracies, the paper's beside them, classes, confusions."""
    results = run.results
    warnings = [
        Note(f"{network_title(name)}: {result['warnings']}")
        for name, result in results.items()
        if result["warnings"]
    ]
    return Section(
        "cross-validation",
        "Cross-validation on Data-B",
        [
            Paragraph(
                "Every image of Data-B is tested once, by networks that have not been "
                "trained on it. The accuracy is of all test images together, the mean "
                "over the seeds: this is the paper's figure, how often a network is "
                f"right that was trained once. Its interval is over {name_held(run)} "
                f"and rests on {DRAWS:,} resamples of whole groups of patients, "
                "because a patient's images are not independent. The SD over seeds "
                "says how far one training lies from another. The ensemble answers "
                "by the mean of all seeds' probabilities, and is what this run "
                f"produces; its interval is {THESE}. {describe_missing(run)}"
            ),
            Table(
                _tabulate_folds(results),
                "Accuracy by fold and over all folds, means over seeds, and of the "
                "ensemble.",
            ),
            *warnings,
            Figure(
                run.accuracies_picture,
                "Accuracy of the folds, and of all folds together, means over seeds. "
                "The paper's figures are of other images; they can be compared only as "
                "far as the section on what this run shows says.",
                "Per network, five dots for the folds, the accuracy with its interval, "
                "and the paper's accuracy with its interval.",
            ),
        ],
        [
            _describe_published(),
            _describe_classes(results),
            _describe_confusions(run.confusion_matrices),
        ],
    )


def checks(run: Run) -> list[Check]:
    """Return an empty list: nothing here is judged."""
    return []


def _tabulate_folds(results: Mapping[str, Results]) -> pd.DataFrame:
    columns = {}
    for architecture, result in results.items():
        column = {
            f"{fold['fold'].replace('_', ' ')} ({fold['tested']} images)": in_percent(
                fold["accuracy"]
            )
            for fold in result["folds"]
        }
        column["SD over folds, points"] = show_deviation(result["accuracy_sd_folds"])
        column["all folds"] = in_percent(result["accuracy"])
        column["95 % interval"] = show_interval(result, "accuracy")
        column["SD over seeds, points"] = show_deviation(result["accuracy_sd_seeds"])
        column["seeds"] = f"{result['seeds']}"
        column["ensemble"] = in_percent(result["ensemble_accuracy"])
        column["its 95 % interval"] = show_interval(result, "ensemble_accuracy")
        column["groups of patients"] = f"{result['groups']}"
        published = PUBLISHED.get(architecture)
        column["the paper says"] = published.quotation if published else "nothing"
        columns[network_title(architecture)] = column
    return pd.DataFrame(columns).rename_axis("").reset_index()


def _describe_published() -> Section:
    return Section(
        "published-accuracies",
        "What the paper's figures can be",
        [
            Paragraph(
                "The paper gives accuracies with ±, and says neither of what nor in "
                "which unit. From its 1,277 images and five folds follows:"
            ),
            Bullets(question_published()),
            Paragraph(
                "So the ± are probably fractions (2, 14 and 7 percentage points). Here "
                "accuracy, interval, and SDs in percentage points are given apart."
            ),
        ],
    )


def _describe_classes(results: Mapping[str, Results]) -> Section:
    rows = []
    for architecture, result in results.items():
        for label in DATA_B_CLASSES:
            scores = result["classes"][label]
            row = {"class": f"{network_title(architecture)}, {class_title(label)}"}
            for score in CLASS_SCORES:
                # An area is no share of images, and is written as a fraction.
                shown = f"{scores[score]:.3f}" if score == "auc" else None
                row[_SCORE_TITLES[score]] = shown or in_percent(scores[score])
            rows.append(row)
    return Section(
        "classes",
        "By class",
        [
            Table(
                pd.DataFrame(rows),
                "Each class against the rest, mean over folds and seeds. PPV: share of "
                "the images called so that are so, at the share that the class has in "
                "Data-B, which is not that of any hospital. AUC: area under the ROC "
                "curve.",
            )
        ],
    )


def _describe_confusions(confusion_matrices: np.ndarray) -> Section:
    return Section(
        "confusion-matrices",
        "Which classes are confused",
        [
            Figure(
                confusion_matrices,
                "Confusion matrices of the ensembles, summed over the folds (the "
                "paper's Fig. 3): number of images, and its share of the true class.",
                "A matrix of true against predicted class for each network.",
            )
        ],
    )
