"""The section on images from elsewhere."""

from pathlib import PurePath

import pandas as pd

from detl.evaluation.scores import AREAS
from detl.report.blocks import Block, Bullets, Paragraph, Section, Table
from detl.report.checks import (
    Check,
    Question,
    Row,
    Status,
    answer,
    judge_below,
    name_missing,
    select_measure,
)
from detl.report.inputs import Run
from detl.report.refusals import describe_external, describe_held_out
from detl.report.trainings import THESE, name_held
from detl.wording import (
    CLASS_TITLES,
    class_title,
    in_percent,
    in_points,
    interval_in_percent,
    interval_in_points,
    network_title,
)

TITLE = "Images from elsewhere"
SCORE_TITLES = {
    "macro_f1": "macro F1",
    "macro_auc": "macro AUC",
    "auc": "AUC",
    "ppv": "PPV",
    "npv": "NPV",
    "average_precision": "area, precision and recall",
}
SMALL_DROP = 0.05
RUN_EXTERNAL = (
    "Run 'kedro run --pipeline external --params source=PATH' with a folder or a csv "
    "of images from elsewhere."
)


def section(run: Run) -> Section:
    """Return the section, or what to run if nothing was computed."""
    external = run.table("external")
    if external is None:
        text = Paragraph(f"Not computed. {RUN_EXTERNAL}")
        return Section("external", TITLE, [text, *_tell_refusals(run)])
    return Section(
        "external",
        TITLE,
        [
            Paragraph(
                f"Images of {_name_source(run.external_source)} that no fold has seen "
                "(no patient of theirs, and no copy, is in Data-A or Data-B). Each "
                "fold's network judges all of them, and a score is the mean of these "
                "networks', so that it is of a single network as in the "
                "cross-validation; the drop is between the two. The ensemble is the "
                "mean of all probabilities. Areas under the ROC curve (AUC, from 0 to "
                "1) are means of the folds' on both sides; drops of other scores are "
                "in points. Accuracy depends on the mix of classes; balanced accuracy "
                "does not."
            ),
            Table(
                _tabulate(external),
                "Inside, outside, and the drop, means over seeds; 95 % interval over "
                f"{name_held(run)}, that of the ensemble {THESE}.",
            ),
            *_tell_refusals(run),
        ],
    )


def checks(run: Run) -> list[Check]:
    """Return whether accuracy holds on images from elsewhere."""
    external = run.table("external")
    check = answer(_ask(run.external_source), external, run.networks)
    if external is None:
        return [check]
    # The images are the same for every network, and so are the classes they lack.
    of_network = external[external["architecture"] == check.network]
    classes = select_measure(of_network[of_network["score"] == "sensitivity"], "drop")
    return [check.without(name_missing(classes))]


def _tell_refusals(run: Run) -> list[Block]:
    """Return a line per network on how often images would be refused."""
    lines = []
    for name, network in run.networks.items():
        if network.refusals is not None:
            said = describe_held_out(network.refusals)
            if network.external_refusals is not None:
                said += f" {describe_external(network.external_refusals)}"
            lines.append(f"{network_title(name)}: {said}")
    if not lines:
        return []
    return [Paragraph("Likeness alone, without the rules on files:"), Bullets(lines)]


def _ask(source: str | None) -> Question:
    def explain(row: Row, status: Status) -> str:
        return (
            f"{network_title(row['architecture'])}: {in_percent(row['internal'])} in "
            f"the cross-validation, {in_percent(row['external'])} on "
            f"{int(row['external_images'])} images of {_name_source(source)}, mean of "
            f"the folds' networks; {in_percent(row['ensemble'])} by their ensemble "
            f"({_show_note(row['note'])})."
        )

    return Question(
        title=TITLE,
        asked="balanced accuracy on images of another source is at most "
        f"{100 * SMALL_DROP:.0f} points below that of the cross-validation (the "
        "interval of the drop lies up to there, fail where it lies above), over every "
        "class of Data-B",
        choose=lambda external: select_measure(
            external[external["score"] == "balanced_accuracy"], "drop"
        ),
        judge=lambda row: judge_below(row, SMALL_DROP, SMALL_DROP),
        show=_show_drop,
        explain=explain,
        command=RUN_EXTERNAL,
    )


def _show_drop(row: Row) -> tuple[str, str]:
    number = f"a drop of {in_points(row['value'])} points"
    return number, interval_in_points(row["low"], row["high"])


def _name_source(source: str | None) -> str:
    """Return the path of a source, without the folders that name a user or machine."""
    if source is None:
        return "another source"
    path = PurePath(source)
    return "/".join(path.parts[1:][-2:]) if path.is_absolute() else source


def _tabulate(external: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        [
            _show_row(row)
            for row in external.fillna({"class": "", "note": ""}).to_dict("records")
        ]
    )


def _show_row(row: Row) -> dict[str, str]:
    score = SCORE_TITLES.get(row["score"], str(row["score"]).replace("_", " "))
    if row["class"]:
        score = f"{score}, {class_title(row['class'])}"
    drop = images = ""
    if pd.notna(row["drop"]):
        interval = interval_in_points(row["drop_low"], row["drop_high"])
        drop = f"{in_points(row['drop'])} ({interval})"
        if row["score"] in AREAS:
            low, high = row["drop_low"], row["drop_high"]
            drop = f"{row['drop']:+.3f} ({low:+.3f} to {high:+.3f})"
    if pd.notna(row["external_images"]):
        images = f"{row['external_images']:.0f}"
    return {
        "network": network_title(row["architecture"]),
        "score": score,
        "cross-validation": _show(row, "internal"),
        "elsewhere": _show(row, "external"),
        "drop": drop,
        "elsewhere, ensemble": _show(row, "ensemble"),
        "images": images,
        "note": _show_note(row["note"]),
    }


def _show_note(note: str) -> str:
    """Return a note with the usual spelling of the classes."""
    for label, title in CLASS_TITLES.items():
        note = note.replace(label, title)
    return note


def _show(row: Row, part: str) -> str:
    value, low, high = (float(str(row[f"{part}{e}"])) for e in ("", "_low", "_high"))
    if pd.isna(value):
        return "not enough data"
    if row["score"] in AREAS:
        return f"{value:.3f} ({low:.3f} to {high:.3f})"
    return f"{in_percent(value)} ({interval_in_percent(low, high)})"
