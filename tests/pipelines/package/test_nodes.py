"""What is packed for use."""

import pandas as pd

from detl.pipelines.package.nodes import name_warnings


def _verdict(*verdicts):
    checks = [f"Check {number}" for number, _ in enumerate(verdicts)]
    return pd.DataFrame({"check": checks, "verdict": verdicts})


def test_where_all_is_well_nothing_is_warned_of():
    assert name_warnings(False, _verdict("pass", "warn")) == []


def test_phantoms_failed_checks_and_missing_ones_are_warned_of():
    warnings = name_warnings(True, _verdict("pass", "fail", "not computed", "fail"))

    assert "synthetic" in warnings[0]
    assert warnings[1] == "The audit fails: Check 1, Check 3."
    assert warnings[2] == "1 of 4 checks of the audit were not computed."
