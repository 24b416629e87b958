"""The section on leaks: patients in two parts of the data that must not share any."""

import pandas as pd

from detl.report.blocks import Block, Folded, Paragraph, Section, Table
from detl.report.checks import Check
from detl.report.inputs import Run
from detl.wording import count_of, enumerate_names

TITLE = "Leaks"
ASKED = (
    "no group of patients and copies is in Data-A and Data-B, in two parts of a fold, "
    "or tested in two folds"
)


def section(run: Run) -> Section:
    """Return the section: the groups of patients that cross a boundary."""
    columns = {
        "boundary": "boundary",
        "link": "joined by",
        "groups": "groups crossing",
        "images": "images",
        "example": "example",
    }
    table = run.leaks[list(columns)].rename(columns=columns)
    return Section(
        "leaks",
        "Leaks",
        [
            Paragraph(
                "Before anything is trained, images are joined by patient, by SHA-256 "
                "and by what they show (perceptual hash, confirmed on the pixels; "
                f"{count_of(len(run.copies), 'pair')} found among the accepted "
                "images), and it is counted which of these groups cross a boundary."
            ),
            *_show_crossings(table.fillna("").astype(str)),
        ],
    )


def _show_crossings(table: pd.DataFrame) -> list[Block]:
    """Return the rows that are not zero, and below a fold the whole table."""
    crossed = table[table["groups crossing"] != "0"]
    if crossed.empty:
        boundaries = enumerate_names(list(table["boundary"].unique()))
        shown: Block = Paragraph(f"None crosses a boundary: {boundaries}.")
    else:
        shown = Table(crossed, "Groups that cross a boundary, by what joins them.")
    every = Table(table, "Groups that cross each boundary, by what joins them.")
    return [shown, Folded("Every boundary, zero or not", [every])]


def checks(run: Run) -> list[Check]:
    """Return whether a group of patients crosses a boundary."""
    joined = run.leaks[run.leaks["link"] == "group"]
    crossed = joined[joined["groups"] > 0]
    groups = int(joined["groups"].sum())
    number = count_of(groups, "crossing")
    if crossed.empty:
        meaning = "No network was tested on a patient, or a copy, that it had seen."
        return [Check(TITLE, ASKED, "pass", meaning, number, value=groups)]
    boundaries = enumerate_names([str(name) for name in crossed["boundary"]])
    meaning = (
        f"Groups cross {boundaries}, as protocol paper asks: accuracies are those of "
        "patients partly seen before."
    )
    return [Check(TITLE, ASKED, "fail", meaning, number, value=groups)]
