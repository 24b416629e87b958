"""The short table with which a run ends.

``python -m detl.closing_table data/08_reporting/summary.csv`` prints it again.
"""

import sys
from pathlib import Path

import click
import pandas as pd

NEXT = """Next:
  make ui     compare the folds in MLflow
  make viz    see the graph in Kedro-Viz
  make test   check that all of it works here"""


def format_summary(summary: pd.DataFrame) -> str:
    """Return the table ``summary`` as text: accuracies in percent, then warnings."""
    width = max(len("architecture"), *summary["architecture"].str.len())
    lines = [f"{'architecture':{width}}  accuracy, mean +- SD   pooled accuracy"]
    for row in summary.to_dict("records"):
        mean, sd = row["accuracy_mean"], 100 * row["accuracy_sd"]
        mean_and_sd = f"{mean:.1%} +- {sd:.1f} points"
        lines.append(
            f"{row['architecture']:{width}}  {mean_and_sd:22}  "
            f"{row['accuracy_pooled']:.1%}"
        )
    warnings = summary["warnings"].astype("string").fillna("")
    for architecture, warning in zip(summary["architecture"], warnings, strict=True):
        if warning:
            lines.append(f"Warning, {architecture}: {warning}")
    return "\n".join(["", *lines, "", NEXT])


def main(path: str) -> None:
    """Print the summary saved at ``path``."""
    click.echo(format_summary(pd.read_csv(Path(path))))


if __name__ == "__main__":
    main(sys.argv[1])
