"""The description of a run in a few lines of Markdown."""

import pandas as pd

from detl.report.abstract import write_abstract
from detl.report.inputs import Run
from detl.report.verdict import count_verdicts


def write_description(run: Run, audit_verdict: pd.DataFrame) -> str:
    """Return the verdict, the abstract of the report, and the command, as Markdown.

    Args:
        run: What the report shows.
        audit_verdict: Table ``audit_verdict``.
    """
    failed = audit_verdict.loc[audit_verdict["verdict"] == "fail", "check"]
    fails = f" Failed: {', '.join(failed)}." if len(failed) else ""
    return "\n\n".join(
        [
            f"**Can the figures be believed?** Of {len(audit_verdict)} checks: "
            f"{count_verdicts(audit_verdict)}.{fails}",
            write_abstract(run),
            f"`{run.provenance['command']}`; the artifact `report.html` shows all.",
        ]
    )
