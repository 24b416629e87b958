"""The questions of the audit, and their answers."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import pandas as pd

from detl.errors import DetlError
from detl.wording import capitalise, class_title, network_title, show_number

Status: TypeAlias = Literal["pass", "warn", "fail", "not computed"]
Row: TypeAlias = Mapping[Hashable, Any]
"""A row of a table, by column."""

NOT_COMPUTED: Status = "not computed"
SEVERITY: tuple[Status, ...] = ("pass", "warn", "fail")

_COLUMNS = ("architecture", "value", "note")
"""Columns that every question chooses; it may read others itself."""

RUN_AUDIT = "Run 'kedro run --pipeline audit' to compute it."
RUN_CUES = "Run 'kedro run --pipelines shortcuts,report' to compute it."
RUN_LESIONS = "Run 'kedro run --pipelines lesions,report' to compute it."

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
        value: What was found, as a number, or None.
        network: The architecture with this number, or "".
        missing: What has no number but should have, such as "VGG16 on COVID-19".
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
        """Return the check with more that has no number, so that it does not pass.

        A check that was not computed does not change.
        """
        if not missing or self.status == NOT_COMPUTED:
            return self
        return replace(
            self,
            status="warn" if self.status == "pass" else self.status,
            missing=(*self.missing, *missing),
        )


def not_computed(title: str, asked: str, reason: str) -> Check:
    """Return a check without a number; its meaning is the reason."""
    return Check(title, asked, NOT_COMPUTED, reason)


@dataclass(frozen=True)
class Question:
    """What the audit asks of each network.

    Attributes:
        title: What is checked.
        asked: What must hold for a pass, as the page says it.
        choose: Takes a table of all networks, and returns the rows to judge. These have
            the columns ``architecture``, ``value`` and ``note``, and those that the
            other functions here read.
        judge: Takes a row, and returns pass, warn or fail.
        explain: Takes a row and its status, and returns what they mean, in a sentence.
        badness: Takes a row, and returns a number that is larger for a worse row.
        show: Takes a row, and returns its number and its interval for the page.
        command: What to run if nothing was computed.
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
    """Return the answer to a question, which is that of the worst row.

    The worst row has the worst status and, among the rows of this status, the worst
    number: a fail by a little is worse than a warning by a lot.

    Args:
        question: What the audit asks.
        table: What ``Run.table`` returns.
        networks: The architectures that need a row. If one has none, the check does
            not pass.

    Raises:
        DetlError: The chosen rows lack a column.
    """
    if table is None:
        return not_computed(question.title, question.asked, question.command)
    chosen = question.choose(table)
    _require_columns(question.title, chosen)
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


def _require_columns(title: str, chosen: pd.DataFrame) -> None:
    missing = [name for name in _COLUMNS if name not in chosen]
    if missing:
        raise DetlError(
            f"The rows that 'choose' of the check {title!r} returns lack the "
            f"{'column' if len(missing) == 1 else 'columns'} {', '.join(missing)}, "
            f"where {', '.join(_COLUMNS)} were expected: let it return them all."
        )


def name_absent(networks: Collection[str], table: pd.DataFrame) -> list[str]:
    """Return the titles of the networks that have no row in a table."""
    present = set(table["architecture"])
    return [network_title(name) for name in networks if name not in present]


def name_missing(rows: pd.DataFrame) -> list[str]:
    """Return the network, and the class or input, of each row without a number."""
    return [name_row(row) for row in rows[rows["value"].isna()].to_dict("records")]


def name_row(row: Row) -> str:
    """Return the network of a row, and its class or input: ``VGG16 on COVID-19``."""
    parts = [row.get("class"), row.get("input")]
    named = [class_title(part) for part in parts if isinstance(part, str) and part]
    return " on ".join([network_title(row["architecture"]), *named])


def _explain_missing(rows: pd.DataFrame) -> str:
    notes = [str(note) for note in rows["note"].dropna() if note]
    if not notes:
        return "There is no number."
    return f"{capitalise(notes[0])}."


def judge_below(row: Row, small: float, large: float) -> Status:
    """Return pass if an interval ends at ``small`` or below, fail from ``large`` on.

    Everything else is warn, so that an interval which is wide for lack of images does
    not pass.

    Args:
        row: Has ``low`` and ``high``; both are NaN without an interval, which is warn.
        small: The limit of a pass.
        large: The limit of a fail.
    """
    if row["high"] <= small:
        return "pass"
    return "fail" if row["low"] >= large else "warn"


def judge_above(row: Row, limit: float) -> Status:
    """Return pass if an interval lies above a limit, fail if below it, else warn.

    Args:
        row: Has ``low`` and ``high``; both are NaN without an interval, which is warn.
        limit: The limit of both.
    """
    return "pass" if row["low"] > limit else "fail" if row["high"] < limit else "warn"


def select_measure(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return a table with one of its numbers as ``value``, ``low`` and ``high``.

    Args:
        table: Has the columns ``<name>``, ``<name>_low`` and ``<name>_high``.
        name: The number.
    """
    return table.assign(
        value=table[name], low=table[f"{name}_low"], high=table[f"{name}_high"]
    )


def read_measure(row: Row, name: str) -> dict[Hashable, Any]:
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
