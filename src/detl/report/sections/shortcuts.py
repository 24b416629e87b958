"""The section on shortcuts: accuracies without the lungs."""

import pandas as pd

from detl.evaluation.shortcuts.card import CUE_INPUTS
from detl.report.blocks import Block, Figure, Paragraph, Section, Table
from detl.report.checks import (
    RUN_CUES,
    Check,
    Question,
    Row,
    Status,
    answer,
    judge_below,
    read_measure,
    select_measure,
)
from detl.report.inputs import Run, Study
from detl.report.sections import sources
from detl.report.sections.sources import WEAK_CUE, judge_cue
from detl.report.trainings import name_held
from detl.wording import (
    in_percent,
    network_title,
    show_deviation,
    show_measured,
    show_number,
)

SMALL_RATIO, LARGE_RATIO = 0.2, 0.5
"""Shortcut ratios up to which the status is pass, and from which it is fail."""


def section(run: Run) -> Section:
    """Return the section, or what to run if nothing was computed."""
    card = run.table("card")
    if card is None:
        text = Paragraph(f"Not computed. {RUN_CUES}")
        return Section("shortcuts", "Shortcuts", [text])
    blocks: list[Block] = [
        Paragraph(
            "What is reached on the same folds without the lungs: by the network "
            f"itself, trained again with the centre greyed out{_say_missing(run)}, "
            "and by a logistic regression that sees nothing but a cue. Shortcut ratio: "
            "accuracy above chance, as a share of the whole image's."
        ),
        *show_card(run, card),
    ]
    below = [sources.section(run)] if run.table("same_source") is not None else []
    return Section("shortcuts", "Shortcuts", blocks, below)


def show_card(study: Study, card: pd.DataFrame) -> list[Block]:
    """Return the table of the shortcut card, and its picture where there is one."""
    table = Table(
        _tabulate(card),
        "The shortcut card: means over seeds, and 95 % intervals over "
        f"{name_held(study)}. A regression has no seed.",
    )
    if study.shortcuts_picture is None:
        return [table]
    picture = Figure(
        study.shortcuts_picture,
        "Accuracy by what is looked at.",
        "Per network, accuracy with interval by input, and the line of chance.",
    )
    return [table, picture]


def checks(run: Run) -> list[Check]:
    """Return how much accuracy needs no lungs, and whether a cue is enough."""
    return [
        answer(WITHOUT_THE_LUNGS, run.table("without_lungs"), run.networks),
        # The cues are the same for every network: one card is enough.
        answer(CUES, run.table("cues")),
        *sources.checks(run),
    ]


def _say_missing(run: Run) -> str:
    has_it = run.table("without_lungs") is not None
    return "" if has_it else " ('kedro run --pipeline audit', not run yet)"


def _explain_ratio(row: Row, status: Status) -> str:
    return (
        f"{network_title(row['architecture'])} keeps {in_percent(row['value'])} of its "
        "accuracy above chance where it cannot see the lungs."
    )


WITHOUT_THE_LUNGS = Question(
    title="Without the lungs",
    asked="trained and tested with the centre greyed out, a network keeps at most "
    f"{in_percent(SMALL_RATIO)} of what it has above chance (shortcut ratio; the "
    f"interval lies up to there, fail where it lies from {in_percent(LARGE_RATIO)})",
    choose=lambda row: select_measure(row, "shortcut_ratio"),
    judge=lambda row: judge_below(row, SMALL_RATIO, LARGE_RATIO),
    show=lambda row: show_number(row, is_share=False),
    explain=_explain_ratio,
)


def _choose_cues(card: pd.DataFrame) -> pd.DataFrame:
    cues = [CUE_INPUTS[cue] for cue in ("source", "metadata", "border")]
    return select_measure(card[card["input"].isin(cues)], "auc_covid_19")


def _explain_cue(row: Row, status: Status) -> str:
    if pd.isna(row["low"]):
        return f"The {row['input']} has no interval ({row['note']})."
    words = {
        "pass": "tells hardly anything",
        "warn": "may tell COVID-19 from the rest",
        "fail": "tells COVID-19 from the rest without seeing a lung",
    }
    return f"The {row['input']} {words[status]}."


CUES = Question(
    title="Cues beside the lungs",
    asked="neither source, metadata nor border tells COVID-19 from the rest by a "
    f"simple model (AUC; the interval lies up to {WEAK_CUE}, fail where it lies above)",
    choose=_choose_cues,
    judge=judge_cue,
    show=lambda row: show_number(row, is_share=False),
    explain=_explain_cue,
    command=RUN_CUES,
)


def _tabulate(card: pd.DataFrame) -> pd.DataFrame:
    columns = (
        ("accuracy", "accuracy", True),
        ("AUC of COVID-19", "auc_covid_19", False),
        ("shortcut ratio", "shortcut_ratio", False),
    )
    rows = [
        {
            "network": network_title(row["architecture"]),
            "input": row["input"],
            **{
                title: show_measured(read_measure(row, name), is_share)
                for title, name, is_share in columns
            },
            "SD of the accuracy over seeds, points": show_deviation(
                row["accuracy_sd_seeds"]
            ),
        }
        for row in card.to_dict("records")
    ]
    return pd.DataFrame(rows)
