"""The report's section on scores with intervals, and the verdicts on them."""

from collections.abc import Mapping

import pandas as pd

from detl.evaluation.scores import ALL, AREAS, MEAN
from detl.report.cues import score_cue_rules
from detl.report.page import Block, Paragraph, Section, Table
from detl.report.verdict import (
    Check,
    Row,
    Verdict,
    find_worst,
    first_note,
    judge_above,
    name_missing,
)
from detl.schemas.classes import DATA_B_CLASSES
from detl.wording import (
    class_title,
    in_percent,
    in_points,
    interval_in_points,
    network_title,
    show_measured,
    show_number,
    show_p,
)

Tables = Mapping[str, pd.DataFrame]

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


def choose_score(table: pd.DataFrame, score: str, label: str = "") -> pd.DataFrame:
    """Return the row of one score: of the mean over folds for ROC AUC, else pooled.

    Args:
        table: Table ``scores`` of an architecture.
        score: Its name.
        label: The class, "" for all.
    """
    images = MEAN if score in AREAS else ALL
    return table[
        (table["fold"] == images)
        & (table["score"] == score)
        & (table["class"].fillna("") == label)
    ]


def judge_accuracy(scores: Tables, images: pd.DataFrame, data_b: pd.DataFrame) -> Check:
    """Return whether every network beats a rule that sees no pixel.

    Args:
        scores: By architecture, table ``scores``.
        images: Table ``images``.
        data_b: Table ``data_b``.
    """
    rules = score_cue_rules(images, data_b)
    rule, reached = max(rules.items(), key=lambda named: named[1])
    check = "Accuracy"
    asked = (
        "each network is right more often than a rule that names the commonest class "
        f"of the image's {rule} ({in_percent(reached)}; the interval lies above)"
    )

    def choose(table: pd.DataFrame) -> pd.DataFrame:
        return choose_score(table, "accuracy")

    def judge(row: Row) -> Verdict:
        return judge_above(row, reached)

    worst = find_worst(scores, choose, judge, lambda row: -row["value"])
    if worst is None:
        reason = first_note(scores, choose)
        return Check.not_computed(check, asked, f"Nothing was measured: {reason}.")
    architecture, row = worst
    name = network_title(architecture)
    verdict = judge(row)
    words = {
        "pass": "knows more than where and how the image was taken",
        "warn": "may know no more than where and how the image was taken",
        "fail": "knows less than where and how the image was taken",
    }
    meaning = f"{name} {words[verdict]}."
    judged = Check(check, asked, *show_number(row), verdict, meaning)
    return judged.beside(name_missing(scores, choose))


def describe_scores(scores: Tables, paired_tests: pd.DataFrame) -> Section:
    """Return the section on the scores of the cross-validation, with intervals.

    Args:
        scores: By architecture, table ``scores``.
        paired_tests: Table ``paired_tests``.
    """
    blocks: list[Block] = [
        Paragraph(
            "95 % intervals over groups of patients (a patient's images, and copies, "
            "are drawn together), of these networks: another seed is not in them. ROC "
            "AUCs are means over the folds, because probabilities of different "
            "networks are not on one scale; all else is of the pooled predictions. The "
            "tables of each fold are in scores.csv."
        ),
        Table(_tabulate_overall(scores), "All classes."),
        Table(_tabulate_classes(scores), "Each class against the others."),
    ]
    compared = Section(
        "paired-tests",
        "The networks, compared on the same images",
        [
            Paragraph(
                "McNemar's test on the paired predictions, which counts images as "
                "independent; DeLong's test on the areas, for groups of patients; the "
                "t test over folds, corrected for their overlap. p after Holm's "
                "correction over the pairs of networks. All compare these networks, "
                "and none says what another seed would have trained."
            ),
            Table(_tabulate_tests(paired_tests), "First network minus second."),
        ],
    )
    return Section(
        "scores",
        "Scores with their intervals",
        blocks,
        [compared] if len(paired_tests) else [],
    )


def _tabulate_overall(scores: Tables) -> pd.DataFrame:
    rows = [
        {
            "network": network_title(architecture),
            **{
                title: _show(choose_score(table, score))
                for score, title in OVERALL.items()
            },
        }
        for architecture, table in scores.items()
    ]
    return pd.DataFrame(rows)


def _tabulate_classes(scores: Tables) -> pd.DataFrame:
    rows = [
        {
            "network": network_title(architecture),
            "class": class_title(label),
            **{
                title: _show(choose_score(table, score, label))
                for score, title in OF_CLASS.items()
            },
        }
        for architecture, table in scores.items()
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
                "test": row["test"],
                "of": row["quantity"],
                "difference, points": f"{in_points(row['difference'])}{interval}"
                if has_number
                else row["note"],
                "p (Holm)": show_p(row["p_holm"]) if pd.notna(row["p_holm"]) else "",
            }
        )
    return pd.DataFrame(rows)
