"""Whether an arm of the ablation differs from the reference."""

from collections.abc import Hashable, Mapping
from typing import Any, Literal, TypeAlias

import pandas as pd

from detl.report.checks import LEVEL

ArmVerdict: TypeAlias = Literal[
    "better", "worse", "alike", "not tested", "not compared", "not run"
]


def judge_arms(arms: pd.DataFrame) -> pd.Series:
    """Return the verdict on each arm, with the index of the table.

    ``better`` or ``worse`` is an arm that differs from the reference by its interval
    and by its test; ``alike`` one that cannot be told from it; ``not tested`` one whose
    difference is the same in every fold; ``not compared`` the reference itself, and all
    arms where it was not run.

    Args:
        arms: Rows of table ``ablation``.
    """
    verdicts = [_judge_arm(arm) for arm in arms.to_dict("records")]
    return pd.Series(verdicts, arms.index, dtype=object)


def _judge_arm(arm: Mapping[Hashable, Any]) -> ArmVerdict:
    """Return the verdict on an arm.

    The interval is over patients and trainings, the test over the folds, which were
    trained on other images: what only one of the two holds is not established.
    """
    if pd.isna(arm["accuracy"]):
        return "not run"
    if pd.isna(arm["p_holm"]):
        return "not compared" if pd.isna(arm["difference"]) else "not tested"
    excludes_0 = arm["difference_low"] > 0 or arm["difference_high"] < 0
    if not (excludes_0 and arm["p_holm"] < LEVEL):
        return "alike"
    return "better" if arm["difference"] > 0 else "worse"
