"""What the audit asks of a run, and what it answers."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import pandas as pd

from detl.wording import class_title, network_title, show_number

Status: TypeAlias = Literal["pass", "warn", "fail", "not computed"]
Row: TypeAlias = Mapping[Hashable, Any]
"""A row of a table, by column."""

NOT_COMPUTED: Status = "not computed"
SEVERITY: tuple[Status, ...] = ("pass", "warn", "fail")

RUN_AUDIT = "Run 'kedro run --pipeline audit' to compute it."

LEVEL = 0.05
"""Level of every test, after Holm's correction."""


@dataclass(frozen=True)
class Check:
    """One row of the verdict.

    Attributes:
        title: What was checked.
        asked: What must hold for a pass.
        status: pass, warn, fail, or not computed.
        meaning: What that means here, in a sentence.
        number: What was found, as the page shows it.
        interval: Its 95 % interval, as the page shows it.
        value: What was found, as a number; None where it is none.
        network: The architecture that the number is of; "" where it is of none.
        missing: What was also asked about and has no number, such as "VGG16".
    """

    title: str
    asked: str
    status: Status
    meaning: str
    number: str = ""
    interval: str = ""
    value: float | None = None
    network: str = ""
    missing: Sequence[str] = ()

    def without(self, missing: Sequence[str]) -> "Check":
        """Return the check with what has no number: it is then no pass.

        A check that was not computed stays as it is.
        """
        if not missing or self.status == NOT_COMPUTED:
            return self
        return replace(
            self,
            status="warn" if self.status == "pass" else self.status,
            missing=(*self.missing, *missing),
        )


def not_computed(title: str, asked: str, reason: str) -> Check:
    """Return a check that has no number, with the reason as its meaning."""
    return Check(title, asked, NOT_COMPUTED, reason)


@dataclass(frozen=True)
class Question:
    """What the audit asks of each network.

    Attributes:
        title: What is checked.
        asked: What must hold for a pass, as the page says it.
        choose: From a table of all networks to the rows in question, with the columns
            ``architecture``, ``value``, ``low``, ``high`` and ``note``.
        judge: From a row to pass, warn or fail.
        explain: From a row and its status to what that means, in a sentence.
        badness: From a row to a number that is larger for a worse row.
        show: From a row to its number and its interval, as the page shows them.
        command: What to run where nothing was computed.
    """

    title: str
    asked: str
    choose: Callable[[pd.DataFrame], pd.DataFrame]
    judge: Callable[[Row], Status]
    explain: Callable[[Row, Status], str]
    badness: Callable[[Row], float] = lambda row: row["value"]
    show: Callable[[Row], tuple[str, str]] = show_number
    command: str = RUN_AUDIT


def answer(
    question: Question, table: pd.DataFrame | None, networks: Collection[str] = ()
) -> Check:
    """Return the answer to a question: that of the row which fares worst.

    The worst row has the worst status; of several with this status, it has the worst
    number. A number near the limit may be certain where a worse one is not.

    Args:
        question: What is asked.
        table: What ``Run.table`` returns.
        networks: The architectures to ask about. One without rows keeps the others
            from a pass.
    """
    if table is None:
        return not_computed(question.title, question.asked, question.command)
    chosen = question.choose(table)
    rows = chosen[chosen["value"].notna()].to_dict("records")
    if not rows:
        return not_computed(question.title, question.asked, _explain_missing(chosen))
    worst = max(
        rows,
        key=lambda row: (SEVERITY.index(question.judge(row)), question.badness(row)),
    )
    status = question.judge(worst)
    number, interval = question.show(worst)
    check = Check(
        question.title,
        question.asked,
        status,
        question.explain(worst, status),
        number,
        interval,
        value=float(worst["value"]),
        network=worst["architecture"],
    )
    return check.without([*name_missing(chosen), *name_absent(networks, table)])


def name_absent(networks: Collection[str], table: pd.DataFrame) -> list[str]:
    """Return the titles of the networks that have no row in a table."""
    present = set(table["architecture"])
    return [network_title(name) for name in networks if name not in present]


def name_missing(rows: pd.DataFrame) -> list[str]:
    """Return what the rows without a number are of: a network, and a class or input."""
    return [_name_row(row) for row in rows[rows["value"].isna()].to_dict("records")]


def _name_row(row: Row) -> str:
    parts = [row.get("class"), row.get("input")]
    named = [class_title(part) for part in parts if isinstance(part, str) and part]
    return " on ".join([network_title(row["architecture"]), *named])


def _explain_missing(rows: pd.DataFrame) -> str:
    notes = [str(note) for note in rows["note"].dropna() if note]
    if not notes:
        return "There is no number."
    return f"{notes[0][:1].upper()}{notes[0][1:]}."


def judge_below(row: Row, small: float, large: float) -> Status:
    """Return pass where an interval ends at ``small`` or below, fail from ``large`` on.

    Else it is warn: an interval that is wide, because images are few, does not pass.

    Args:
        row: ``low`` and ``high``; NaN, which is warn, where there is no interval.
        small: The limit of a pass.
        large: The limit of a fail.
    """
    if row["high"] <= small:
        return "pass"
    return "fail" if row["low"] >= large else "warn"


def judge_above(row: Row, limit: float) -> Status:
    """Return pass where an interval lies above a limit, fail where below, else warn.

    Args:
        row: ``low`` and ``high``; NaN, which is warn, where there is no interval.
        limit: The limit.
    """
    return "pass" if row["low"] > limit else "fail" if row["high"] < limit else "warn"


def name_number(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return a table with one of its numbers as ``value``, ``low`` and ``high``.

    Args:
        table: Has the columns ``<name>``, ``<name>_low`` and ``<name>_high``.
        name: The number.
    """
    return table.assign(
        value=table[name], low=table[f"{name}_low"], high=table[f"{name}_high"]
    )


def take_number(row: Row, name: str) -> dict[Hashable, Any]:
    """Return one of the numbers of a row as ``value``, ``low``, ``high`` and ``note``.

    Args:
        row: Has ``<name>``, ``<name>_low``, ``<name>_high`` and ``note``.
        name: The number.
    """
    note = row["note"] if isinstance(row["note"], str) else ""
    return {
        "value": row[name],
        "low": row[f"{name}_low"],
        "high": row[f"{name}_high"],
        "note": note,
    }
