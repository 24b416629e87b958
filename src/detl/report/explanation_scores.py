"""The report's section on the explanations' scores, and the verdicts on them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from detl.explanation.localisation import ALL
from detl.report.page import Block, Figure, Paragraph, Section, Table
from detl.report.verdict import (
    RUN_AUDIT,
    Check,
    Row,
    Verdict,
    explain_missing,
    find_worst,
    judge_above,
    name_missing,
)
from detl.wording import (
    METHOD_TITLES,
    in_points,
    interval_in_points,
    network_title,
    show_measured,
    show_number,
)

Tables = Mapping[str, pd.DataFrame]

QUANTITIES = {
    "pointing": "points into the lesion",
    "area": "lesion's share of the picture",
    "iou": "mean IoU",
    "iou_at_0.1": "IoU 0.1",
    "iou_at_0.25": "IoU 0.25",
    "iou_at_0.5": "IoU 0.5",
    "energy_in_region": "energy in the lesion",
    "energy_in_thorax": "energy in the thorax",
}


def _of_grad_cam(table: pd.DataFrame, quantity: str) -> pd.DataFrame:
    chosen = table[(table["method"] == "grad_cam") & (table["quantity"] == quantity)]
    return chosen[chosen["finding"] == ALL] if "finding" in chosen else chosen


def judge_pointing(localisation: Tables) -> Check:
    """Return whether Grad-CAM points into known lesions more often than chance.

    Args:
        localisation: By architecture, table ``localisation``.
    """
    check = "Pointing at lesions"
    asked = (
        "Grad-CAM's maximum lies in the marked lesion more often than a random point "
        "(share of hits minus the lesion's share of the picture; the interval lies "
        "above 0)"
    )

    def choose(table: pd.DataFrame) -> pd.DataFrame:
        return _of_grad_cam(table, "pointing_above_area")

    worst = find_worst(localisation, choose, _judge_gain, lambda row: -row["value"])
    if worst is None:
        return Check.not_computed(check, asked, explain_missing(localisation, choose))
    architecture, row = worst
    hits, area = (
        show_number(_of_grad_cam(localisation[architecture], name).iloc[0].to_dict())[0]
        for name in ("pointing", "area")
    )
    verdict = _judge_gain(row)
    judged = Check(
        check,
        asked,
        f"{in_points(row['value'])} points",
        interval_in_points(row["low"], row["high"]),
        verdict,
        f"{network_title(architecture)} points into the lesion on {hits} of "
        f"{int(row['images'])} images; a random point would on {area}.",
    )
    return judged.beside(name_missing(localisation, choose))


def judge_deletion(deletion: Tables) -> Check:
    """Return whether the pixels that Grad-CAM marks matter to the network.

    Args:
        deletion: By architecture, table ``deletion``.
    """
    check = "Deletion"
    asked = (
        "blurring the pixels that Grad-CAM marks first lowers the probability sooner "
        "than a random order (gain in area; the interval lies above 0)"
    )

    def choose(table: pd.DataFrame) -> pd.DataFrame:
        return _of_grad_cam(table, "deletion_gain")

    worst = find_worst(deletion, choose, _judge_gain, lambda row: -row["value"])
    if worst is None:
        return Check.not_computed(check, asked, explain_missing(deletion, choose))
    architecture, row = worst
    verdict = _judge_gain(row)
    words = {
        "pass": "needs the pixels that its maps mark",
        "warn": "may not need the pixels that its maps mark",
        "fail": "needs other pixels than those that its maps mark",
    }
    judged = Check(
        check,
        asked,
        *show_number(row, is_share=False),
        verdict,
        f"{network_title(architecture)} {words[verdict]}, on {int(row['images'])} "
        "images.",
    )
    return judged.beside(name_missing(deletion, choose))


def _judge_gain(row: Row) -> Verdict:
    return judge_above(row, 0)


def describe_explanation_scores(
    localisation: Tables,
    deletion: Tables,
    regions: Mapping[str, np.ndarray],
    deletion_picture: np.ndarray | None,
    sanity: Section,
) -> Section:
    """Return the section; it says what to run where nothing was computed.

    Args:
        localisation: By architecture, table ``localisation``.
        deletion: By architecture, table ``deletion``.
        regions: By architecture, a picture of lesions and maps.
        deletion_picture: Deletion and insertion, or None.
        sanity: What ``describe_sanity`` returns.
    """
    title = "What the explanations are worth"
    if not localisation:
        text = Paragraph(f"Not computed. {RUN_AUDIT}")
        return Section("explanation-scores", title, [text])
    blocks: list[Block] = [
        Paragraph(
            "Maps of the true class against known lesions: boxes of radiologists where "
            "the images are radiographs, masks where they are phantoms. Each on the "
            "test images of its fold. The thorax is taken to be the centre of the "
            "picture, as no lungs are outlined."
        ),
        Table(_tabulate_localisation(localisation), "All findings, 95 % interval."),
        Table(_tabulate_findings(localisation), "Grad-CAM, by finding."),
        *(
            Figure(
                picture,
                f"{network_title(name)}: the outlined lesion, and the maps of the true "
                "class, each on its own scale; a cross marks the maximum.",
                "Radiographs with an outlined lesion, and heat maps over them.",
            )
            for name, picture in regions.items()
        ),
    ]
    faithful: list[Block] = [
        Paragraph(
            "Deletion replaces the pixels by a blurred copy, those of the highest "
            "evidence first; insertion puts them back. A map that knows what the "
            "network looks at loses the class sooner, and finds it sooner, than a "
            "random order."
        ),
        Table(_tabulate_deletion(deletion), "Areas below the curves, 95 % interval."),
    ]
    if deletion_picture is not None:
        caption = "Probability of the predicted class while pixels are replaced."
        faithful.append(Figure(deletion_picture, caption, caption))
    return Section(
        "explanation-scores",
        title,
        blocks,
        [Section("deletion", "Deletion and insertion", faithful), sanity],
    )


def _tabulate_localisation(localisation: Tables) -> pd.DataFrame:
    rows = []
    for architecture, table in localisation.items():
        overall = table[table["finding"] == ALL]
        for method, part in overall.groupby("method", sort=False):
            cells = part.set_index("quantity").to_dict("index")
            rows.append(
                {
                    "network": network_title(architecture),
                    "method": METHOD_TITLES.get(str(method), str(method)),
                    **{t: show_measured(cells[q]) for q, t in QUANTITIES.items()},
                    "images": int(cells["pointing"]["images"]),
                }
            )
    return pd.DataFrame(rows)


def _tabulate_findings(localisation: Tables) -> pd.DataFrame:
    rows = []
    for architecture, table in localisation.items():
        chosen = table[(table["method"] == "grad_cam") & (table["finding"] != ALL)]
        for finding, part in chosen.groupby("finding", sort=False):
            cells = part.set_index("quantity").to_dict("index")
            rows.append(
                {
                    "network": network_title(architecture),
                    "finding": finding,
                    "points into the lesion": show_measured(cells["pointing"]),
                    "lesion's share of the picture": show_measured(cells["area"]),
                    "images": int(cells["pointing"]["images"]),
                }
            )
    return pd.DataFrame(rows)


def _tabulate_deletion(deletion: Tables) -> pd.DataFrame:
    rows = []
    for architecture, table in deletion.items():
        for method, part in table.groupby("method", sort=False):
            cells = part.set_index("quantity").to_dict("index")
            rows.append(
                {
                    "network": network_title(architecture),
                    "order of": METHOD_TITLES.get(str(method), str(method)),
                    **{
                        str(name).replace("_", " "): show_measured(cell, is_share=False)
                        for name, cell in cells.items()
                    },
                }
            )
    return pd.DataFrame(rows).fillna("")
