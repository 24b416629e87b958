"""The verdict of the audit: a table of all checks, and its section."""

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from detl.report.abstract import write_abstract
from detl.report.blocks import (
    Block,
    Bullets,
    Checks,
    Folded,
    Paragraph,
    Section,
    Table,
)
from detl.report.checks import NOT_COMPUTED, SEVERITY, Check
from detl.report.inputs import Run, Study
from detl.report.trainings import describe_trainings
from detl.wording import count_of, enumerate_names


def judge_audit(run: Run) -> pd.DataFrame:
    """Return the table ``audit_verdict``, a row per check."""
    from detl.report.sections import JUDGED_LAST, SECTIONS, JudgedModule

    first = [module for module in SECTIONS if module not in JUDGED_LAST]
    return tabulate_checks(
        [
            check
            for module in (*first, *JUDGED_LAST)
            if isinstance(module, JudgedModule)
            for check in module.checks(run)
        ]
    )


def judge_network(run: Run, architecture: str) -> pd.DataFrame:
    """Return the verdict on one network alone, a row per check.

    Its comparison with the others stays: which network is best.

    Args:
        run: All that the report shows.
        architecture: Which of its networks.
    """
    return judge_audit(
        replace(run, networks={architecture: run.networks[architecture]})
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


def summarise_verdict(verdict: pd.DataFrame, run: Study) -> str:
    """Return the verdict in one sentence.

    Args:
        verdict: Table ``audit_verdict``.
        run: Says whether the images are synthetic.
    """
    failed, warned, passed, missing = (
        verdict.loc[verdict["verdict"] == status, "check"].tolist()
        for status in ("fail", "warn", "pass", NOT_COMPUTED)
    )
    limits = [
        *([_say_of(warned, "warns", "warn")] if warned else []),
        *([f"{_were(len(missing))} not computed"] if missing else []),
    ]
    if failed:
        said = [_say_of(failed, "fails", "fail"), *limits]
        sentence = f"Not all figures below can be believed: {enumerate_names(said)}"
    elif limits:
        found = f"{count_of(len(passed), 'check')} passed and none failed"
        sentence = f"Believe the figures below with limits: {found}, but " + (
            enumerate_names(limits)
        )
    else:
        sentence = (
            "The figures below can be believed for images like these: all "
            f"{len(passed)} checks passed"
        )
    about = (
        "; the radiographs are synthetic, so that they say nothing about disease"
        if run.is_synthetic
        else ""
    )
    return f"{sentence}{about}."


def _were(number: int) -> str:
    return "1 was" if number == 1 else f"{number} were"


def _say_of(checks: Sequence[str], one: str, several: str) -> str:
    return (
        f"{len(checks)} {one if len(checks) == 1 else several} "
        f"({enumerate_names(checks)})"
    )


def describe_verdict(verdict: pd.DataFrame, run: Study) -> Section:
    """Return the first section of the report: fails first, then warnings, then passes.

    Args:
        verdict: Table ``audit_verdict``.
        run: The run, for the words on its data and its intervals.
    """
    table = verdict.fillna("")
    computed = table[table["verdict"] != NOT_COMPUTED]
    order = computed["verdict"].map(SEVERITY.index)
    rows = computed.iloc[(-order).argsort(kind="stable")]
    shown = pd.DataFrame(
        {
            "verdict": rows["verdict"],
            "check": rows["check"],
            "found": [_show_found(row) for row in rows.to_dict("records")],
            "meaning": rows["meaning"],
        }
    )
    blocks: list[Block] = [
        Checks(
            shown,
            "Where networks differ, the row is that of the network that fares worst.",
        )
    ]
    missing = table[table["verdict"] == NOT_COMPUTED]
    if len(missing):
        blocks.append(_fold_missing(missing))
    asked = table[["check", "asked"]].rename(columns={"asked": "what a pass needs"})
    blocks += [
        Paragraph(write_abstract(run)),
        Folded(
            "What each check asks, and what the intervals hold",
            [
                Paragraph(describe_trainings(run)),
                Table(asked, "What must hold for a pass."),
            ],
        ),
    ]
    return Section("verdict", "Can the figures be believed?", blocks)


def _show_found(row: Mapping[Hashable, Any]) -> str:
    if not row["interval"]:
        return str(row["number"])
    # The interval is of the number, and not of what follows it, such as a p value.
    number, comma, rest = str(row["number"]).partition(", ")
    return f"{number} ({row['interval']}){comma}{rest}"


def _fold_missing(missing: pd.DataFrame) -> Folded:
    """Return one line on all that was not computed, with the reasons folded."""
    reasons = missing.groupby("meaning", sort=False)["check"].agg(list)
    # The line has one command, that of most checks; the others are below it.
    commands = [
        re.search(r"'(kedro run [^']+)'", str(why)) for why in missing["meaning"]
    ]
    found = [command[1] for command in commands if command]
    run_it = f": {max(found, key=found.count)}" if found else ""
    number = count_of(len(missing), "check")
    return Folded(
        f"\N{EN DASH} {number} not computed{run_it}",
        [
            Bullets(
                [f"{enumerate_names(names)}: {why}" for why, names in reasons.items()]
            )
        ],
    )
