"""The section on scores with intervals, and whether a network beats simple rules."""

import pandas as pd

from detl.evaluation.scores import ALL, AREAS, MEAN
from detl.report.blocks import Block, Paragraph, Section, Table
from detl.report.checks import Check, Question, Row, Status, answer, judge_above
from detl.report.inputs import Run
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
    "macro_auc": "macro AUC, mean of folds",
}
OF_CLASS = {
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "ppv": "PPV",
    "npv": "NPV",
    "auc": "ROC AUC, mean of folds",
    "average_precision": "precision-recall AUC",
}
TESTS = {
    "two_way": "two-way",
    "corrected_t": "corrected t",
    "mcnemar": "McNemar, these networks",
    "delong": "DeLong, these networks",
}


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


def section(run: Run) -> Section:
    """Return the section: every score with its interval, and the paired tests."""
    scores = run.table("scores")
    blocks: list[Block] = [
        Paragraph(
            f"Means over seeds, with 95 % intervals over {name_held(run)} (a patient's "
            "images, and copies, are drawn together). ROC AUCs are means over the "
            "folds, because probabilities of different networks are not on one scale; "
            "all else is of the pooled predictions. The tables of each fold are in "
            "scores.csv."
        ),
        Table(_tabulate_overall(scores), "All classes."),
        Table(_tabulate_classes(scores), "Each class against the others."),
    ]
    compared = Section(
        "paired-tests",
        "The networks, compared on the same images",
        [
            Paragraph(
                "Two-way: the means over seeds, with an interval over "
                f"{name_held(run)}. "
                "Corrected t: the same over folds, corrected for their overlap. Of "
                "these networks, the ensembles, alone: McNemar's test, which counts "
                "images as independent, and DeLong's test on the areas, for groups of "
                "patients. p after Holm's correction over the pairs of networks."
            ),
            Table(_tabulate_tests(run.paired_tests), "First network minus second."),
        ],
    )
    return Section(
        "scores",
        "Scores with their intervals",
        blocks,
        [compared] if len(run.paired_tests) else [],
    )


def checks(run: Run) -> list[Check]:
    """Return whether all networks beat simple rules, and which network is best."""
    accuracy = answer(_ask_accuracy(run), run.table("scores"), run.networks)
    return [accuracy, best_network.check(run)]


def _ask_accuracy(run: Run) -> Question:
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


def _tabulate_classes(scores: pd.DataFrame) -> pd.DataFrame:
    rows = [
        {
            "network": network_title(str(architecture)),
            "class": class_title(label),
            **{
                title: _show(choose_score(table, score, label))
                for score, title in OF_CLASS.items()
            },
        }
        for architecture, table in scores.groupby("architecture", sort=False)
        for label in DATA_B_CLASSES
    ]
    return pd.DataFrame(rows)


def _show(rows: pd.DataFrame) -> str:
    return show_measured(rows.iloc[0].to_dict()) if len(rows) else "not computed"


def _tabulate_tests(paired_tests: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for row in paired_tests.to_dict("records"):
        has_number = pd.notna(row["difference"])
        interval = (
            f" ({interval_in_points(row['low'], row['high'])})"
            if pd.notna(row["low"])
            else ""
        )
        rows.append(
            {
                "networks": f"{network_title(row['first'])}, "
                f"{network_title(row['second'])}",
                "test": TESTS[row["test"]],
                "of": row["quantity"],
                "difference, points": f"{in_points(row['difference'])}{interval}"
                if has_number
                else row["note"],
                "p (Holm)": show_p(row["p_holm"]) if pd.notna(row["p_holm"]) else "",
            }
        )
    return pd.DataFrame(rows)
