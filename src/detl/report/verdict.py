"""The verdict of the audit: a table of all checks, and its section."""

from collections.abc import Sequence

import pandas as pd

from detl.report.blocks import Block, Note, Paragraph, Section, Table
from detl.report.checks import NOT_COMPUTED, Check
from detl.report.inputs import Run
from detl.report.trainings import describe_trainings
from detl.wording import count_of, enumerate_names


def judge_audit(run: Run) -> pd.DataFrame:
    """Return the table ``audit_verdict``, a row per check."""
    from detl.report.sections import JUDGED_LAST, SECTIONS

    first = [module for module in SECTIONS if module not in JUDGED_LAST]
    return tabulate_checks(
        [check for module in (*first, *JUDGED_LAST) for check in module.checks(run)]
    )


def tabulate_checks(checks: Sequence[Check]) -> pd.DataFrame:
    """Return the table ``audit_verdict``, a row per check; all cells are text."""
    return pd.DataFrame(
        [
            {
                "check": check.title,
                "asked": check.asked,
                "number": check.number,
                "interval": check.interval,
                "verdict": check.status,
                "meaning": _say_meaning(check),
            }
            for check in checks
        ]
    )


def _say_meaning(check: Check) -> str:
    if not check.missing:
        return check.meaning
    return f"{check.meaning} Without a number: {enumerate_names(check.missing)}."


def count_verdicts(verdict: pd.DataFrame) -> str:
    """Return how many checks have which verdict: ``3 pass, 1 warn, ...``."""
    counts = verdict["verdict"].value_counts()
    statuses = ("pass", "warn", "fail", NOT_COMPUTED)
    return ", ".join(f"{counts.get(status, 0)} {status}" for status in statuses)


def describe_verdict(verdict: pd.DataFrame, run: Run) -> Section:
    """Return the first section of the report."""
    blocks: list[Block] = [
        Paragraph(
            f"{count_of(len(verdict), 'check')} of whether the figures below can be "
            f"believed: {count_verdicts(verdict)}. Of several networks the number is "
            "that of the one that fares worst, which the last column names. "
            f"{describe_trainings(run)}"
        )
    ]
    if (verdict["verdict"] == NOT_COMPUTED).any():
        blocks.append(
            Note(
                "What was not computed has not passed. 'kedro run --pipeline audit' "
                "computes what needs further training, and 'kedro run --pipeline "
                "external --params source=PATH' tests images from elsewhere."
            )
        )
    columns = {
        "check": "check",
        "asked": "asked",
        "number": "found",
        "interval": "95 % interval",
        "verdict": "verdict",
        "meaning": "what it means here",
    }
    table = verdict.fillna("").rename(columns=columns)
    return Section(
        "verdict",
        "Can the figures be believed?",
        [*blocks, Table(table, "The verdict of the audit, a row per check.")],
    )
