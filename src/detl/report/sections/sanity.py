"""The part of the section on explanations about networks with random weights."""

import pandas as pd

from detl.explanation.sanity import OTHER_IMAGE
from detl.explanation.sanity_verdict import (
    FAIL_FROM,
    PASS_AT_MOST,
    judge_randomisation,
)
from detl.report.blocks import Block, Figure, Paragraph, Section, Table
from detl.report.checks import RUN_AUDIT, Check, Question, Row, Status, answer
from detl.report.inputs import Run
from detl.report.trainings import THESE
from detl.wording import METHOD_TITLES, in_percent, network_title, show_measured


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


def _judge_networks(sanity: pd.DataFrame) -> pd.DataFrame:
    """Return the verdict on each network and method."""
    return pd.concat(
        [
            judge_randomisation(table).assign(architecture=architecture)
            for architecture, table in sanity.groupby("architecture", sort=False)
        ],
        ignore_index=True,
    )


def _choose_grad_cam(sanity: pd.DataFrame) -> pd.DataFrame:
    verdicts = _judge_networks(sanity)
    return verdicts[verdicts["method"] == "grad_cam"].rename(
        columns={"retained": "value"}
    )


def _explain(row: Row, status: Status) -> str:
    words = {
        "pass": "follow what the network has learned",
        "warn": "follow in part what was not learned",
        "fail": "do not depend on what was learned",
    }
    # A note means that the number passes, and the control does not fail.
    said = f"{words['pass']}, but {row['note']}" if row["note"] else words[status]
    return f"{network_title(row['architecture'])}'s maps {said}."


SANITY = Question(
    title="Sanity of Grad-CAM",
    asked="with the last layer drawn anew the map keeps at most "
    f"{in_percent(PASS_AT_MOST)} of its likeness, beyond what maps of different images "
    f"share (fail from {in_percent(FAIL_FROM)}); guided backpropagation, the control, "
    "must fail",
    choose=_choose_grad_cam,
    judge=lambda row: row["verdict"],
    show=lambda row: (f"{in_percent(row['value'])} kept", ""),
    explain=_explain,
)


def _tabulate(sanity: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for judged in _judge_networks(sanity).to_dict("records"):
        of_method = sanity[
            (sanity["architecture"] == judged["architecture"])
            & (sanity["method"] == judged["method"])
        ]
        step = of_method[of_method["layer"] == judged["layer"]]
        others = of_method[of_method["layer"] == OTHER_IMAGE]
        kept = judged["retained"]
        rows.append(
            {
                "network": network_title(judged["architecture"]),
                "method": METHOD_TITLES.get(judged["method"], judged["method"]),
                "rank correlation": _show(step, "rank_correlation"),
                "SSIM": _show(step, "ssim"),
                "of different images": _show(others, "rank_correlation"),
                "kept": "" if pd.isna(kept) else in_percent(kept),
                "verdict": judged["verdict"] or judged["note"],
            }
        )
    return pd.DataFrame(rows)


def _show(table: pd.DataFrame, similarity: str) -> str:
    chosen = table[table["similarity"] == similarity].fillna({"note": ""})
    return show_measured(chosen.iloc[0].to_dict(), is_share=False)
