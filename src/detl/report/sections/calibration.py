"""The section on calibration and operating points."""

import pandas as pd

from detl.evaluation.probabilities.calibration import (
    AS_THEY_ARE,
    CALIBRATION_ERROR,
    SCALED,
)
from detl.evaluation.probabilities.thresholds import SPECIFICITY_TARGET
from detl.report.blocks import Figure, Folded, Paragraph, Section, Table
from detl.report.checks import (
    Check,
    Question,
    Row,
    Status,
    answer,
    judge_above,
    judge_below,
)
from detl.report.inputs import Study
from detl.report.trainings import THESE
from detl.schemas.classes import DATA_B_CLASSES
from detl.wording import (
    class_title,
    in_percent,
    network_title,
    show_measured,
    show_number,
)

SMALL_ERROR, LARGE_ERROR = 0.05, 0.10
"""Expected calibration errors up to which the verdict is pass, and from which fail."""

_POSITIVE = "positive predictive value"

LEAST_SPECIFICITY = 0.90
"""What a threshold frozen at 95 % must keep on test images."""


def section(run: Study) -> Section:
    """Return the section on what the probabilities are worth."""
    measured = _tabulate_calibration(run.table("calibration"))
    is_error = measured["quantity"] == CALIBRATION_ERROR
    errors = measured.loc[is_error, ["network", AS_THEY_ARE, SCALED]]
    return Section(
        "calibration",
        "What the probabilities are worth",
        [
            Paragraph(
                "A temperature per fold divides the logits; it changes no prediction. "
                "It is fitted on the fold's inner validation part, or, where there is "
                "none, on what the other folds' networks say of their own test parts. "
                "The expected calibration error is overstated where images are few."
            ),
            Table(
                errors,
                f"Expected calibration error of the ensembles; 95 % interval {THESE}.",
            ),
            Folded(
                "Brier score, likelihood and differences",
                [Table(measured, "Calibration of the ensembles, every measure.")],
            ),
            Figure(
                run.reliability_picture,
                "Reliability: share of right answers by confidence, before and after "
                "temperature scaling.",
                "Per network, the share of right answers by confidence.",
            ),
        ],
        [_describe_operating_points(run)],
    )


def _describe_operating_points(run: Study) -> Section:
    points = _tabulate_operating_points(run.table("operating_points"))
    covid = points[points["class"] == class_title("covid_19")]
    values = _tabulate_predictive_values(run.table("predictive_values"))
    prevalences, networks = values["prevalence"].unique(), values["network"].unique()
    return Section(
        "operating-points",
        "Operating points and predictive values",
        [
            Table(
                covid.drop(columns=["class", "validation images"]),
                "COVID-19 against the rest, at thresholds frozen without each fold's "
                "test part and applied to it; 95 % interval "
                f"{THESE}.",
            ),
            Table(
                values.pivot(index="prevalence", columns="network", values=_POSITIVE)
                .reindex(index=prevalences, columns=networks)
                .rename_axis(None, axis="columns")
                .reset_index(),
                "Positive predictive value for COVID-19 at its threshold for 95 % "
                "specificity, by the share of COVID-19 among those examined; 95 % "
                f"interval {THESE}.",
            ),
            Folded(
                "Thresholds for every class, and negative predictive values",
                [
                    Table(points, "Sensitivity and specificity over all folds."),
                    Table(values, "Predictive values for COVID-19, by its share."),
                ],
            ),
            Figure(
                run.net_benefit_picture,
                "Net benefit of acting on the network for COVID-19, beside acting on "
                "everyone and on no one.",
                "Curves of net benefit by threshold probability.",
            ),
        ],
    )


def checks(run: Study) -> list[Check]:
    """Return whether the probabilities are calibrated, and the thresholds hold."""
    return [
        answer(CALIBRATION, run.table("calibration"), run.networks),
        answer(OPERATING_POINT, run.table("operating_points"), run.networks),
    ]


def _choose_scaled_error(calibration: pd.DataFrame) -> pd.DataFrame:
    return calibration[
        (calibration["quantity"] == CALIBRATION_ERROR)
        & (calibration["class"].fillna("") == "")
        & (calibration["probabilities"] == SCALED)
    ]


def _explain_error(row: Row, status: Status) -> str:
    return (
        f"{network_title(row['architecture'])}: where it is sure of itself to 90 %, "
        f"expect it to be right in 90 % give or take {in_percent(row['value'])}; on "
        "few images this error is overstated."
    )


CALIBRATION = Question(
    title="Calibration",
    asked="after temperature scaling, confidence and share of right answers differ by "
    f"{in_percent(SMALL_ERROR)} at most (expected calibration error; the interval lies "
    f"up to there, fail where it lies from {in_percent(LARGE_ERROR)})",
    choose=_choose_scaled_error,
    judge=lambda row: judge_below(row, SMALL_ERROR, LARGE_ERROR),
    explain=_explain_error,
)


def _choose_specificity(operating_points: pd.DataFrame) -> pd.DataFrame:
    """Return the specificity of one threshold, and its ``sensitivity`` as a row."""
    chosen = operating_points[
        (operating_points["class"] == "covid_19")
        & (operating_points["target"] == SPECIFICITY_TARGET)
    ]
    found = chosen[chosen["quantity"] == "sensitivity"].to_dict("records")
    kept = chosen[chosen["quantity"] == "specificity"]
    return kept.assign(sensitivity=pd.Series(found, kept.index, dtype="object"))


def _judge_frozen(row: Row) -> Status:
    status = judge_above(row, LEAST_SPECIFICITY)
    # A threshold that calls no image positive has any specificity.
    finds = row["sensitivity"]["low"] > 1 - row["value"]
    return "warn" if status == "pass" and not finds else status


def _show_frozen(row: Row) -> tuple[str, str]:
    """Return the specificity, or the sensitivity if only this prevents a pass."""
    sensitivity = row["sensitivity"]
    keeps = judge_above(row, LEAST_SPECIFICITY) == "pass"
    if keeps and _judge_frozen(row) != "pass" and pd.notna(sensitivity["value"]):
        share, interval = show_number(sensitivity)
        return f"{share} found", interval
    return show_number(row)


def _explain_frozen(row: Row, status: Status) -> str:
    words = {"pass": "keep", "warn": "may not keep", "fail": "do not keep"}
    sensitivity = row["sensitivity"]
    if pd.isna(sensitivity["value"]):
        found = f"their sensitivity for it has no number: {sensitivity['note']}"
    else:
        found = f"their sensitivity for it is {show_measured(sensitivity)}"
    return (
        f"{network_title(row['architecture'])}: the frozen thresholds "
        f"{words[judge_above(row, LEAST_SPECIFICITY)]} this specificity for COVID-19, "
        f"{show_measured(row)}; {found}. They rest on {int(row['validation_images'])} "
        "other images in the smallest fold."
    )


OPERATING_POINT = Question(
    title="Operating point",
    asked="thresholds for COVID-19, frozen at 95 % specificity without the test part, "
    f"keep at least {in_percent(LEAST_SPECIFICITY)} on it, and "
    "find COVID-19 more often than they call others so (the intervals lie above)",
    choose=_choose_specificity,
    judge=_judge_frozen,
    badness=lambda row: -row["value"],
    show=_show_frozen,
    explain=_explain_frozen,
)


def _tabulate_calibration(calibration: pd.DataFrame) -> pd.DataFrame:
    rows = []
    overall = calibration[calibration["class"].fillna("") == ""]
    for (architecture, quantity), of_quantity in overall.groupby(
        ["architecture", "quantity"], sort=False
    ):
        cells = of_quantity.set_index("probabilities").to_dict("index")
        is_share = quantity == CALIBRATION_ERROR
        rows.append(
            {
                "network": network_title(str(architecture)),
                "quantity": quantity,
                **{
                    state: show_measured(cell, is_share)
                    for state, cell in cells.items()
                },
            }
        )
    return pd.DataFrame(rows).fillna("")


def _tabulate_operating_points(operating_points: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for architecture, table in operating_points.groupby("architecture", sort=False):
        for label in DATA_B_CLASSES:
            for target, of_target in table[table["class"] == label].groupby(
                "target", sort=False
            ):
                cells = of_target.set_index("quantity").to_dict("index")
                rows.append(
                    {
                        "network": network_title(str(architecture)),
                        "class": class_title(label),
                        "threshold for": target,
                        **{name: show_measured(cell) for name, cell in cells.items()},
                        "validation images": int(of_target["validation_images"].min()),
                    }
                )
    return pd.DataFrame(rows).fillna("")


def _tabulate_predictive_values(predictive_values: pd.DataFrame) -> pd.DataFrame:
    rows = []
    chosen = predictive_values[
        (predictive_values["class"] == "covid_19")
        & (predictive_values["operating_point"] == SPECIFICITY_TARGET)
    ]
    for architecture, table in chosen.groupby("architecture", sort=False):
        for prevalence, of_one in table.groupby("prevalence", sort=True):
            cells = of_one.set_index("quantity").to_dict("index")
            rows.append(
                {
                    "network": network_title(str(architecture)),
                    "prevalence": f"{100 * float(str(prevalence)):g} %",
                    **{name: show_measured(cell) for name, cell in cells.items()},
                }
            )
    return pd.DataFrame(rows).fillna("")
