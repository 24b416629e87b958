"""The report's section on shortcuts, and the verdicts on them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from detl.evaluation.shortcuts.card import CUE_INPUTS, WITHOUT_LUNGS
from detl.report.page import Block, Figure, Paragraph, Section, Table
from detl.report.verdict import (
    RUN_AUDIT,
    Check,
    Row,
    Verdict,
    explain_missing,
    find_worst,
    judge_below,
    name_missing,
    name_number,
    take_number,
)
from detl.wording import in_percent, network_title, show_measured, show_number

Tables = Mapping[str, pd.DataFrame]

SMALL_RATIO, LARGE_RATIO = 0.2, 0.5
"""Shortcut ratios up to which the verdict is pass, and from which it is fail."""

WEAK_CUE = 0.6
"""AUC up to which a cue that sees no lung tells hardly anything."""


def judge_lungs(cards: Tables) -> Check:
    """Return how much of the accuracy is left without the lungs.

    Args:
        cards: By architecture, table ``card``.
    """
    check = "Without the lungs"
    asked = (
        "trained and tested with the centre blacked out, a network keeps at most "
        f"{in_percent(SMALL_RATIO)} of what it has above chance (shortcut ratio; the "
        f"interval lies up to there, fail where it lies from {in_percent(LARGE_RATIO)})"
    )

    def choose(table: pd.DataFrame) -> pd.DataFrame:
        return name_number(table[table["input"] == WITHOUT_LUNGS], "shortcut_ratio")

    def judge(row: Row) -> Verdict:
        return judge_below(row, SMALL_RATIO, LARGE_RATIO)

    worst = find_worst(cards, choose, judge, lambda row: row["value"])
    if worst is None:
        return Check.not_computed(check, asked, explain_missing(cards, choose))
    architecture, row = worst
    ratio, verdict = float(row["value"]), judge(row)
    judged = Check(
        check,
        asked,
        *show_number(row, is_share=False),
        verdict,
        f"{network_title(architecture)} keeps {in_percent(ratio)} of its accuracy "
        "above chance where it cannot see the lungs.",
    )
    return judged.beside(name_missing(cards, choose))


def judge_cues(cards: Tables) -> Check:
    """Return whether something beside the lungs gives COVID-19 away.

    Args:
        cards: By architecture, table ``card``; the cues are the same in each.
    """
    check = "Cues beside the lungs"
    asked = (
        "neither source, metadata nor border tells COVID-19 from the rest by a simple "
        f"model (AUC; the interval lies up to {WEAK_CUE}, fail where it lies above)"
    )
    beside = [CUE_INPUTS[cue] for cue in ("source", "metadata", "border")]

    def choose(table: pd.DataFrame) -> pd.DataFrame:
        return name_number(table[table["input"].isin(beside)], "auc_covid_19")

    worst = find_worst(cards, choose, judge_cue, lambda row: row["value"])
    if worst is None:
        return Check.not_computed(check, asked, explain_missing(cards, choose))
    row = worst[1]
    verdict = judge_cue(row)
    words = {
        "pass": "tells hardly anything",
        "warn": "may tell COVID-19 from the rest",
        "fail": "tells COVID-19 from the rest without seeing a lung",
    }
    meaning = f"The {row['input']} {words[verdict]}."
    if pd.isna(row["low"]):
        meaning = f"The {row['input']} has no interval ({row['note']})."
    judged = Check(check, asked, *show_number(row, is_share=False), verdict, meaning)
    return judged.beside(name_missing(cards, choose))


def judge_cue(row: Row) -> Verdict:
    """Return pass where the interval of a cue's AUC is low, fail where high, else warn.

    Args:
        row: ``low`` and ``high``.
    """
    return judge_below(row, WEAK_CUE, WEAK_CUE)


def describe_shortcuts(
    cards: Tables, picture: np.ndarray | None, sources: Section | None
) -> Section:
    """Return the section on shortcuts; it says what to run where nothing was computed.

    Args:
        cards: By architecture, table ``card``.
        picture: Of the cards, or None.
        sources: What ``describe_sources`` returns.
    """
    if not cards:
        text = Paragraph(f"Not computed. {RUN_AUDIT}")
        return Section("shortcuts", "Shortcuts", [text])
    blocks: list[Block] = [
        Paragraph(
            "What is reached on the same folds without the lungs. The first two rows "
            "of each network are of the network itself, the second one trained again "
            "with the centre blacked out; the others are of a logistic regression. "
            "Shortcut ratio: accuracy above chance, as a share of the whole image's."
        ),
        Table(_tabulate_cards(cards), "The shortcut card, 95 % interval."),
    ]
    if picture is not None:
        blocks.append(
            Figure(
                picture,
                "Accuracy by what is looked at.",
                "Per network, accuracy with interval by input, and the line of chance.",
            )
        )
    return Section("shortcuts", "Shortcuts", blocks, [sources] if sources else [])


def _tabulate_cards(cards: Tables) -> pd.DataFrame:
    columns = (
        ("accuracy", "accuracy", True),
        ("AUC of COVID-19", "auc_covid_19", False),
        ("shortcut ratio", "shortcut_ratio", False),
    )
    rows = [
        {
            "network": network_title(architecture),
            "input": row["input"],
            **{
                title: show_measured(take_number(row, name), is_share)
                for title, name, is_share in columns
            },
        }
        for architecture, card in cards.items()
        for row in card.to_dict("records")
    ]
    return pd.DataFrame(rows)
