"""The section on errors by sex, age, view and source."""

import pandas as pd

from detl.report.blocks import Block, Folded, Paragraph, Section, Table
from detl.report.checks import Check, Status, not_computed
from detl.report.inputs import Study
from detl.report.trainings import name_held
from detl.schemas.tables import UNKNOWN
from detl.wording import (
    count_of,
    in_percent,
    in_points,
    interval_in_points,
    network_title,
    show_measured,
    subgroup_title,
)

TITLE = "Subgroups"
LARGE_GAP = 0.10
ASKED = (
    "in no subgroup by sex, age, view or source that is large enough are diseased "
    "images called normal more often than in the others (each gap's interval lies "
    f"below {100 * LARGE_GAP:.0f} points; fail where one lies above 0 with a gap of "
    f"{100 * LARGE_GAP:.0f} points or more)"
)
QUANTITIES = {
    "disease_sensitivity": "disease seen",
    "under_diagnosis_rate": "under-diagnosis",
    "false_alarm_rate": "false alarms",
}


def section(run: Study) -> Section:
    """Return the section: a table per network, a row per subgroup."""
    tables = [
        Table(
            _tabulate(network.subgroups),
            f"{network_title(name)}: share of diseased images not called normal, share "
            "called normal with its gap to all other images, and share of normal "
            f"images called diseased; 95 % interval over {name_held(run)}.",
        )
        for name, network in run.networks.items()
    ]
    return Section(
        "subgroups",
        "Subgroups",
        [
            Paragraph(
                "Under-diagnosis is to call a diseased image normal. Its gap is the "
                "share in a subgroup minus the share in all other images. Subgroups "
                "with fewer than 30 images are counted only. The sensitivities of "
                "single classes are in subgroups.csv."
            ),
            _show_gaps(run.table("subgroups")),
            Folded("Every subgroup of every network", tables),
        ],
    )


def checks(run: Study) -> list[Check]:
    """Return whether disease is missed more often in some subgroup."""
    table = run.table("subgroups")
    # Images of unknown sex, age or view are not a subgroup of patients.
    gaps = table[
        (table["quantity"] == "under_diagnosis_rate") & (table["subgroup"] != UNKNOWN)
    ]
    measured = gaps[gaps["gap"].notna()]
    if measured.empty:
        reason = "No subgroup, with the rest beside it, has 30 diseased images."
        return [not_computed(TITLE, ASKED, reason)]
    worse = measured[measured["gap_low"] > 0]
    # If no gap is above chance, the highest end of an interval decides.
    by = "gap" if len(worse) else "gap_high"
    shown = (worse if len(worse) else measured).sort_values(by).iloc[-1]
    check = Check(
        TITLE,
        ASKED,
        _judge(shown),
        _explain(measured, shown, len(gaps) - len(measured)),
        f"{in_points(shown['gap'])} points",
        interval_in_points(shown["gap_low"], shown["gap_high"]),
        value=float(shown["gap"]),
        network=shown["architecture"],
    )
    known = set(measured["attribute"])
    return [check.without([a for a in gaps["attribute"].unique() if a not in known])]


def _judge(shown: pd.Series) -> Status:
    if shown["gap_low"] > 0:
        return "fail" if shown["gap"] >= LARGE_GAP else "warn"
    return "warn" if shown["gap_high"] >= LARGE_GAP else "pass"


def _explain(measured: pd.DataFrame, shown: pd.Series, too_small: int) -> str:
    where = subgroup_title(shown["attribute"], shown["subgroup"])
    name = network_title(shown["architecture"])
    tested = count_of(len(measured), "gap")
    worse = int((measured["gap_low"] > 0).sum())
    unsure = int((measured["gap_high"] >= LARGE_GAP).sum())
    if worse:
        meaning = (
            f"{name} misses disease more often in {where}: it calls "
            f"{in_percent(shown['value'])} of the diseased normal there. {worse} of "
            f"{tested} {'lies' if worse == 1 else 'lie'} above 0, where chance alone "
            "gives 2.5 % (one in forty). Class and source differ between subgroups too."
        )
    else:
        meaning = (
            f"Of {tested} none is above chance; the one whose interval reaches highest "
            f"is {name}'s in {where}."
        )
        if unsure:
            meaning += f" {unsure} may yet be of {100 * LARGE_GAP:.0f} points or more."
    if too_small:
        meaning += f" {too_small} could not be measured, for too few images."
    return meaning


def _show_gaps(subgroups: pd.DataFrame) -> Block:
    """Return the gaps whose interval lies above 0, the largest first."""
    is_missed = subgroups["quantity"] == "under_diagnosis_rate"
    worse = subgroups[is_missed & (subgroups["gap_low"] > 0)]
    if worse.empty:
        return Paragraph("No gap lies above 0 with its whole interval.")
    rows = [
        {
            "network": network_title(row["architecture"]),
            "subgroup": subgroup_title(str(row["attribute"]), str(row["subgroup"])),
            "under-diagnosis": show_measured(row),
            "gap, points": f"{in_points(row['gap'])} "
            f"({interval_in_points(row['gap_low'], row['gap_high'])})",
        }
        for row in worse.sort_values("gap", ascending=False).to_dict("records")
    ]
    return Table(pd.DataFrame(rows), "Gaps that lie above 0 with their whole interval.")


def _tabulate(subgroups: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for (attribute, subgroup), part in subgroups.groupby(
        ["attribute", "subgroup"], sort=False
    ):
        cells = part.set_index("quantity")
        row = {"subgroup": subgroup_title(str(attribute), str(subgroup))}
        for quantity, title in QUANTITIES.items():
            if quantity in cells.index:
                found = cells.loc[quantity].to_dict()
                row[title] = f"{show_measured(found)}, {int(found['images'])} images"
        missed = cells.loc["under_diagnosis_rate"].to_dict()
        if pd.notna(missed["gap"]):
            interval = interval_in_points(missed["gap_low"], missed["gap_high"])
            row["gap, points"] = f"{in_points(missed['gap'])} ({interval})"
        rows.append(row)
    return pd.DataFrame(rows).fillna("")
