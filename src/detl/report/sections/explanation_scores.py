"""The section on what the explanations are worth."""

import pandas as pd

from detl.explanation.localisation import ALL
from detl.report.blocks import Block, Figure, Paragraph, Section, Table
from detl.report.checks import (
    RUN_AUDIT,
    RUN_LESIONS,
    Check,
    Question,
    Row,
    Status,
    answer,
    judge_above,
)
from detl.report.inputs import Run
from detl.report.sections import sanity
from detl.report.trainings import THESE
from detl.wording import (
    METHOD_TITLES,
    in_percent,
    in_points,
    interval_in_points,
    network_title,
    show_measured,
    show_number,
)

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


def section(run: Run) -> Section:
    """Return the section, or what to run if nothing was computed."""
    title = "What the explanations are worth"
    localisation = run.table("localisation")
    if localisation is None:
        text = Paragraph(f"Not computed. {RUN_LESIONS}")
        return Section("explanation-scores", title, [text])
    blocks: list[Block] = [
        Paragraph(
            "Maps of the true class against known lesions: boxes of radiologists where "
            "the images are radiographs, masks where they are phantoms. Each on the "
            "test images of its fold. The thorax is taken to be the centre of the "
            "picture, as no lungs are outlined."
        ),
        Table(
            _tabulate_localisation(localisation),
            f"All findings, 95 % interval {THESE}.",
        ),
        Table(
            _tabulate_findings(localisation),
            f"Grad-CAM, by finding, 95 % interval {THESE}.",
        ),
        *(
            Figure(
                network.regions,
                f"{network_title(name)}: the outlined lesion, and the maps of the true "
                "class, each on its own scale; a cross marks the maximum.",
                "Radiographs with an outlined lesion, and heat maps over them.",
            )
            for name, network in run.networks.items()
            if network.regions is not None
        ),
    ]
    below = [_describe_deletion(run), sanity.section(run)]
    return Section("explanation-scores", title, blocks, below)


def _describe_deletion(run: Run) -> Section:
    blocks: list[Block] = [
        Paragraph(
            "Deletion replaces the pixels by a blurred copy, those of the highest "
            "evidence first; insertion puts them back. A map that knows what the "
            "network looks at loses the class sooner, and finds it sooner, than a "
            "random order."
        )
    ]
    deletion = run.table("deletion")
    if deletion is None:
        blocks.append(Paragraph(f"Not computed. {RUN_AUDIT}"))
    else:
        caption = "Areas below the curves, 95 % interval."
        blocks.append(Table(_tabulate_deletion(deletion), caption))
    if run.deletion_picture is not None:
        caption = "Probability of the predicted class while pixels are replaced."
        blocks.append(Figure(run.deletion_picture, caption, caption))
    return Section("deletion", "Deletion and insertion", blocks)


def checks(run: Run) -> list[Check]:
    """Return whether the maps show the lesions, and what the network uses."""
    return [
        answer(POINTING, run.table("localisation"), run.networks),
        answer(DELETION, run.table("deletion"), run.networks),
        *sanity.checks(run),
    ]


def _judge_gain(row: Row) -> Status:
    return judge_above(row, 0)


def _choose_pointing(localisation: pd.DataFrame) -> pd.DataFrame:
    """Return the gain over a random point, with ``hits`` and ``area`` as shares."""
    chosen = localisation[
        (localisation["method"] == "grad_cam") & (localisation["finding"] == ALL)
    ]
    values = chosen.pivot(index="architecture", columns="quantity", values="value")
    gains = chosen[chosen["quantity"] == "pointing_above_area"]
    shares = values.loc[gains["architecture"]]
    return gains.assign(
        hits=shares["pointing"].to_numpy(), area=shares["area"].to_numpy()
    )


def _show_gain(row: Row) -> tuple[str, str]:
    interval = interval_in_points(row["low"], row["high"])
    return f"{in_points(row['value'])} points", interval


def _explain_pointing(row: Row, status: Status) -> str:
    return (
        f"{network_title(row['architecture'])} points into the lesion on "
        f"{in_percent(row['hits'])} of {int(row['images'])} images; a random point "
        f"would on {in_percent(row['area'])}."
    )


POINTING = Question(
    title="Pointing at lesions",
    asked="Grad-CAM's maximum lies in the marked lesion more often than a random point "
    "(share of hits minus the lesion's share of the picture; the interval lies above "
    "0)",
    choose=_choose_pointing,
    judge=_judge_gain,
    badness=lambda row: -row["value"],
    show=_show_gain,
    explain=_explain_pointing,
    command=RUN_LESIONS,
)


def _explain_deletion(row: Row, status: Status) -> str:
    words = {
        "pass": "needs the pixels that its maps mark",
        "warn": "may not need the pixels that its maps mark",
        "fail": "needs other pixels than those that its maps mark",
    }
    return (
        f"{network_title(row['architecture'])} {words[status]}, on "
        f"{int(row['images'])} images."
    )


DELETION = Question(
    title="Deletion",
    asked="blurring the pixels that Grad-CAM marks first lowers the probability sooner "
    "than a random order (gain in area; the interval lies above 0)",
    choose=lambda deletion: deletion[
        (deletion["method"] == "grad_cam") & (deletion["quantity"] == "deletion_gain")
    ],
    judge=_judge_gain,
    badness=lambda row: -row["value"],
    show=lambda row: show_number(row, is_share=False),
    explain=_explain_deletion,
)


def _tabulate_localisation(localisation: pd.DataFrame) -> pd.DataFrame:
    rows = []
    overall = localisation[localisation["finding"] == ALL]
    for (architecture, method), part in overall.groupby(
        ["architecture", "method"], sort=False
    ):
        cells = part.set_index("quantity").to_dict("index")
        rows.append(
            {
                "network": network_title(str(architecture)),
                "method": METHOD_TITLES.get(str(method), str(method)),
                **{t: show_measured(cells[q]) for q, t in QUANTITIES.items()},
                "images": int(cells["pointing"]["images"]),
            }
        )
    return pd.DataFrame(rows)


def _tabulate_findings(localisation: pd.DataFrame) -> pd.DataFrame:
    rows = []
    chosen = localisation[
        (localisation["method"] == "grad_cam") & (localisation["finding"] != ALL)
    ]
    for (architecture, finding), part in chosen.groupby(
        ["architecture", "finding"], sort=False
    ):
        cells = part.set_index("quantity").to_dict("index")
        rows.append(
            {
                "network": network_title(str(architecture)),
                "finding": finding,
                "points into the lesion": show_measured(cells["pointing"]),
                "lesion's share of the picture": show_measured(cells["area"]),
                "images": int(cells["pointing"]["images"]),
            }
        )
    return pd.DataFrame(rows)


def _tabulate_deletion(deletion: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for (architecture, method), part in deletion.groupby(
        ["architecture", "method"], sort=False
    ):
        cells = part.set_index("quantity").to_dict("index")
        rows.append(
            {
                "network": network_title(str(architecture)),
                "order of": METHOD_TITLES.get(str(method), str(method)),
                **{
                    str(name).replace("_", " "): show_measured(cell, is_share=False)
                    for name, cell in cells.items()
                },
            }
        )
    return pd.DataFrame(rows).fillna("")
