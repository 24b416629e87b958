"""The section on what the explanations are worth."""

import pandas as pd

from detl.explanation.localisation import ABOVE, ALL
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
    name_row,
)
from detl.report.inputs import Run
from detl.report.sections import sanity
from detl.report.trainings import THESE
from detl.wording import (
    METHOD_TITLES,
    class_title,
    enumerate_names,
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
    localisation = _read_localisation(run)
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
            _tabulate_parts(localisation),
            f"Grad-CAM, by class and by finding, 95 % interval {THESE}. Those above a "
            "random point hold for all classes at once, and for all findings at once.",
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
        answer(POINTING, _read_localisation(run), run.networks),
        answer(DELETION, run.table("deletion"), run.networks),
        *sanity.checks(run),
    ]


def _read_localisation(run: Run) -> pd.DataFrame | None:
    """Return the scores of the maps; a file has no value where the class is ``""``."""
    found = run.table("localisation")
    return (
        None
        if found is None
        else found.assign(**{"class": found["class"].astype("string").fillna("")})
    )


def _judge_gain(row: Row) -> Status:
    return judge_above(row, 0)


def _choose_pointing(localisation: pd.DataFrame) -> pd.DataFrame:
    """Return the gains over a random point that the check judges.

    They are of all images, of each class, and of each finding that lies below; each
    with ``pointing`` and ``area`` as shares, and ``not_passed``, a sentence on all
    that do not.
    """
    chosen = localisation[localisation["method"] == "grad_cam"]
    part = ["architecture", "finding", "class"]
    values = chosen.pivot(index=part, columns="quantity", values="value")
    gains = chosen[chosen["quantity"] == ABOVE].join(values, on=part)
    is_all = gains["finding"] == ALL
    gains = gains.assign(**{"class": gains["class"].where(is_all, gains["finding"])})
    gains = gains[is_all | (gains["high"] < 0)]
    return gains.assign(not_passed=_name_those_not_passed(gains))


def _name_those_not_passed(gains: pd.DataFrame) -> str:
    named: dict[Status, list[str]] = {"pass": [], "fail": [], "warn": []}
    for row in gains[gains["value"].notna()].to_dict("records"):
        names = named[_judge_gain(row)]
        # A class and its only finding may have one name.
        if name_row(row).casefold() not in map(str.casefold, names):
            names.append(name_row(row))
    titles: dict[Status, str] = {
        "fail": "Below a random point",
        "warn": "Not surely above it",
    }
    return "".join(
        f" {title}: {enumerate_names(names)}."
        for status, title in titles.items()
        for names in [named[status]]
        if names
    )


def _show_gain(row: Row) -> tuple[str, str]:
    interval = interval_in_points(row["low"], row["high"])
    return f"{in_points(row['value'])} points", interval


def _explain_pointing(row: Row, status: Status) -> str:
    of = f" of {class_title(row['class'])}" if row["class"] else ""
    return (
        f"{network_title(row['architecture'])} points into the lesion on "
        f"{in_percent(row['pointing'])} of {int(row['images'])} images{of}; a random "
        f"point would on {in_percent(row['area'])}.{row['not_passed']}"
    )


POINTING = Question(
    title="Pointing at lesions",
    asked="Grad-CAM's maximum lies in the marked lesion more often than a random "
    "point, on all images and on each class with lesions (share of hits minus the "
    "lesion's share of the picture; each interval, which holds for all classes or all "
    "findings at once, lies above 0, fail where one lies below)",
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
    is_all = (localisation["finding"] == ALL) & (localisation["class"] == "")
    overall = localisation[is_all]
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


def _tabulate_parts(localisation: pd.DataFrame) -> pd.DataFrame:
    """Return a row per network and class, then per network and finding."""
    is_all = (localisation["finding"] == ALL) & (localisation["class"] == "")
    chosen = localisation[(localisation["method"] == "grad_cam") & ~is_all]
    rows = []
    for (architecture, finding, label), part in chosen.groupby(
        ["architecture", "finding", "class"], sort=False
    ):
        cells = part.set_index("quantity").to_dict("index")
        gain = cells[ABOVE]
        number, interval = _show_gain(gain)
        rows.append(
            {
                "network": network_title(str(architecture)),
                "class or finding": f"class {class_title(str(label))}"
                if label
                else finding,
                "points into the lesion": show_measured(cells["pointing"]),
                "lesion's share of the picture": show_measured(cells["area"]),
                "above a random point": ""
                if pd.isna(gain["value"])
                else f"{number} ({interval})",
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
