"""The short tables that a run prints at its end.

``python -m detl.session.closing_table data/08_reporting/summary.csv`` prints the first
one again.
"""

import sys
from pathlib import Path

import click
import pandas as pd

from detl.wording import INITIALISATION_TITLES, UNFREEZE_TITLES, network_title

NEXT = """Next:
  open        {report}, the whole result on one page
  make ui     compare the folds in MLflow{folds}
  make viz    see the graph in Kedro-Viz
  make test   check that all of it works here"""


def format_summary(
    summary: pd.DataFrame, report: str | None, folds: str | None = None
) -> str:
    """Return the table ``summary`` as text: accuracies in percent, then warnings.

    Args:
        summary: A row per architecture.
        report: Path of the page of the report; None where there is none yet.
        folds: Address of the folds in MLflow, if it is known.
    """
    shown = pd.DataFrame(
        {
            "network": summary["architecture"].map(network_title),
            "accuracy, 95 % interval": _shares(summary, "accuracy"),
            "SD over seeds": summary["accuracy_sd_seeds"].map(_name_deviation),
            "ensemble, 95 % interval": _shares(summary, "ensemble_accuracy"),
        }
    )
    lines = [shown.to_string(index=False), *_explain_intervals(summary)]
    warnings = summary["warnings"].astype("string").fillna("")
    for architecture, warning in zip(summary["architecture"], warnings, strict=True):
        if warning:
            lines.append(f"Warning, {network_title(architecture)}: {warning}")
    ui = f", {folds}" if folds else ""
    next_steps = ["", NEXT.format(report=report, folds=ui)] if report else []
    return "\n".join(["", *lines, *next_steps])


def _explain_intervals(summary: pd.DataFrame) -> list[str]:
    """Return what the accuracies are means over, and what their intervals are over."""
    seeds = int(summary["seeds"].min())
    if seeds == 1:
        return ["One training each: intervals are over patients, not over trainings."]
    return [
        f"Accuracy: mean over {seeds} seeds, interval over patients and trainings.",
        "Ensemble: all seeds as one, interval over patients, of these networks.",
    ]


def _name_deviation(deviation: float) -> str:
    return "one seed" if pd.isna(deviation) else f"{100 * deviation:.1f} points"


def _shares(table: pd.DataFrame, name: str) -> pd.Series:
    """Return shares with their intervals, in per cent."""
    texts = [
        f"{value:.1%}"
        + ("" if pd.isna(low) else f" ({100 * low:.1f} to {100 * high:.1f})")
        for value, low, high in (
            table[[name, f"{name}_low", f"{name}_high"]].to_numpy("float64")
        )
    ]
    return pd.Series(texts, index=table.index)


def format_verdict(verdict: pd.DataFrame) -> str:
    """Return a verdict as text: each check with what was found.

    Args:
        verdict: A row per check.
    """
    known = verdict.fillna("")
    found = known["number"].where(known["number"] != "", "-")
    ends = known["interval"].map(lambda interval: f" ({interval})" if interval else "")
    shown = known[["verdict", "check"]].assign(found=found + ends)
    return f"\n{shown.to_string(index=False)}"


def format_optimism(optimism: pd.DataFrame) -> str:
    """Return the table ``optimism`` as text, in percent and percentage points."""
    shown = pd.DataFrame(
        {
            "network": optimism["architecture"].map(network_title),
            "protocol paper": optimism["accuracy_paper"].map("{:.1%}".format),
            "protocol grouped": optimism["accuracy_grouped"].map("{:.1%}".format),
            "difference, 95 % interval": _points(optimism, "difference"),
        }
    )
    return "\n" + shown.to_string(index=False)


def format_ablation(ablation: pd.DataFrame) -> str:
    """Return the table ``ablation`` as text, in percent and percentage points.

    Below it stand the arms that were not run, by architecture, with the reason.
    """
    was_run = ablation["accuracy"].notna()
    run = ablation[was_run]
    shown = pd.DataFrame(
        {
            "network": run["architecture"].map(network_title),
            "starts from": run["initialisation"].map(INITIALISATION_TITLES),
            "trains": run["unfreeze"].map(UNFREEZE_TITLES),
            "accuracy": run["accuracy"].map("{:.1%}".format),
            "difference, 95 % interval": _points(run, "difference"),
            "p (Holm)": run["p_holm"].map("{:.3f}".format, na_action="ignore"),
        }
    )
    missing = ablation[~was_run].groupby("architecture", sort=False)["note"]
    lines = [
        f"{network_title(str(architecture))}, {len(notes)} arms not run: "
        f"{' '.join(notes.unique())}"
        for architecture, notes in missing
    ]
    return "\n".join(["", shown.fillna("").to_string(index=False), *lines])


def format_stability(stability: pd.DataFrame) -> str:
    """Return the table ``stability`` as text, in percent and percentage points.

    Args:
        stability: A row per architecture and pretraining, and one for all of them.
    """
    shown = pd.DataFrame(
        {
            "network": stability["architecture"].map(network_title),
            "pretraining": stability["pretraining"],
            "accuracy, 95 % interval": _shares(stability, "accuracy"),
            "SD over seeds": stability["accuracy_sd_seeds"].map(_name_deviation),
            "SD over pretrainings": (100 * stability["accuracy_sd_pretrainings"])
            .map("{:.1f} points".format, na_action="ignore")
            .fillna(""),
        }
    )
    explained = (
        "Accuracy: mean over seeds, of all also over pretrainings; interval over "
        "patients and pretrainings."
    )
    return "\n".join(["", shown.to_string(index=False), explained])


def _points(table: pd.DataFrame, name: str) -> pd.Series:
    """Return differences of fractions with their intervals, in percentage points."""
    texts = [
        _point_text(value, low, high)
        for value, low, high in (
            100 * table[[name, f"{name}_low", f"{name}_high"]].to_numpy("float64")
        )
    ]
    return pd.Series(texts, index=table.index)


def _point_text(value: float, low: float, high: float) -> str:
    if pd.isna(value):
        return ""
    interval = "no interval" if pd.isna(low) else f"{low:+.1f} to {high:+.1f}"
    return f"{value:+.1f} ({interval}) points"


def main(path: str) -> None:
    """Print the summary saved at ``path``."""
    report = Path(path).with_name("report.html")
    click.echo(format_summary(pd.read_csv(Path(path)), report.as_posix()))


if __name__ == "__main__":
    main(sys.argv[1])
