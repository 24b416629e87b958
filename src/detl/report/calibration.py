"""The report's section on calibration and operating points, and their verdicts."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from detl.evaluation.probabilities.calibration import CALIBRATION_ERROR, SCALED
from detl.evaluation.probabilities.thresholds import SPECIFICITY_TARGET
from detl.report.page import Block, Figure, Paragraph, Section, Table
from detl.report.verdict import (
    Check,
    Row,
    Verdict,
    find_worst,
    first_note,
    judge_above,
    judge_below,
    name_missing,
)
from detl.schemas.classes import DATA_B_CLASSES
from detl.wording import (
    class_title,
    in_percent,
    network_title,
    show_measured,
    show_number,
)

Tables = Mapping[str, pd.DataFrame]

SMALL_ERROR, LARGE_ERROR = 0.05, 0.10
"""Expected calibration errors up to which the verdict is pass, and from which fail."""

LEAST_SPECIFICITY = 0.90
"""What a threshold frozen at 95 % must keep on test images."""


def _scaled_error(table: pd.DataFrame) -> pd.DataFrame:
    return table[
        (table["quantity"] == CALIBRATION_ERROR)
        & (table["class"].fillna("") == "")
        & (table["probabilities"] == SCALED)
    ]


def judge_calibration(calibration: Tables) -> Check:
    """Return whether the probabilities mean what they say.

    Args:
        calibration: By architecture, table ``calibration``.
    """
    check = "Calibration"
    asked = (
        "after temperature scaling, confidence and share of right answers differ by "
        f"{in_percent(SMALL_ERROR)} at most (expected calibration error; the interval "
        f"lies up to there, fail where it lies from {in_percent(LARGE_ERROR)})"
    )

    def judge(row: Row) -> Verdict:
        return judge_below(row, SMALL_ERROR, LARGE_ERROR)

    worst = find_worst(calibration, _scaled_error, judge, lambda row: row["value"])
    if worst is None:
        reason = first_note(calibration, _scaled_error)
        return Check.not_computed(check, asked, f"Nothing was measured: {reason}.")
    architecture, row = worst
    value = float(row["value"])
    verdict = judge(row)
    judged = Check(
        check,
        asked,
        *show_number(row),
        verdict,
        f"{network_title(architecture)}: where it is sure of itself to 90 %, expect it "
        f"to be right in 90 % give or take {in_percent(value)}; on few images this "
        "error is overstated.",
    )
    return judged.beside(name_missing(calibration, _scaled_error))


def judge_operating_point(operating_points: Tables) -> Check:
    """Return whether a threshold that was frozen keeps its specificity on test images.

    Args:
        operating_points: By architecture, table ``operating_points``.
    """
    check = "Operating point"
    asked = (
        "thresholds for COVID-19, frozen on the inner validation part at 95 % "
        f"specificity, keep at least {in_percent(LEAST_SPECIFICITY)} on the test part, "
        "and find COVID-19 more often than they call others so (the intervals lie "
        "above)"
    )
    worst = find_worst(
        operating_points,
        _choose_specificity,
        _judge_frozen,
        lambda row: -row["value"],
    )
    if worst is None:
        reason = first_note(operating_points, _choose_specificity)
        return Check.not_computed(check, asked, f"Nothing was measured: {reason}.")
    architecture, row = worst
    verdict = _judge_frozen(row)
    words = {"pass": "keep", "warn": "may not keep", "fail": "do not keep"}
    keeps = judge_above(row, LEAST_SPECIFICITY)
    number, sensitivity = show_number(row), row["sensitivity"]
    if pd.isna(sensitivity["value"]):
        found = f"their sensitivity for it has no number: {sensitivity['note']}"
    else:
        found = f"their sensitivity for it is {show_measured(sensitivity)}"
        # Shown is what is judged: where the specificity is kept, what is found.
        if keeps == "pass" and verdict != "pass":
            share, interval = show_number(sensitivity)
            number = f"{share} found", interval
    judged = Check(
        check,
        asked,
        *number,
        verdict,
        f"{network_title(architecture)}: the frozen thresholds {words[keeps]} this "
        f"specificity for COVID-19, {show_measured(row)}; {found}. They rest on "
        f"{int(row['validation_images'])} validation images in the smallest fold.",
    )
    return judged.beside(name_missing(operating_points, _choose_specificity))


def _choose_specificity(table: pd.DataFrame) -> pd.DataFrame:
    """Return the specificity of the threshold for it, with its sensitivity beside."""
    chosen = table[
        (table["class"] == "covid_19") & (table["target"] == SPECIFICITY_TARGET)
    ]
    found = chosen[chosen["quantity"] == "sensitivity"].to_dict("records")
    kept = chosen[chosen["quantity"] == "specificity"]
    return kept.assign(sensitivity=pd.Series(found, kept.index, dtype="object"))


def _judge_frozen(row: Row) -> Verdict:
    verdict = judge_above(row, LEAST_SPECIFICITY)
    # A threshold that calls no image positive keeps any specificity.
    finds = row["sensitivity"]["low"] > 1 - row["value"]
    return "warn" if verdict == "pass" and not finds else verdict


def describe_calibration(
    calibration: Tables,
    operating_points: Tables,
    predictive_values: Tables,
    reliability_picture: np.ndarray | None,
    net_benefit_picture: np.ndarray | None,
) -> Section:
    """Return the section on what the probabilities are worth.

    Args:
        calibration: By architecture, table ``calibration``.
        operating_points: By architecture, table ``operating_points``.
        predictive_values: By architecture, table ``predictive_values``.
        reliability_picture: Reliability diagrams, or None.
        net_benefit_picture: Curves of the net benefit, or None.
    """
    figures: list[Block] = []
    if reliability_picture is not None:
        figures.append(
            Figure(
                reliability_picture,
                "Reliability: share of right answers by confidence, before and after "
                "temperature scaling.",
                "Per network, the share of right answers by confidence.",
            )
        )
    decisions: list[Block] = [
        Table(
            _tabulate_operating_points(operating_points),
            "Thresholds frozen on each fold's inner validation part, applied to its "
            "test part; sensitivity and specificity over all folds, 95 % interval.",
        ),
        Table(
            _tabulate_predictive_values(predictive_values),
            "COVID-19 at its threshold for 95 % specificity: positive and negative "
            "predictive value by the share of COVID-19 among those examined.",
        ),
    ]
    if net_benefit_picture is not None:
        decisions.append(
            Figure(
                net_benefit_picture,
                "Net benefit of acting on the network for COVID-19, beside acting on "
                "everyone and on no one.",
                "Curves of net benefit by threshold probability.",
            )
        )
    return Section(
        "calibration",
        "What the probabilities are worth",
        [
            Paragraph(
                "A temperature per fold, fitted on its inner validation part alone, "
                "divides the logits; it changes no prediction. The expected "
                "calibration error is overstated where images are few."
            ),
            Table(_tabulate_calibration(calibration), "Calibration, 95 % interval."),
            *figures,
        ],
        [
            Section(
                "operating-points", "Operating points and predictive values", decisions
            )
        ],
    )


def _tabulate_calibration(calibration: Tables) -> pd.DataFrame:
    rows = []
    for architecture, table in calibration.items():
        overall = table[table["class"].fillna("") == ""]
        for quantity, of_quantity in overall.groupby("quantity", sort=False):
            cells = of_quantity.set_index("probabilities").to_dict("index")
            is_share = quantity == CALIBRATION_ERROR
            rows.append(
                {
                    "network": network_title(architecture),
                    "quantity": quantity,
                    **{
                        state: show_measured(cell, is_share)
                        for state, cell in cells.items()
                    },
                }
            )
    return pd.DataFrame(rows).fillna("")


def _tabulate_operating_points(operating_points: Tables) -> pd.DataFrame:
    rows = []
    for architecture, table in operating_points.items():
        for label in DATA_B_CLASSES:
            for target, of_target in table[table["class"] == label].groupby(
                "target", sort=False
            ):
                cells = of_target.set_index("quantity").to_dict("index")
                rows.append(
                    {
                        "network": network_title(architecture),
                        "class": class_title(label),
                        "threshold for": target,
                        **{name: show_measured(cell) for name, cell in cells.items()},
                        "validation images": int(of_target["validation_images"].min()),
                    }
                )
    return pd.DataFrame(rows).fillna("")


def _tabulate_predictive_values(predictive_values: Tables) -> pd.DataFrame:
    rows = []
    for architecture, table in predictive_values.items():
        chosen = table[
            (table["class"] == "covid_19")
            & (table["operating_point"] == SPECIFICITY_TARGET)
        ]
        for prevalence, of_one in chosen.groupby("prevalence", sort=True):
            cells = of_one.set_index("quantity").to_dict("index")
            rows.append(
                {
                    "network": network_title(architecture),
                    "prevalence": f"{100 * float(str(prevalence)):g} %",
                    **{name: show_measured(cell) for name, cell in cells.items()},
                }
            )
    return pd.DataFrame(rows).fillna("")
