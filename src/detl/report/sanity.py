"""The report's section on networks that forget, and the verdict on it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from detl.explanation.sanity import GUIDED, OTHER_IMAGE
from detl.report.page import Block, Figure, Paragraph, Section, Table
from detl.report.verdict import RUN_AUDIT, Check, explain_missing, find_worst
from detl.report.wording import network_title, show_measured, show_number

Tables = Mapping[str, pd.DataFrame]

TITLES = {
    "grad_cam": "Grad-CAM",
    "grad_cam_plus_plus": "Grad-CAM++",
    "hires_cam": "HiResCAM",
    GUIDED: "guided backpropagation",
}

CHANGED, UNCHANGED = 0.5, 0.8
"""Rank correlations up to which a map has changed, and from which it has not."""


def choose_step(table: pd.DataFrame, method: str, place: int) -> pd.DataFrame:
    """Return the rank correlation after some layers were randomised, one row.

    Args:
        table: Table ``sanity`` of an architecture.
        method: Name of the method.
        place: 0 for the last layer alone, -1 for all layers that the method sees.
    """
    steps = table[
        (table["method"] == method)
        & (table["similarity"] == "rank_correlation")
        & (table["layer"] != OTHER_IMAGE)
    ]
    return steps.iloc[[place]] if len(steps) else steps


def judge_sanity(sanity: Tables) -> Check:
    """Return whether Grad-CAM's maps depend on what was learned.

    Args:
        sanity: By architecture, table ``sanity``.
    """
    check = "Sanity of Grad-CAM"
    asked = (
        "with the weights of the whole tail drawn anew the map is another one (rank "
        f"correlation with the trained network's map below {CHANGED}, its interval "
        f"too; fail where it lies above {UNCHANGED})"
    )

    def choose(table: pd.DataFrame) -> pd.DataFrame:
        return choose_step(table, "grad_cam", -1)

    worst = find_worst(sanity, choose, lambda row: row["value"])
    if worst is None:
        return Check.not_computed(check, asked, explain_missing(sanity, choose))
    architecture, row = worst
    if row["high"] < CHANGED:
        verdict, words = "pass", "follow what the network has learned"
    elif row["low"] <= UNCHANGED:
        verdict, words = "warn", "follow in part what was not learned"
    else:
        verdict, words = "fail", "do not depend on what was learned"
    control = choose_step(sanity[architecture], GUIDED, 0)
    told = ""
    if len(control) and pd.notna(control.iloc[0]["value"]):
        told = (
            " Guided backpropagation, the control that should fail, keeps "
            f"{show_number(control.iloc[0].to_dict(), is_share=False)[0]} without the "
            "last layer."
        )
    return Check(
        check,
        asked,
        *show_number(row.to_dict(), is_share=False),
        verdict,
        f"{network_title(architecture)}'s maps {words}.{told}",
    )


def describe_sanity(sanity: Tables, picture: np.ndarray | None) -> Section:
    """Return the section on networks that forget.

    Args:
        sanity: By architecture, table ``sanity``.
        picture: Of the randomisation test, or None.
    """
    title = "Networks that forget"
    if not sanity:
        return Section("sanity", title, [Paragraph(f"Not computed. {RUN_AUDIT}")])
    blocks: list[Block] = [
        Paragraph(
            "Weights are drawn anew from the last layer down (Adebayo et al. 2018). A "
            "map that depends on what was learned must change; guided backpropagation "
            "is known to keep its maps, and stands here as the control by which the "
            "test can be seen to tell. Of the network of the first fold."
        ),
        Table(
            _tabulate(sanity),
            "Rank correlation with the trained network's map, 95 % interval.",
        ),
    ]
    if picture is not None:
        caption = "How alike maps stay while the network forgets, from left to right."
        blocks.append(Figure(picture, caption, caption))
    return Section("sanity", title, blocks)


def _tabulate(sanity: Tables) -> pd.DataFrame:
    rows = []
    for architecture, table in sanity.items():
        for method, title in TITLES.items():
            of_method = table[
                (table["method"] == method)
                & (table["similarity"] == "rank_correlation")
            ]
            others = of_method[of_method["layer"] == OTHER_IMAGE]
            cells = {
                "last layer random": choose_step(table, method, 0),
                "all that it sees random": choose_step(table, method, -1),
                "maps of different images": others,
            }
            rows.append(
                {
                    "network": network_title(architecture),
                    "method": title,
                    **{
                        name: show_measured(
                            found.fillna({"note": ""}).iloc[0].to_dict(), is_share=False
                        )
                        for name, found in cells.items()
                        if len(found)
                    },
                }
            )
    return pd.DataFrame(rows).fillna("")
