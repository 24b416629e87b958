"""The checks of another model's predictions."""

from dataclasses import replace

import pandas as pd

from detl.evaluation.probabilities.calibration import AS_THEY_ARE, CALIBRATION_ERROR
from detl.evaluation.shortcuts.card import WHOLE
from detl.report.audited import Audited
from detl.report.checks import (
    Check,
    Question,
    Row,
    Status,
    answer,
    judge_below,
    not_computed,
    select_measure,
)
from detl.report.sections import calibration, scores, shortcuts, sources, subgroups
from detl.report.verdict import tabulate_checks
from detl.wording import class_title, in_percent, show_number

_NO_COVID = "The csv has no probability of COVID-19, or no image is of it."


def judge_predictions(audited: Audited) -> pd.DataFrame:
    """Return the verdict, a row per check."""
    cues = audited.table("cues")
    checks = [
        scores.check_accuracy(audited),
        answer(BESIDE_SIMPLE_MODELS, cues),
        _ask_of_covid(audited, shortcuts.CUES, cues),
        _ask_of_covid(audited, SAME_SOURCE, audited.table("same_source")),
        answer(SOURCE_IN_ANSWERS, audited.table("source_probe")),
        answer(CALIBRATION, audited.table("calibration")),
        _ask_of_covid(
            audited, calibration.OPERATING_POINT, audited.table("operating_points")
        ),
        *_check_subgroups(audited),
    ]
    return tabulate_checks(checks)


def _choose_simple(cues: pd.DataFrame) -> pd.DataFrame:
    return select_measure(cues[cues["input"] != WHOLE], "shortcut_ratio")


def _explain_simple(row: Row, status: Status) -> str:
    words = {"pass": "is below", "warn": "may reach", "fail": "reaches"}
    return (
        f"A regression on the {row['input']} {words[status]} what the model has above "
        f"chance ({in_percent(row['accuracy'])} right)."
    )


BESIDE_SIMPLE_MODELS = Question(
    title="Beside simple models",
    asked="no regression on the source, the metadata, the border or a thumbnail has as "
    "much above chance as the model (shortcut ratio; the interval lies up to 1, fail "
    "where it lies from there)",
    choose=_choose_simple,
    judge=lambda row: judge_below(row, 1, 1),
    show=lambda row: show_number(row, is_share=False),
    explain=_explain_simple,
)

SOURCE_IN_ANSWERS = replace(
    sources.PROBE,
    title="Source in the answers",
    asked="within a class, the source cannot be read off the probabilities (AUC of a "
    f"probe; the interval lies up to {sources.WEAK_CUE}, fail where it lies above)",
    explain=lambda row, status: (
        f"Among images of the class {class_title(row['class'])} the probabilities "
        f"{ {'pass': 'hardly tell', 'warn': 'may tell', 'fail': 'tell'}[status] } the "
        "source."
    ),
)

CALIBRATION = replace(
    calibration.CALIBRATION,
    asked=calibration.CALIBRATION.asked.replace(
        "after temperature scaling", "as given"
    ),
    choose=lambda table: table[
        (table["quantity"] == CALIBRATION_ERROR)
        & (table["class"] == "")
        & (table["probabilities"] == AS_THEY_ARE)
    ],
)


SAME_SOURCE = replace(
    sources.SAME_SOURCE,
    explain=lambda row, status: sources.compare_false_alarms(row, "the model"),
)


def _ask_of_covid(
    audited: Audited, question: Question, table: pd.DataFrame | None
) -> Check:
    """Return the answer to a question about COVID-19, where an image has it."""
    if not (audited.data_b["label"] == "covid_19").any():
        return not_computed(question.title, question.asked, _NO_COVID)
    return answer(question, table)


def _check_subgroups(audited: Audited) -> list[Check]:
    if audited.has_normal:
        return subgroups.checks(audited)
    reason = "The csv has no probability of normal, so that disease cannot be missed."
    return [not_computed(subgroups.TITLE, subgroups.ASKED, reason)]
