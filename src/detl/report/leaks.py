"""The report's section on leaks, and the verdict on them."""

import pandas as pd

from detl.report.page import Paragraph, Section, Table
from detl.report.verdict import Check
from detl.wording import count_of, enumerate_names

CHECK = "Leaks"
ASKED = (
    "no group of patients and copies is in Data-A and Data-B, in two parts of a fold, "
    "or tested in two folds"
)


def judge_leaks(leaks: pd.DataFrame) -> Check:
    """Return whether a group of patients crosses a boundary.

    Args:
        leaks: Table ``leaks``.
    """
    joined = leaks[leaks["link"] == "group"]
    crossed = joined[joined["groups"] > 0]
    groups = int(joined["groups"].sum())
    if crossed.empty:
        meaning = "No network was tested on a patient, or a copy, that it had seen."
        return Check(CHECK, ASKED, "0 crossings", "", "pass", meaning)
    boundaries = [str(name) for name in crossed["boundary"]]
    return Check(
        CHECK,
        ASKED,
        count_of(groups, "crossing"),
        "",
        "fail",
        f"Groups cross {enumerate_names(boundaries)}, as protocol paper asks: "
        "accuracies are those of patients partly seen before.",
    )


def describe_leaks(leaks: pd.DataFrame, copies: pd.DataFrame) -> Section:
    """Return the section on what was looked for, and found.

    Args:
        leaks: Table ``leaks``.
        copies: Table ``copies``.
    """
    columns = {
        "boundary": "boundary",
        "link": "joined by",
        "groups": "groups crossing",
        "images": "images",
        "example": "example",
    }
    table = leaks[list(columns)].rename(columns=columns)
    return Section(
        "leaks",
        "Leaks",
        [
            Paragraph(
                "Before anything is trained, images are joined by patient, by SHA-256 "
                "and by what they show (perceptual hash, confirmed on the pixels; "
                f"{count_of(len(copies), 'pair')} found among the accepted images), "
                "and it is counted which of these groups cross a boundary."
            ),
            Table(_show(table), "Groups that cross a boundary, by what joins them."),
        ],
    )


def _show(table: pd.DataFrame) -> pd.DataFrame:
    return table.fillna("").astype(str)
