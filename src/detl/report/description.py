"""The description of a run in a few lines of Markdown."""

import pandas as pd

from detl.report.abstract import write_abstract
from detl.report.inputs import Run
from detl.report.trainings import name_held
from detl.report.verdict import summarise_verdict
from detl.wording import (
    enumerate_names,
    in_percent,
    interval_in_percent,
    network_title,
)


def write_description(run: Run, audit_verdict: pd.DataFrame) -> str:
    """Return verdict, accuracies, the report's abstract and the command, as Markdown.

    Args:
        run: What the report shows.
        audit_verdict: Table ``audit_verdict``.
    """
    accuracies = enumerate_names(
        [
            f"{network_title(name)} {in_percent(result['accuracy'])} "
            f"({interval_in_percent(result['accuracy_low'], result['accuracy_high'])})"
            for name, result in run.results.items()
        ]
    )
    return "\n\n".join(
        [
            f"**Can the figures be believed?** {summarise_verdict(audit_verdict, run)}",
            f"**Accuracy**, 95 % interval over {name_held(run)}: {accuracies}.",
            write_abstract(run),
            f"`{run.provenance['command']}`; the artifact `report.html` shows all.",
        ]
    )
