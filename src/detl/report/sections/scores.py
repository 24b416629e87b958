"""The section on scores with intervals, and whether a network beats simple rules."""

from collections.abc import Mapping

import pandas as pd

from detl.evaluation.scores import ALL, AREAS, MEAN
from detl.report.blocks import Block, Folded, Paragraph, Section, Table
from detl.report.checks import Check, Question, Row, Status, answer, judge_above
from detl.report.inputs import Study
from detl.report.sections import best_network
from detl.report.sections.limits.cue_rules import score_cue_rules
from detl.report.trainings import name_held
from detl.schemas.classes import DATA_B_CLASSES
from detl.wording import (
    class_title,
    in_percent,
    in_points,
    interval_in_points,
    network_title,
    show_deviation,
    show_measured,
    show_p,
)

OVERALL = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "macro_auc": "macro AUC",
}
OF_CLASS = {
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "ppv": "PPV",
    "auc": "AUC",
}
MORE_OF_CLASS = {"npv": "NPV", "average_precision": "area, precision and recall"}
TESTS = {
    "two_way": "means over seeds",
    "corrected_t": "t test over folds",
    "mcnemar": "McNemar, ensembles",
    "delong": "DeLong, ensembles",
}
_ALL_AREAS = (*AREAS, "average_precision")
QUANTITIES = {"accuracy": "accuracy", "macro_auc": "AUC, mean of classes"}


def choose_score(table: pd.DataFrame, score: str, label: str = "") -> pd.DataFrame:
    """Return the rows of one score: for a ROC AUC the mean over folds, else pooled.

    Args:
        table: Table ``scores``.
        score: Name of the score.
        label: The class, or "" for all classes.
    """
    images = MEAN if score in AREAS else ALL
    return table[
        (table["fold"] == images)
        & (table["score"] == score)
        & (table["class"].fillna("") == label)
    ]


def section(run: Study) -> Section:
    """Return the section: every score with its interval, and the paired tests."""
    scores = run.table("scores")
    blocks: list[Block] = [
        Paragraph(
            f"Means over seeds, with 95 % intervals over {name_held(run)}, of the "
            "pooled predictions. An area under the ROC curve (AUC, from 0 to 1) is the "
            "mean over the folds, because probabilities of different networks are not "
            "on one scale. PPV, the positive predictive value, is the share of the "
            "images called so that are so, at the share that the class has in Data-B, "
            "which is not that of any hospital. The scores of each fold are in "
            "scores.csv."
        ),
        Table(_tabulate_overall(scores), "All classes."),
        Table(_tabulate_classes(scores, OF_CLASS), "Each class against the others."),
        Folded(
            "Negative predictive value (NPV), and area under precision and recall",
            [
                Table(
                    _tabulate_classes(scores, MORE_OF_CLASS),
                    "Each class against the others.",
                )
            ],
        ),
    ]
    compared = [] if run.paired_tests.empty else [_compare_networks(run)]
    return Section("scores", "Scores with their intervals", blocks, compared)


def _compare_networks(run: Study) -> Section:
    return Section(
        "paired-tests",
        "The networks, compared on the same images",
        [
            Table(
                _tabulate_pairs(run.paired_tests),
                "First network minus second, points of accuracy: of the means over "
                f"seeds, with the 95 % interval over {name_held(run)}, and of the "
                "ensembles, with p of McNemar's test, which counts images as "
                "independent, after Holm's correction over the pairs. The check of "
                "the best network judges this interval and this p.",
            ),
            Folded(
                "Every test, and the areas under the curves",
                [
                    Paragraph(
                        "The t test over folds is corrected for their overlap. "
                        "DeLong's test on the areas is for groups of patients. p is "
                        "after Holm's correction over the pairs of networks."
                    ),
                    Table(
                        _tabulate_tests(run.paired_tests),
                        "First network minus second: accuracies in points, areas from "
                        "0 to 1.",
                    ),
                ],
            ),
        ],
    )


def checks(run: Study) -> list[Check]:
    """Return whether all networks beat simple rules, and which network is best."""
    return [check_accuracy(run), best_network.check(run)]


def check_accuracy(run: Study) -> Check:
    """Return whether all networks beat rules that see no pixel."""
    return answer(_ask_accuracy(run), run.table("scores"), run.networks)


def _ask_accuracy(run: Study) -> Question:
    rules = score_cue_rules(run.images, run.data_b)
    rule, reached = max(rules.items(), key=lambda named: named[1])
    return Question(
        title="Accuracy",
        asked="each network is right more often than a rule that names the commonest "
        f"class of the image's {rule} ({in_percent(reached)}; the interval lies above)",
        choose=lambda scores: choose_score(scores, "accuracy"),
        judge=lambda row: judge_above(row, reached),
        badness=lambda row: -row["value"],
        explain=_explain_accuracy,
    )


def _explain_accuracy(row: Row, status: Status) -> str:
    words = {
        "pass": "knows more than where and how the image was taken",
        "warn": "may know no more than where and how the image was taken",
        "fail": "knows less than where and how the image was taken",
    }
    return f"{network_title(row['architecture'])} {words[status]}."


def _tabulate_overall(scores: pd.DataFrame) -> pd.DataFrame:
    rows = [
        {
            "network": network_title(str(architecture)),
            **{
                title: _show(choose_score(table, score))
                for score, title in OVERALL.items()
            },
            "SD of the accuracy over seeds, points": show_deviation(
                choose_score(table, "accuracy")["seed_sd"].iloc[0]
            ),
        }
        for architecture, table in scores.groupby("architecture", sort=False)
    ]
    return pd.DataFrame(rows)


def _tabulate_classes(scores: pd.DataFrame, titles: Mapping[str, str]) -> pd.DataFrame:
    rows = [
        {
            "network": network_title(str(architecture)),
            "class": class_title(label),
            **{
                title: _show(choose_score(table, score, label))
                for score, title in titles.items()
            },
        }
        for architecture, table in scores.groupby("architecture", sort=False)
        for label in DATA_B_CLASSES
    ]
    return pd.DataFrame(rows)


def _show(rows: pd.DataFrame) -> str:
    if rows.empty:
        return "not computed"
    row = rows.iloc[0].to_dict()
    return show_measured(row, is_share=row["score"] not in _ALL_AREAS, decimals=3)


def _tabulate_pairs(paired_tests: pd.DataFrame) -> pd.DataFrame:
    """Return the accuracies of each two networks, with what the check judges."""
    of_accuracy = paired_tests[paired_tests["quantity"] == "accuracy"]
    rows = []
    for (first, second), tests in of_accuracy.groupby(["first", "second"], sort=False):
        found = tests.set_index("test").to_dict("index")
        means, ensembles = found["two_way"], found["mcnemar"]
        interval = interval_in_points(means["low"], means["high"])
        p = ensembles["p_holm"]
        rows.append(
            {
                "networks": f"{network_title(str(first))}, "
                f"{network_title(str(second))}",
                "means over seeds": f"{in_points(means['difference'])} ({interval})",
                "ensembles": in_points(ensembles["difference"]),
                "p of the ensembles": show_p(p) if pd.notna(p) else ensembles["note"],
            }
        )
    return pd.DataFrame(rows)


def _tabulate_tests(paired_tests: pd.DataFrame) -> pd.DataFrame:
    rows = [
        {
            "networks": f"{network_title(row['first'])}, "
            f"{network_title(row['second'])}",
            "test": TESTS[row["test"]],
            "of": _name_quantity(row["quantity"]),
            "difference": _show_difference(row),
            "p": show_p(row["p_holm"]) if pd.notna(row["p_holm"]) else "",
        }
        for row in paired_tests.to_dict("records")
    ]
    return pd.DataFrame(rows)


def _name_quantity(quantity: str) -> str:
    """Return a tested quantity as people say it, such as ``AUC, other disease``."""
    if quantity in QUANTITIES:
        return QUANTITIES[quantity]
    return f"AUC, {class_title(quantity.removeprefix('auc_'))}"


def _show_difference(row: Row) -> str:
    if pd.isna(row["difference"]):
        return str(row["note"])
    if row["quantity"] == "accuracy":
        shown = in_points(row["difference"])
        interval = interval_in_points(row["low"], row["high"])
    else:
        shown = f"{row['difference']:+.3f}"
        interval = f"{row['low']:+.3f} to {row['high']:+.3f}"
    return f"{shown} ({interval})" if pd.notna(row["low"]) else shown
