import pandas as pd

from detl.report.abstract import write_abstract
from detl.report.description import write_description
from made_run import make_run

VERDICT = pd.DataFrame(
    {
        "check": ["Leaks", "Accuracy", "Deletion", "Calibration"],
        "verdict": ["pass", "fail", "not computed", "fail"],
    }
)


def test_the_description_begins_with_the_verdict_and_names_what_failed():
    first = write_description(make_run(), VERDICT).splitlines()[0]

    assert first == (
        "**Can the figures be believed?** Of 4 checks: 1 pass, 0 warn, 2 fail, "
        "1 not computed. Failed: Accuracy, Calibration."
    )


def test_where_nothing_failed_nothing_is_named():
    passed = VERDICT.assign(verdict="pass")

    assert "Failed" not in write_description(make_run(), passed)


def test_the_description_has_the_abstract_and_the_command():
    run = make_run()

    text = write_description(run, VERDICT)

    assert write_abstract(run) in text
    assert f"`{run.provenance['command']}`" in text
