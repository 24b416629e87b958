"""The part of the section on shortcuts that is about the sources of the images."""

import pandas as pd

from detl.report.blocks import Block, Bullets, Section, Table
from detl.report.checks import (
    RUN_CUES,
    Check,
    Question,
    Row,
    Status,
    answer,
    judge_above,
    judge_below,
    not_computed,
    read_measure,
    select_measure,
)
from detl.report.inputs import Run
from detl.report.trainings import THESE, name_held
from detl.schemas.classes import DATA_B_CLASSES
from detl.wording import (
    class_title,
    in_points,
    interval_in_points,
    network_title,
    show_measured,
    show_number,
)

WEAK_CUE = 0.6
"""AUC up to which a cue tells hardly anything."""


def section(run: Run) -> Section:
    """Return the section: one source, its traces in features, and sources left out."""
    same_source, probes = run.table("same_source"), run.table("source_probe")
    left_out, held = run.table("sources_out"), name_held(run)
    blocks: list[Block] = []
    if same_source is not None:
        blocks.append(
            Table(
                _tabulate_same_source(same_source),
                "COVID-19 against what else its own source holds: images that no "
                "network has seen. Means over folds and seeds; 95 % intervals over "
                f"{held}.",
            )
        )
    if probes is not None:
        blocks.append(
            Table(
                _tabulate_probes(probes),
                "Probes of the last features for the source, within a class; of each "
                "fold's networks, on images that they have not seen. 95 % intervals "
                f"{THESE}.",
            )
        )
    if run.identifiable is not None:
        blocks.append(Bullets(_list_identifiable(run.identifiable)))
    if left_out is not None and left_out["auc"].notna().any():
        blocks.append(
            Table(
                _tabulate_left_out(left_out),
                "In sources that were not trained on. Means over seeds; 95 % intervals "
                f"over {held}.",
            )
        )
    return Section("sources", "Sources", blocks)


def checks(run: Run) -> list[Check]:
    """Return whether the networks recognise the source of an image."""
    return [
        answer(SAME_SOURCE, run.table("same_source"), run.networks),
        answer(PROBE, run.table("source_probe"), run.networks),
        _check_left_out(run),
    ]


def _check_left_out(run: Run) -> Check:
    left_out, identifiable = run.table("sources_out"), run.identifiable
    title, asked = LEFT_OUT.title, LEFT_OUT.asked
    if identifiable is None:
        return not_computed(title, asked, RUN_CUES)
    unknown = identifiable[~identifiable["identifiable"].astype(bool)]
    if unknown.empty:
        return answer(LEFT_OUT, left_out, run.networks)
    covid = unknown[unknown["class"] == "covid_19"]
    shown = (covid if len(covid) else unknown).iloc[0]
    meaning = f"{class_title(shown['class'])}: {_name_classes(shown['reason'])}."
    number = f"not identifiable: {len(unknown)} of {len(identifiable)} classes"
    return Check(title, asked, "fail", meaning, number)


def judge_cue(row: Row) -> Status:
    """Return pass if the interval of a cue's AUC is low, fail if high, else warn."""
    return judge_below(row, WEAK_CUE, WEAK_CUE)


def _judge_area(row: Row) -> Status:
    return judge_above(row, 0.5)


def _judge_same_source(row: Row) -> Status:
    status = _judge_area(row)
    # Where all images are of one source, it cannot be suspected more than others.
    is_alike = row["elsewhere_images"] == 0 or row["excess_low"] <= 0
    return "warn" if status == "pass" and not is_alike else status


def compare_false_alarms(row: Row, who: str) -> str:
    """Return how often images without COVID-19 are called so, here and overall.

    Args:
        row: Of table ``same_source``.
        who: Says it.
    """
    own, elsewhere = (
        show_number(read_measure(row, name))[0]
        for name in ("called_covid_19", "called_elsewhere")
    )
    sentence = (
        f"Of the {row['other_images']} images of {row['source']} without COVID-19, "
        f"{who} takes {own} for COVID-19"
    )
    if pd.isna(row["excess"]):
        return f"{sentence}; no other source has test images to compare with."
    ends = interval_in_points(row["excess_low"], row["excess_high"])
    return (
        f"{sentence}, and of the {row['elsewhere_images']} test images of other "
        f"sources {elsewhere}: a difference of {in_points(row['excess'])} points "
        f"({ends})."
    )


def _explain_same_source(row: Row, status: Status) -> str:
    who = f"{network_title(row['architecture'])} (mean of the folds' networks)"
    return compare_false_alarms(row, who)


SAME_SOURCE = Question(
    title="COVID-19 in its own source",
    asked="COVID-19 is told from other findings of the same source, which the source "
    "cannot give away (the interval of the AUC lies above 0.5), and these are not "
    "called COVID-19 more often than test images of other sources (warn where the "
    "interval of the difference lies above 0)",
    choose=lambda same_source: select_measure(
        same_source[same_source["against"] == "all other images"], "auc"
    ),
    judge=_judge_same_source,
    badness=lambda row: -row["value"],
    show=lambda row: show_number(row, is_share=False),
    explain=_explain_same_source,
    command=RUN_CUES,
)


def _explain_probe(row: Row, status: Status) -> str:
    words = {"pass": "hardly tell", "warn": "may tell", "fail": "tell"}
    return (
        f"{network_title(row['architecture'])}: among images of the class "
        f"{class_title(row['class'])} its features {words[status]} the source."
    )


PROBE = Question(
    title="Source in the features",
    asked="within a class, the source cannot be read off the last features (AUC of a "
    f"probe; the interval lies up to {WEAK_CUE}, fail where it lies above)",
    choose=lambda probes: select_measure(probes, "auc"),
    judge=judge_cue,
    show=lambda row: show_number(row, is_share=False),
    explain=_explain_probe,
    command=RUN_CUES,
)


def _choose_left_out(left_out: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with a number, and one row for each class without any."""
    numbers = select_measure(left_out, "auc").sort_values("auc", kind="stable")
    is_again = numbers.duplicated(["architecture", "class"])
    return numbers[numbers["auc"].notna() | ~is_again]


def _explain_left_out(row: Row, status: Status) -> str:
    return (
        f"{network_title(row['architecture'])} on {class_title(row['class'])} in "
        f"{row['source']}, without having been trained on this source."
    )


LEFT_OUT = Question(
    title="Leave one source out",
    asked="each class is told from the rest in a source that was not trained on (the "
    "interval of the AUC lies above 0.5)",
    choose=_choose_left_out,
    judge=_judge_area,
    badness=lambda row: -row["value"],
    show=lambda row: show_number(row, is_share=False),
    explain=_explain_left_out,
)


def _list_identifiable(identifiable: pd.DataFrame) -> list[str]:
    return [
        f"{class_title(row['class'])} ({row['sources']}): "
        f"{_name_classes(str(row['reason'])) or 'identifiable'}."
        for row in identifiable.fillna("").to_dict("records")
    ]


def _name_classes(reason: str) -> str:
    """Return a reason with the usual spelling of the classes."""
    for label in DATA_B_CLASSES:
        reason = reason.replace(label, class_title(label))
    return reason


def _tabulate_same_source(same_source: pd.DataFrame) -> pd.DataFrame:
    rows = [
        {
            "network": network_title(row["architecture"]),
            "source": row["source"],
            "COVID-19 against": f"{row['against']} ({row['other_images']})",
            "of these called COVID-19": show_measured(
                read_measure(row, "called_covid_19")
            ),
            "of other sources' images": show_measured(
                read_measure(row, "called_elsewhere")
            ),
            "AUC": show_measured(read_measure(row, "auc"), is_share=False),
        }
        for row in same_source.to_dict("records")
    ]
    return pd.DataFrame(rows)


def _tabulate_probes(probes: pd.DataFrame) -> pd.DataFrame:
    rows = [
        {
            "network": network_title(row["architecture"]),
            "class": class_title(str(row["class"])),
            "images": row["sources"],
            "AUC of the source": show_measured(
                read_measure(row, "auc"), is_share=False
            ),
        }
        for row in probes.fillna({"note": "", "sources": ""}).to_dict("records")
    ]
    return pd.DataFrame(rows)


def _tabulate_left_out(left_out: pd.DataFrame) -> pd.DataFrame:
    rows = [
        {
            "network": network_title(row["architecture"]),
            "source": row["source"],
            "class": class_title(str(row["class"])),
            "sensitivity": show_measured(read_measure(row, "sensitivity")),
            "specificity": show_measured(read_measure(row, "specificity")),
            "AUC": show_measured(read_measure(row, "auc"), is_share=False),
        }
        for row in left_out[left_out["auc"].notna()].to_dict("records")
    ]
    return pd.DataFrame(rows)
