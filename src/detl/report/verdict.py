"""The verdict of the audit: a row per check, and what it means in this run."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, TypeAlias

import pandas as pd

from detl.report.page import Note, Paragraph, Section, Table
from detl.wording import class_title, count_of, enumerate_names, network_title

Verdict: TypeAlias = Literal["pass", "warn", "fail", "not computed"]
Row: TypeAlias = Mapping[Hashable, Any]
"""A row of a table, by column."""

NOT_COMPUTED: Verdict = "not computed"
SEVERITY: tuple[Verdict, ...] = ("pass", "warn", "fail")

RUN_AUDIT = "Run 'kedro run --pipeline audit' to compute it."


@dataclass(frozen=True)
class Check:
    """One row of the verdict; all of it is text.

    Attributes:
        check: What was checked.
        asked: What had to hold for a pass.
        number: What was found, of the network that fares worst where there are several.
        interval: Its 95 % interval, or "".
        verdict: pass, warn, fail, or not computed.
        meaning: What that means here, in a sentence.
    """

    check: str
    asked: str
    number: str
    interval: str
    verdict: Verdict
    meaning: str

    @classmethod
    def not_computed(cls, check: str, asked: str, reason: str) -> "Check":
        """Return the row of a check that has no number."""
        return cls(check, asked, "", "", NOT_COMPUTED, reason)

    def beside(self, missing: Sequence[str]) -> "Check":
        """Return the row with what else was asked and has no number: it is no pass.

        Args:
            missing: Names of that, such as "VGG16"; none changes nothing, nor does any
                where nothing was computed.
        """
        if not missing or self.verdict == NOT_COMPUTED:
            return self
        return replace(
            self,
            verdict="warn" if self.verdict == "pass" else self.verdict,
            meaning=f"{self.meaning} Without a number: {enumerate_names(missing)}.",
        )


def tabulate_checks(checks: Sequence[Check]) -> pd.DataFrame:
    """Return the table ``audit_verdict``, a row per check in their order.

    Args:
        checks: At least one.
    """
    return pd.DataFrame([asdict(check) for check in checks])


def find_worst(
    tables: Mapping[str, pd.DataFrame],
    choose: Callable[[pd.DataFrame], pd.DataFrame],
    judge: Callable[[Row], Verdict],
    key: Callable[[Row], float],
) -> tuple[str, Row] | None:
    """Return the architecture whose row fares worst, and that row; None if none has.

    It is the row of the worst verdict, and of several of these the one with the worst
    value: a number beside the limit may be established, and a worse one not.

    Args:
        tables: By architecture, a table with ``value`` and ``note``.
        choose: From a table to the rows in question.
        judge: From a row to its verdict.
        key: From a row to a number that is the larger, the worse it fares.
    """
    rows = [
        (architecture, row)
        for architecture, table in tables.items()
        for row in choose(table).to_dict("records")
        if pd.notna(row["value"])
    ]
    if not rows:
        return None
    return max(rows, key=lambda n: (SEVERITY.index(judge(n[1])), key(n[1])))


def first_note(
    tables: Mapping[str, pd.DataFrame], choose: Callable[[pd.DataFrame], pd.DataFrame]
) -> str:
    """Return why the rows in question have no number, "" if nothing is said.

    Args:
        tables: As ``find_worst`` takes them.
        choose: From a table to the rows in question.
    """
    notes = [str(n) for t in tables.values() for n in choose(t)["note"].dropna() if n]
    return notes[0] if notes else ""


def explain_missing(
    tables: Mapping[str, pd.DataFrame], choose: Callable[[pd.DataFrame], pd.DataFrame]
) -> str:
    """Return a sentence on why the rows in question have no number.

    Args:
        tables: As ``find_worst`` takes them; none where nothing was computed.
        choose: From a table to the rows in question.
    """
    if not tables:
        return RUN_AUDIT
    note = first_note(tables, choose)
    return f"{note[:1].upper()}{note[1:]}." if note else "There is no number."


def name_missing(
    tables: Mapping[str, pd.DataFrame], choose: Callable[[pd.DataFrame], pd.DataFrame]
) -> list[str]:
    """Return of what the rows without a number are: network, and class or input.

    Args:
        tables: As ``find_worst`` takes them.
        choose: From a table to the rows in question.
    """
    return [
        _name_row(architecture, row)
        for architecture, table in tables.items()
        for row in choose(table).to_dict("records")
        if pd.isna(row["value"])
    ]


def _name_row(architecture: str, row: Row) -> str:
    parts = [row.get("class"), row.get("input")]
    named = [class_title(part) for part in parts if isinstance(part, str) and part]
    return " on ".join([network_title(architecture), *named])


def judge_below(row: Row, small: float, large: float) -> Verdict:
    """Return pass where an interval lies up to a limit, fail where from another on.

    It is warn between the two: few images, which make intervals wide, do not pass.

    Args:
        row: As ``judge_above`` takes it.
        small: Limit up to which it is pass.
        large: Limit from which it is fail.
    """
    if row["high"] <= small:
        return "pass"
    return "fail" if row["low"] >= large else "warn"


def judge_above(row: Row, limit: float) -> Verdict:
    """Return pass where an interval lies above a limit, fail where below, else warn.

    Args:
        row: ``low`` and ``high``; NaN, which is a warning, where there is no interval.
        limit: The limit.
    """
    return "pass" if row["low"] > limit else "fail" if row["high"] < limit else "warn"


def name_number(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return a table with the columns of one number as value, low and high.

    Args:
        table: Has the columns ``<name>``, ``<name>_low`` and ``<name>_high``.
        name: Of the number.
    """
    return table.assign(
        value=table[name], low=table[f"{name}_low"], high=table[f"{name}_high"]
    )


def take_number(row: Row, name: str) -> dict[Hashable, Any]:
    """Return one of several numbers of a row as value, low, high and note.

    Args:
        row: Has ``<name>``, ``<name>_low``, ``<name>_high`` and ``note``.
        name: Of the number.
    """
    note = row["note"] if isinstance(row["note"], str) else ""
    return {
        "value": row[name],
        "low": row[f"{name}_low"],
        "high": row[f"{name}_high"],
        "note": note,
    }


def describe_verdict(verdict: pd.DataFrame) -> Section:
    """Return the section with which the report begins.

    Args:
        verdict: Table ``audit_verdict``.
    """
    counts = verdict["verdict"].value_counts()
    said = ", ".join(
        f"{counts.get(name, 0)} {name}"
        for name in ("pass", "warn", "fail", NOT_COMPUTED)
    )
    blocks: list[Any] = [
        Paragraph(
            f"{count_of(len(verdict), 'check')} of whether the figures below can be "
            f"believed: {said}. Of several networks the number is that of the one that "
            "fares worst, which the last column names. Intervals are of these networks "
            "on new patients: another seed would train others, which no row is about."
        )
    ]
    if counts.get(NOT_COMPUTED, 0):
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
