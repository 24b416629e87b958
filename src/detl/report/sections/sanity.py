"""The part of the section on explanations about networks with random weights."""

import pandas as pd

from detl.explanation.retained_likeness import measure_retained
from detl.explanation.sanity import GUIDED, OTHER_IMAGE
from detl.report.blocks import Block, Figure, Paragraph, Section, Table
from detl.report.checks import RUN_AUDIT, Check, Question, Row, Status, answer
from detl.report.inputs import Run
from detl.report.trainings import THESE
from detl.wording import METHOD_TITLES, in_percent, network_title, show_measured

PASS_AT_MOST = 0.25
"""Of its likeness a map may keep, for a pass."""

FAIL_FROM = 0.5
"""Of its likeness a map keeps, for a fail."""


def section(run: Run) -> Section:
    """Return the section, or what to run if nothing was computed."""
    title, sanity = "Networks that forget", run.table("sanity")
    if sanity is None:
        return Section("sanity", title, [Paragraph(f"Not computed. {RUN_AUDIT}")])
    blocks: list[Block] = [
        Paragraph(
            "Weights are drawn anew from the last layer down (Adebayo et al. 2018). A "
            "map that depends on what was learned must change; guided backpropagation "
            "is known to keep its maps, and stands here as the control by which the "
            "test can be seen to tell. Of the network of the first fold. Kept is what "
            "is left of the likeness to the trained network's map, 0 % being that of "
            "maps of different images."
        ),
        Table(
            _tabulate(sanity),
            f"Likeness of the maps without the last layer, 95 % interval {THESE}, and "
            "verdict.",
        ),
    ]
    if run.sanity_picture is not None:
        caption = "How alike maps stay while the network forgets, from left to right."
        blocks.append(Figure(run.sanity_picture, caption, caption))
    return Section("sanity", title, blocks)


def checks(run: Run) -> list[Check]:
    """Return whether Grad-CAM's maps depend on what was learned."""
    return [answer(SANITY, run.table("sanity"), run.networks)]


def _measure_networks(sanity: pd.DataFrame) -> pd.DataFrame:
    """Return what each network and method keeps, and whether the control fails."""
    tables = []
    for architecture, of_network in sanity.groupby("architecture", sort=False):
        kept = measure_retained(of_network).rename(columns={"retained": "value"})
        control = kept.loc[kept["method"] == GUIDED, "value"]
        fails = list(control >= FAIL_FROM) == [True]
        tables.append(kept.assign(architecture=architecture, control_fails=fails))
    return pd.concat(tables, ignore_index=True)


def _choose_grad_cam(sanity: pd.DataFrame) -> pd.DataFrame:
    kept = _measure_networks(sanity)
    return kept[kept["method"] == "grad_cam"]


def _judge(row: Row) -> Status:
    """Return the verdict on one method of a network.

    If the control, guided backpropagation, does not fail, the test cannot find a fault,
    and no other method passes.
    """
    if row["value"] > PASS_AT_MOST:
        return "fail" if row["value"] >= FAIL_FROM else "warn"
    return "pass" if row["control_fails"] or row["method"] == GUIDED else "warn"


def _explain(row: Row, status: Status) -> str:
    words = {
        "pass": "follow what the network has learned",
        "warn": "follow in part what was not learned",
        "fail": "do not depend on what was learned",
    }
    said = words[status]
    if status == "warn" and row["value"] <= PASS_AT_MOST:
        said = f"{words['pass']}, but the control did not fail"
    return f"{network_title(row['architecture'])}'s maps {said}."


SANITY = Question(
    title="Sanity of Grad-CAM",
    asked="with the last layer drawn anew the map keeps at most "
    f"{in_percent(PASS_AT_MOST)} of its likeness, beyond what maps of different images "
    f"share (fail from {in_percent(FAIL_FROM)}); guided backpropagation, the control, "
    "must fail",
    choose=_choose_grad_cam,
    judge=_judge,
    show=lambda row: (f"{in_percent(row['value'])} kept", ""),
    explain=_explain,
)


def _tabulate(sanity: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for kept in _measure_networks(sanity).to_dict("records"):
        of_method = sanity[
            (sanity["architecture"] == kept["architecture"])
            & (sanity["method"] == kept["method"])
        ]
        step = of_method[of_method["layer"] == kept["layer"]]
        others = of_method[of_method["layer"] == OTHER_IMAGE]
        is_missing = pd.isna(kept["value"])
        rows.append(
            {
                "network": network_title(kept["architecture"]),
                "method": METHOD_TITLES.get(kept["method"], kept["method"]),
                "rank correlation": _show(step, "rank_correlation"),
                "SSIM": _show(step, "ssim"),
                "of different images": _show(others, "rank_correlation"),
                "kept": "" if is_missing else in_percent(kept["value"]),
                "verdict": kept["note"] if is_missing else _judge(kept),
            }
        )
    return pd.DataFrame(rows)


def _show(table: pd.DataFrame, similarity: str) -> str:
    chosen = table[table["similarity"] == similarity].fillna({"note": ""})
    return show_measured(chosen.iloc[0].to_dict(), is_share=False)
