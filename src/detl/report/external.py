"""The report's section on images from elsewhere, and the verdict on them."""

from collections.abc import Mapping
from pathlib import PurePath

import pandas as pd

from detl.report.page import Paragraph, Section, Table
from detl.report.verdict import (
    Check,
    Row,
    Verdict,
    explain_missing,
    find_worst,
    judge_below,
    name_missing,
    name_number,
)
from detl.wording import (
    CLASS_TITLES,
    class_title,
    in_percent,
    in_points,
    interval_in_percent,
    interval_in_points,
    network_title,
)

Tables = Mapping[str, pd.DataFrame]

SMALL_DROP = 0.05
RUN_EXTERNAL = (
    "Run 'kedro run --pipeline external --params source=PATH' with a folder or a csv "
    "of images from elsewhere."
)


def judge_external(scores: Tables, source: str | None) -> Check:
    """Return whether accuracy holds on images from elsewhere.

    Args:
        scores: By architecture, table ``scores`` of the external test.
        source: Where the images are, as it was typed; None where there was no test.
    """
    check = "Images from elsewhere"
    asked = (
        "balanced accuracy on images of another source is at most "
        f"{100 * SMALL_DROP:.0f} points below that of the cross-validation (the "
        "interval of the drop lies up to there, fail where it lies above), over every "
        "class of Data-B"
    )

    def choose(table: pd.DataFrame) -> pd.DataFrame:
        return name_number(table[table["score"] == "balanced_accuracy"], "drop")

    def choose_classes(table: pd.DataFrame) -> pd.DataFrame:
        return name_number(table[table["score"] == "sensitivity"], "drop")

    def judge(row: Row) -> Verdict:
        return judge_below(row, SMALL_DROP, SMALL_DROP)

    worst = find_worst(scores, choose, judge, lambda row: row["value"])
    if worst is None:
        reason = explain_missing(scores, choose) if scores else RUN_EXTERNAL
        return Check.not_computed(check, asked, reason)
    name, row = worst
    verdict = judge(row)
    judged = Check(
        check,
        asked,
        f"a drop of {in_points(row['drop'])} points",
        interval_in_points(row["drop_low"], row["drop_high"]),
        verdict,
        f"{network_title(name)}: {in_percent(row['internal'])} in the "
        f"cross-validation, {in_percent(row['external'])} on "
        f"{int(row['external_images'])} images of {_name_source(source)}, mean of the "
        f"folds' networks; {in_percent(row['ensemble'])} by their ensemble "
        f"({_show_note(row['note'])}).",
    )
    # The images are the same for every network, and so are the classes they lack.
    lacking = name_missing({name: scores[name]}, choose_classes)
    return judged.beside([*name_missing(scores, choose), *lacking])


def describe_external(scores: Tables, source: str | None) -> Section:
    """Return the section on the external test.

    Args:
        scores: By architecture, table ``scores`` of the external test.
        source: Where the images are, as it was typed; None where there was no test.
    """
    title = "Images from elsewhere"
    if not scores:
        blocks = [Paragraph(f"Not computed. {RUN_EXTERNAL}")]
        return Section("external", title, blocks)
    return Section(
        "external",
        title,
        [
            Paragraph(
                f"Images of {_name_source(source)} that no fold has seen (no patient "
                "of theirs, and no copy, is in Data-A or Data-B). Each fold's network "
                "judges all of them, and a score is the mean of these networks', so "
                "that it is of a single network as in the cross-validation; the drop "
                "is between the two. The ensemble is the mean of the folds' "
                "probabilities. ROC AUCs are means of the folds' on both sides. "
                "Accuracy depends on the mix of classes; balanced accuracy does not. "
                "Intervals are of these networks on new patients."
            ),
            Table(_tabulate(scores), "Inside, outside, and the drop; 95 % interval."),
        ],
    )


def _name_source(source: str | None) -> str:
    """Return a source's path, of an absolute one only the end: pages go elsewhere."""
    if source is None:
        return "another source"
    path = PurePath(source)
    return "/".join(path.parts[1:][-2:]) if path.is_absolute() else source


def _tabulate(scores: Tables) -> pd.DataFrame:
    rows = []
    for architecture, table in scores.items():
        for row in table.fillna({"class": "", "note": ""}).to_dict("records"):
            score = str(row["score"]).replace("_", " ")
            if row["class"]:
                score = f"{score}, {class_title(row['class'])}"
            rows.append(
                {
                    "network": network_title(architecture),
                    "score": score,
                    **{
                        title: _show(row, part)
                        for title, part in (
                            ("cross-validation", "internal"),
                            ("elsewhere", "external"),
                        )
                    },
                    "drop, points": ""
                    if pd.isna(row["drop"])
                    else f"{in_points(row['drop'])} ("
                    f"{interval_in_points(row['drop_low'], row['drop_high'])})",
                    "elsewhere, ensemble": _show(row, "ensemble"),
                    "images": ""
                    if pd.isna(row["external_images"])
                    else f"{row['external_images']:.0f}",
                    "note": _show_note(row["note"]),
                }
            )
    return pd.DataFrame(rows)


def _show_note(note: str) -> str:
    """Return a note with the names of the classes as they are written."""
    for label, title in CLASS_TITLES.items():
        note = note.replace(label, title)
    return note


def _show(row: Mapping[object, object], part: str) -> str:
    value, low, high = (float(str(row[f"{part}{e}"])) for e in ("", "_low", "_high"))
    if pd.isna(value):
        return "not enough data"
    return f"{in_percent(value)} ({interval_in_percent(low, high)})"
