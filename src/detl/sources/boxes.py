"""Lists of boxes about lesions, in the layouts in which they are published."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from detl.sources.csv_table import read_text_table
from detl.sources.matching import tidy_path

NIH_FRAME = 1024
"""Side of NIH's published images, in whose pixels their boxes are, in pixels."""

OWN_FRAME = 0
"""Stands for boxes in pixels of the image file itself."""

NUMBERS = ["x", "y", "width", "height"]

_NIH_COLUMNS = {
    "name": ("Image Index",),
    "finding": ("Finding Label",),
    # The heading "Bbox [x,y,w,h]" holds commas and is four columns.
    "x": ("Bbox [x",),
    "y": ("y",),
    "width": ("w",),
    "height": ("h]",),
}
_COVID_COLUMNS = {
    "name": ("filename",),
    "finding": ("finding",),
    "x": ("x",),
    "y": ("y",),
    "width": ("w",),
    "height": ("h",),
}
_COLUMNS = ["name", "finding", *NUMBERS, "frame", "fault"]


def read_nih_boxes(folder: Path) -> pd.DataFrame | None:
    """Return the boxes of a copy of NIH ChestX-ray14; None where it has no list.

    984 boxes on 880 images in the whole list. What it calls ``Infiltrate`` is the
    label ``Infiltration``.

    Args:
        folder: The copy, which may hold ``BBox_List_2017.csv``.

    Returns:
        As ``BOX_READERS`` says.

    Raises:
        DetlError: The file is no csv table, or lacks a column.
    """
    path = folder / "BBox_List_2017.csv"
    if not path.is_file():
        return None
    boxes = _read_list(path, _NIH_COLUMNS, NIH_FRAME)
    finding = boxes["finding"].replace("Infiltrate", "Infiltration")
    return boxes.assign(finding=finding)


def read_covid_chestxray_boxes(folder: Path) -> pd.DataFrame | None:
    """Return the boxes of phantoms in the layout of the COVID-19 collection, or None.

    The published collection has none.

    Args:
        folder: May hold ``boxes.csv``.

    Returns:
        As ``BOX_READERS`` says.

    Raises:
        DetlError: The file is no csv table, or lacks a column.
    """
    path = folder / "boxes.csv"
    if not path.is_file():
        return None
    return _read_list(path, _COVID_COLUMNS, OWN_FRAME)


BOX_READERS: dict[str, Callable[[Path], pd.DataFrame | None]] = {
    "nih": read_nih_boxes,
    "covid_chestxray": read_covid_chestxray_boxes,
}
"""Reader of a source to the reader of its boxes: a row per box, ``name`` of its image
within the source, ``finding`` as the list says it, ``x`` and ``y`` of the upper left
corner, ``width``, ``height`` (NaN where they are no numbers), ``frame``, the side of
the square picture that these are pixels of, or ``OWN_FRAME``, and ``fault``, why the
row cannot be read, "" if it can; then ``name`` is where it stands."""


def find_faults(
    boxes: pd.DataFrame, height: pd.Series | np.ndarray, width: pd.Series | np.ndarray
) -> pd.Series:
    """Return why each box is of no use, "" where it is.

    Args:
        boxes: ``x``, ``y``, ``width`` and ``height``, a row per box.
        height: Height of the picture that each box is in, (n,), in its pixels.
        width: Width of that picture.
    """
    right, bottom = boxes["x"] + boxes["width"], boxes["y"] + boxes["height"]
    outside = (boxes["x"] >= width) | (boxes["y"] >= height)
    outside |= (right <= 0) | (bottom <= 0)
    without_area = (boxes["width"] <= 0) | (boxes["height"] <= 0)
    fault = pd.Series("", boxes.index).mask(outside, "box outside the picture")
    fault = fault.mask(without_area, "box without area")
    return fault.mask(boxes[NUMBERS].isna().any(axis=1), "box without four numbers")


def draw_boxes(boxes: pd.DataFrame, height: int, width: int) -> np.ndarray:
    """Return the boxes together, 255 inside and 0 outside, (height, width), uint8.

    What reaches beyond the picture is cut off.

    Args:
        boxes: ``x``, ``y``, ``width`` and ``height`` in pixels, a row per box.
        height: Of the picture, in pixels.
        width: Of the picture, in pixels.
    """
    picture = np.zeros((height, width), np.uint8)
    for x, y, box_width, box_height in boxes[NUMBERS].to_numpy("float64"):
        left, right = max(0, round(x)), max(0, round(x + box_width))
        top, bottom = max(0, round(y)), max(0, round(y + box_height))
        picture[top:bottom, left:right] = 255
    return picture


def _read_list(
    path: Path, columns: Mapping[str, tuple[str, ...]], frame: int
) -> pd.DataFrame:
    table = read_text_table(path, columns)
    boxes = table.rows.assign(
        name=[tidy_path(name, path.parent) for name in table.rows["name"]], fault=""
    )
    broken = table.faults.rename(columns={"reason": "fault"})
    boxes = pd.concat([boxes, broken], ignore_index=True)
    numbers = boxes[NUMBERS].apply(pd.to_numeric, errors="coerce")
    numbers = numbers.astype("float64").replace([np.inf, -np.inf], np.nan)
    texts = boxes[["name", "finding", "fault"]].fillna("").astype(str)
    return texts.join(numbers).assign(frame=frame)[_COLUMNS]
