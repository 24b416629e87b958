"""The section on the cross-validation."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from detl.report.blocks import Bullets, Figure, Folded, Note, Paragraph, Section, Table
from detl.report.inputs import Results, Run
from detl.report.published import PUBLISHED, question_published
from detl.report.sections.limits.judgements import show_interval
from detl.report.trainings import THESE, describe_missing, name_held
from detl.statistics.bootstrap import DRAWS
from detl.wording import (
    in_percent,
    network_title,
    show_deviation,
)


def section(run: Run) -> Section:
    """Return the section: accuracies, the paper's beside them, and confusions."""
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
                "trained on it. The accuracy, the paper's figure, is of all test "
                "images together and the mean over the seeds. Its interval is over "
                f"{name_held(run)}, from {DRAWS:,} resamples of whole groups of "
                "patients. The ensemble answers by the mean of all seeds' "
                f"probabilities; its interval is {THESE}. {describe_missing(run)}"
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
            _describe_classes(run.roc_picture),
            _describe_confusions(run.confusion_matrices),
        ],
    )


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
                "which unit. The ± are probably fractions (2, 14 and 7 percentage "
                "points)."
            ),
            Folded(
                "What follows from its 1,277 images and five folds",
                [Bullets(question_published())],
            ),
        ],
    )


def _describe_classes(roc: np.ndarray) -> Section:
    return Section(
        "classes",
        "By class",
        [
            Figure(
                roc,
                "ROC curves of the ensembles, each class against the others, mean of "
                "the folds. The scores of each class stand in the next section.",
                "Per network, a curve of sensitivity by false positive rate for each "
                "class.",
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
