"""The report's section on networks that forget, and the verdict on it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from detl.explanation.sanity import OTHER_IMAGE
from detl.explanation.sanity_verdict import (
    FAIL_FROM,
    PASS_AT_MOST,
    judge_randomisation,
)
from detl.report.page import Block, Figure, Paragraph, Section, Table
from detl.report.verdict import RUN_AUDIT, SEVERITY, Check
from detl.wording import METHOD_TITLES, in_percent, network_title, show_measured

Tables = Mapping[str, pd.DataFrame]


def judge_sanity(sanity: Tables) -> Check:
    """Return whether Grad-CAM's maps depend on what was learned.

    Args:
        sanity: By architecture, table ``sanity``.
    """
    check = "Sanity of Grad-CAM"
    asked = (
        "with the last layer drawn anew the map keeps at most "
        f"{in_percent(PASS_AT_MOST)} of its likeness, beyond what maps of different "
        f"images share (fail from {in_percent(FAIL_FROM)}); guided backpropagation, "
        "the control, must fail"
    )
    judged = {
        name: judge_randomisation(table)
        .set_index("method")
        .to_dict("index")["grad_cam"]
        for name, table in sanity.items()
        if (table["method"] == "grad_cam").any()
    }
    measured = {name: row for name, row in judged.items() if row["verdict"]}
    if not measured:
        reasons = [str(row["note"]) for row in judged.values()]
        reason = f"{reasons[0][:1].upper()}{reasons[0][1:]}." if reasons else RUN_AUDIT
        return Check.not_computed(check, asked, reason)
    name, row = max(
        measured.items(),
        key=lambda named: (
            SEVERITY.index(named[1]["verdict"]),
            named[1]["retained"],
        ),
    )
    words = {
        "pass": "follow what the network has learned",
        "warn": "follow in part what was not learned",
        "fail": "do not depend on what was learned",
    }
    said = words[row["verdict"]]
    if row["note"]:
        # The number passes, and the verdict is about the control.
        said = f"{words['pass']}, but {row['note']}"
    judged_worst = Check(
        check,
        asked,
        f"{in_percent(row['retained'])} kept",
        "",
        row["verdict"],
        f"{network_title(name)}'s maps {said}.",
    )
    missing = [network_title(other) for other in judged if other not in measured]
    return judged_worst.beside(missing)


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
            "test can be seen to tell. Of the network of the first fold. Kept is what "
            "is left of the likeness to the trained network's map, 0 % being that of "
            "maps of different images."
        ),
        Table(
            _tabulate(sanity),
            "Likeness of the maps without the last layer, 95 % interval, and verdict.",
        ),
    ]
    if picture is not None:
        caption = "How alike maps stay while the network forgets, from left to right."
        blocks.append(Figure(picture, caption, caption))
    return Section("sanity", title, blocks)


def _tabulate(sanity: Tables) -> pd.DataFrame:
    rows = []
    for architecture, table in sanity.items():
        verdicts = judge_randomisation(table).set_index("method")
        for method, of_method in table.groupby("method", sort=False):
            judged = verdicts.loc[method]
            step = of_method[of_method["layer"] == judged["layer"]]
            others = of_method[of_method["layer"] == OTHER_IMAGE]
            kept = judged["retained"]
            rows.append(
                {
                    "network": network_title(architecture),
                    "method": METHOD_TITLES.get(str(method), str(method)),
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
