"""The report's section on the sources of the images, and the verdicts on them."""

from collections.abc import Mapping

import pandas as pd

from detl.report.page import Block, Bullets, Section, Table
from detl.report.shortcuts import WEAK_CUE, judge_cue
from detl.report.verdict import (
    RUN_AUDIT,
    Check,
    Row,
    Verdict,
    explain_missing,
    find_worst,
    judge_above,
    name_missing,
    name_number,
    take_number,
)
from detl.schemas.classes import DATA_B_CLASSES
from detl.wording import (
    class_title,
    network_title,
    show_measured,
    show_number,
)

Tables = Mapping[str, pd.DataFrame]


def judge_same_source(same_source: Tables) -> Check:
    """Return whether COVID-19 is told from other findings of its own source.

    Args:
        same_source: By architecture, table ``same_source``.
    """
    check = "COVID-19 in its own source"
    asked = (
        "COVID-19 is told from other findings of the same source, which the source "
        "cannot give away (the interval of the AUC lies above 0.5)"
    )

    def choose(table: pd.DataFrame) -> pd.DataFrame:
        return name_number(table[table["against"] == "all other images"], "auc")

    worst = find_worst(same_source, choose, _judge_area, lambda row: -row["value"])
    if worst is None:
        return Check.not_computed(check, asked, explain_missing(same_source, choose))
    architecture, row = worst
    verdict = _judge_area(row)
    share = show_number(take_number(row, "called_covid_19"))[0]
    judged = Check(
        check,
        asked,
        *show_number(row, is_share=False),
        verdict,
        f"{network_title(architecture)} (mean of the folds' networks) calls {share} of "
        f"the {row['other_images']} images of {row['source']} without COVID-19, which "
        "it had not seen, COVID-19.",
    )
    return judged.beside(name_missing(same_source, choose))


def judge_probe(probes: Tables) -> Check:
    """Return whether a network's features tell the source within a class.

    Args:
        probes: By architecture, table ``source_probe``.
    """
    check = "Source in the features"
    asked = (
        "within a class, the source cannot be read off the last features (AUC of a "
        f"probe; the interval lies up to {WEAK_CUE}, fail where it lies above)"
    )

    def choose(table: pd.DataFrame) -> pd.DataFrame:
        return name_number(table, "auc")

    worst = find_worst(probes, choose, judge_cue, lambda row: row["value"])
    if worst is None:
        return Check.not_computed(check, asked, explain_missing(probes, choose))
    architecture, row = worst
    verdict = judge_cue(row)
    words = {"pass": "hardly tell", "warn": "may tell", "fail": "tell"}
    judged = Check(
        check,
        asked,
        *show_number(row, is_share=False),
        verdict,
        f"{network_title(architecture)}: among images of the class "
        f"{class_title(row['class'])} its features {words[verdict]} the source.",
    )
    return judged.beside(name_missing(probes, choose))


def judge_sources_out(identifiable: pd.DataFrame | None, left_out: Tables) -> Check:
    """Return whether classes are recognised in sources that were not trained on.

    Args:
        identifiable: Table ``identifiable``, or None.
        left_out: By architecture, table ``sources_out``.
    """
    check = "Leave one source out"
    asked = (
        "each class is told from the rest in a source that was not trained on (the "
        "interval of the AUC lies above 0.5)"
    )
    if identifiable is None or not left_out:
        return Check.not_computed(check, asked, RUN_AUDIT)
    unknown = identifiable[~identifiable["identifiable"].astype(bool)]
    if len(unknown):
        covid = unknown[unknown["class"] == "covid_19"]
        shown = (covid if len(covid) else unknown).iloc[0]
        return Check(
            check,
            asked,
            f"not identifiable: {len(unknown)} of {len(identifiable)} classes",
            "",
            "fail",
            f"{class_title(shown['class'])}: {_word(shown['reason'])}.",
        )

    def choose(table: pd.DataFrame) -> pd.DataFrame:
        # Not every source has every class; one source is enough to judge a class.
        numbers = name_number(table, "auc").sort_values("auc")
        is_lacking = numbers["auc"].isna() & numbers.duplicated("class")
        return numbers[~is_lacking]

    worst = find_worst(left_out, choose, _judge_area, lambda row: -row["value"])
    if worst is None:
        return Check.not_computed(check, asked, explain_missing(left_out, choose))
    architecture, row = worst
    verdict = _judge_area(row)
    meaning = (
        f"{network_title(architecture)} on {class_title(row['class'])} in "
        f"{row['source']}, without having been trained on this source."
    )
    judged = Check(check, asked, *show_number(row, is_share=False), verdict, meaning)
    return judged.beside(name_missing(left_out, choose))


def _judge_area(row: Row) -> Verdict:
    return judge_above(row, 0.5)


def describe_sources(
    probes: Tables,
    same_source: Tables,
    identifiable: pd.DataFrame | None,
    left_out: Tables,
) -> Section | None:
    """Return the section on sources; None where nothing was computed.

    Args:
        probes: By architecture, table ``source_probe``.
        same_source: By architecture, table ``same_source``.
        identifiable: Table ``identifiable``, or None.
        left_out: By architecture, table ``sources_out``.
    """
    if not same_source:
        return None
    blocks: list[Block] = [
        Table(
            _tabulate_same_source(same_source),
            "COVID-19 against what else its own source holds: images that no network "
            "has seen.",
        ),
        Table(
            _tabulate_probes(probes),
            "Probes of the last features for the source, within a class; of each "
            "fold's network, on images that it has not seen.",
        ),
    ]
    if identifiable is not None:
        blocks.append(
            Bullets(
                [
                    f"{class_title(row['class'])} ({row['sources']}): "
                    + (_word(str(row["reason"])) or "identifiable")
                    + "."
                    for row in identifiable.fillna("").to_dict("records")
                ]
            )
        )
    measured = _tabulate_left_out(left_out)
    if len(measured):
        blocks.append(Table(measured, "In sources that were not trained on."))
    return Section("sources", "Sources", blocks)


def _word(reason: str) -> str:
    """Return a reason with the classes' names as they are written."""
    for label in DATA_B_CLASSES:
        reason = reason.replace(label, class_title(label))
    return reason


def _tabulate_same_source(same_source: Tables) -> pd.DataFrame:
    rows = []
    for architecture, table in same_source.items():
        for row in table.to_dict("records"):
            called = show_measured(take_number(row, "called_covid_19"))
            rows.append(
                {
                    "network": network_title(architecture),
                    "source": row["source"],
                    "COVID-19 against": f"{row['against']} ({row['other_images']})",
                    "of these called COVID-19": called,
                    "AUC": show_measured(take_number(row, "auc"), is_share=False),
                }
            )
    return pd.DataFrame(rows)


def _tabulate_probes(probes: Tables) -> pd.DataFrame:
    rows = [
        {
            "network": network_title(architecture),
            "class": class_title(str(row["class"])),
            "images": row["sources"],
            "AUC of the source": show_measured(take_number(row, "auc"), is_share=False),
        }
        for architecture, table in probes.items()
        for row in table.fillna({"note": "", "sources": ""}).to_dict("records")
    ]
    return pd.DataFrame(rows)


def _tabulate_left_out(left_out: Tables) -> pd.DataFrame:
    rows = [
        {
            "network": network_title(architecture),
            "source": row["source"],
            "class": class_title(str(row["class"])),
            "sensitivity": show_measured(take_number(row, "sensitivity")),
            "specificity": show_measured(take_number(row, "specificity")),
            "AUC": show_measured(take_number(row, "auc"), is_share=False),
        }
        for architecture, table in left_out.items()
        for row in table[table["auc"].notna()].to_dict("records")
    ]
    return pd.DataFrame(rows)
