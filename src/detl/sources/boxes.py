"""Lists of boxes around lesions, in their published layouts."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from detl.sources.csv_table import read_text_table
from detl.sources.list_paths import tidy_path

NIH_FRAME = 1024
"""Side of NIH's published images in pixels, which are the unit of their boxes."""

OWN_FRAME = 0
"""Stands for boxes in pixels of the image file itself."""

NUMBERS = ["x", "y", "width", "height"]

_NIH_COLUMNS = {
    "name": ("Image Index",),
    "finding": ("Finding Label",),
    # The heading "Bbox [x,y,w,h]" holds commas, so it becomes four columns.
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
    """Return the boxes in ``BBox_List_2017.csv`` of NIH ChestX-ray14, or None.

    The whole list has 984 boxes on 880 images. Its finding ``Infiltrate`` is the label
    ``Infiltration``.

    Returns:
        The columns that ``BOX_READERS`` describes.

    Raises:
        DetlError: The file is not a csv table, or lacks a column.
    """
    path = folder / "BBox_List_2017.csv"
    if not path.is_file():
        return None
    boxes = _read_list(path, _NIH_COLUMNS, NIH_FRAME)
    finding = boxes["finding"].replace("Infiltrate", "Infiltration")
    return boxes.assign(finding=finding)


def read_covid_chestxray_boxes(folder: Path) -> pd.DataFrame | None:
    """Return the boxes in ``boxes.csv`` of the COVID-19 collection, or None.

    Only phantoms have this file; the published collection has no boxes.

    Returns:
        The columns that ``BOX_READERS`` describes.

    Raises:
        DetlError: The file is not a csv table, or lacks a column.
    """
    path = folder / "boxes.csv"
    if not path.is_file():
        return None
    return _read_list(path, _COVID_COLUMNS, OWN_FRAME)


BOX_READERS: dict[str, Callable[[Path], pd.DataFrame | None]] = {
    "nih": read_nih_boxes,
    "covid_chestxray": read_covid_chestxray_boxes,
}
"""Name of a source's reader to the reader of its boxes. That returns a row per box:
``name`` of the image within the source; ``finding`` as in the list; ``x`` and ``y`` of
the upper left corner, ``width`` and ``height`` (NaN if not a number); ``frame``, the
side of the square picture that these refer to, or ``OWN_FRAME``; and ``fault``, why the
row cannot be read, or "". ``name`` of such a row is its place in the list."""


def find_faults(
    boxes: pd.DataFrame, height: pd.Series | np.ndarray, width: pd.Series | np.ndarray
) -> pd.Series:
    """Return why each box cannot be used, "" if it can.

    Args:
        boxes: ``x``, ``y``, ``width`` and ``height``, a row per box.
        height: Height of each box's picture in pixels, (n,).
        width: Width of each box's picture in pixels, (n,).
    """
    right, bottom = boxes["x"] + boxes["width"], boxes["y"] + boxes["height"]
    outside = (boxes["x"] >= width) | (boxes["y"] >= height)
    outside |= (right <= 0) | (bottom <= 0)
    without_area = (boxes["width"] <= 0) | (boxes["height"] <= 0)
    fault = pd.Series("", boxes.index).mask(outside, "box outside the picture")
    fault = fault.mask(without_area, "box without area")
    return fault.mask(boxes[NUMBERS].isna().any(axis=1), "box without four numbers")


def draw_boxes(boxes: pd.DataFrame, height: int, width: int) -> np.ndarray:
    """Return a picture of all boxes, 255 inside and 0 outside, (height, width), uint8.

    Boxes are cut off at the edges of the picture.

    Args:
        boxes: ``x``, ``y``, ``width`` and ``height`` in pixels, a row per box.
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
