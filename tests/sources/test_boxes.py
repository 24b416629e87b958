from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detl.errors import DetlError
from detl.sources.boxes import (
    NIH_FRAME,
    OWN_FRAME,
    draw_boxes,
    find_faults,
    read_covid_chestxray_boxes,
    read_nih_boxes,
)

NIH = Path(__file__).parents[2] / ".." / "shared" / "data" / "nih"
NIH_HEADER = "Image Index,Finding Label,Bbox [x,y,w,h],,,\n"


def _box(x, y, width, height):
    numbers = {"x": [x], "y": [y], "width": [width], "height": [height]}
    return pd.DataFrame(numbers, dtype=float)


def test_the_heading_with_commas_is_read_as_four_numbers(tmp_path):
    row = "00000001_000.png,Infiltrate,225.08,547.5,86.75,79.25,,,\n"
    (tmp_path / "BBox_List_2017.csv").write_text(NIH_HEADER + row)

    assert read_nih_boxes(tmp_path).to_dict("records") == [
        {
            "name": "00000001_000.png",
            "finding": "Infiltration",
            "x": 225.08,
            "y": 547.5,
            "width": 86.75,
            "height": 79.25,
            "frame": NIH_FRAME,
            "fault": "",
        }
    ]


def test_boxes_of_the_covid_layout_are_in_pixels_of_the_file(tmp_path):
    text = "filename,finding,x,y,w,h\na.png,COVID-19,9,8,7,6\n"
    (tmp_path / "boxes.csv").write_text(text)

    boxes = read_covid_chestxray_boxes(tmp_path)

    assert boxes.iloc[0].to_list() == ["a.png", "COVID-19", 9, 8, 7, 6, OWN_FRAME, ""]


@pytest.mark.parametrize("read", [read_nih_boxes, read_covid_chestxray_boxes])
def test_a_missing_list_gives_nothing(tmp_path, read):
    assert read(tmp_path) is None


def test_a_row_that_cannot_be_read_is_named(tmp_path):
    text = "filename,finding,x,y,w,h\n.\\a.png,COVID-19,9,8,7,6\nb.png,COVID\n,,,,,\n"
    (tmp_path / "boxes.csv").write_text(text + "c.png,COVID-19,9,8,7,6\n")

    boxes = read_covid_chestxray_boxes(tmp_path)

    assert boxes["name"].tolist() == [
        *("a.png", "c.png", "boxes.csv, row 3", "boxes.csv, row 4")
    ]
    assert boxes["fault"].str.partition(":")[0].tolist() == [
        *("", "", "broken row", "empty row")
    ]


def test_a_list_without_a_column_is_refused(tmp_path):
    (tmp_path / "BBox_List_2017.csv").write_text("Image Index,Finding Label,x,y\n")
    with pytest.raises(DetlError, match=r"BBox_List_2017\.csv has the columns.*Bbox"):
        read_nih_boxes(tmp_path)


@pytest.mark.parametrize(
    ("box", "fault"),
    [
        ((-5, 2, 8, 4), ""),
        ((20, 2, 8, 4), "box outside the picture"),
        ((2, -9, 8, 9), "box outside the picture"),
        ((2, 2, 0, 4), "box without area"),
        ((2, 2, 8, np.nan), "box without four numbers"),
    ],
)
def test_each_fault_of_a_box_is_named(box, fault):
    assert list(find_faults(_box(*box), np.array([10]), np.array([20]))) == [fault]


def test_what_is_no_number_is_a_fault_and_no_crash(tmp_path):
    rows = "a.png,Mass,one,2,3,4,,,\nb.png,Mass,inf,2,3,4,,,\n"
    (tmp_path / "BBox_List_2017.csv").write_text(NIH_HEADER + rows)

    assert read_nih_boxes(tmp_path)["x"].isna().all()


def test_a_box_is_drawn_from_its_upper_left_corner():
    drawn = draw_boxes(_box(3, 1, 2, 4), height=6, width=8)
    assert drawn[1:5, 3:5].all()
    assert (drawn == 255).sum() == 8


def test_a_box_that_reaches_out_is_cut_off():
    drawn = draw_boxes(_box(-2, 4, 5, 9), height=6, width=8)
    assert drawn[4:, :3].all()
    assert (drawn == 255).sum() == 6


def test_boxes_are_united():
    boxes = pd.concat([_box(0, 0, 2, 2), _box(1, 1, 2, 2)])
    assert (draw_boxes(boxes, 6, 8) == 255).sum() == 7


@pytest.mark.skipif(
    not (NIH / "BBox_List_2017.csv").is_file(),
    reason=f"the boxes of NIH ChestX-ray14 are not in {NIH.resolve()}",
)
def test_the_published_list_has_its_known_counts_and_no_fault():
    boxes = read_nih_boxes(NIH)
    frame = np.full(len(boxes), NIH_FRAME)

    assert len(boxes) == 984
    assert boxes["name"].nunique() == 880
    assert (boxes["finding"] == "Infiltration").sum() == 123
    assert (find_faults(boxes, frame, frame) == "").all()
