import pandas as pd

from detl.report.abstract import write_abstract
from detl.report.description import write_description
from detl.report.verdict import summarise_verdict
from detl.wording import in_percent, interval_in_percent
from made_run import make_run

VERDICT = pd.DataFrame(
    {
        "check": ["Leaks", "Accuracy", "Deletion", "Calibration"],
        "verdict": ["pass", "fail", "not computed", "fail"],
    }
)


def test_the_description_begins_with_the_verdict_of_the_page():
    run = make_run()

    first = write_description(run, VERDICT).splitlines()[0]

    assert first == (
        f"**Can the figures be believed?** {summarise_verdict(VERDICT, run)}"
    )
    assert "Accuracy and Calibration" in first


def test_the_description_has_every_networks_accuracy_with_its_interval():
    run = make_run()

    text = write_description(run, VERDICT)

    for result in run.results.values():
        assert in_percent(result["accuracy"]) in text
        ends = result["accuracy_low"], result["accuracy_high"]
        assert interval_in_percent(*ends) in text


def test_the_description_has_the_abstract_and_the_command():
    run = make_run()

    text = write_description(run, VERDICT)

    assert write_abstract(run) in text
    assert f"`{run.provenance['command']}`" in text
