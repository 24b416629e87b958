import gzip
import io
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from detl.phantoms.films import Group, draw_films
from detl.phantoms.layouts import boxes_of, nih_entry

DATA = Path(__file__).parents[3] / "shared" / "data"


def first_line(data: bytes) -> str:
    return data.splitlines()[0].decode()


def read_table(sample, path):
    return pd.read_csv(io.BytesIO(sample[path]), dtype=str)


def test_the_nih_table_has_the_columns_of_2017(small_sample):
    assert first_line(small_sample["nih/Data_Entry_2017.csv"]) == (
        "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,"
        "View Position,OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]"
    )


@pytest.mark.skipif(not DATA.is_dir(), reason="the published tables are not here")
@pytest.mark.parametrize(
    ("path", "published"),
    [
        ("nih/Data_Entry_2017.csv", "nih/Data_Entry_2017.csv.gz"),
        ("nih/BBox_List_2017.csv", "nih/BBox_List_2017.csv"),
        ("covid-chestxray/metadata.csv", "covid-chestxray/metadata.csv"),
    ],
)
def test_the_headings_are_the_published_ones(small_sample, path, published):
    data = (DATA / published).read_bytes()
    if published.endswith(".gz"):
        data = gzip.decompress(data)
    assert first_line(small_sample[path]) == first_line(data)


def test_image_names_follow_patient_and_follow_up(small_sample):
    table = read_table(small_sample, "nih/Data_Entry_2017.csv")
    names = [
        f"{int(patient):08d}_{int(follow_up):03d}.png"
        for patient, follow_up in zip(
            table["Patient ID"], table["Follow-up #"], strict=True
        )
    ]
    assert list(table["Image Index"]) == names


def test_every_diseased_film_has_a_mask_of_its_size(small_sample):
    table = read_table(small_sample, "nih/Data_Entry_2017.csv")
    ill = table[~table["Finding Labels"].isin(["No Finding", "Widget"])]
    for name in ill["Image Index"]:
        pair = [
            cv2.imdecode(
                np.frombuffer(small_sample[f"nih/{folder}/{name}"], np.uint8), 0
            )
            for folder in ("images", "masks")
        ]
        assert pair[0].shape == pair[1].shape
        assert set(np.unique(pair[1])) == {0, 255}


def test_every_finding_of_a_film_has_a_box(small_sample):
    table = read_table(small_sample, "nih/Data_Entry_2017.csv")
    boxes = read_table(small_sample, "nih/BBox_List_2017.csv")
    ill = table[~table["Finding Labels"].isin(["No Finding", "Widget"])]
    expected = {
        (name, finding.replace("Infiltration", "Infiltrate"))
        for name, labels in zip(ill["Image Index"], ill["Finding Labels"], strict=True)
        for finding in labels.split("|")
    }
    found = zip(boxes["Image Index"], boxes["Finding Label"], strict=True)
    assert set(found) == expected


def test_boxes_are_given_in_the_frame_of_1024_pixels(small_parameters):
    film = next(draw_films(small_parameters, Group("x", ("Mass",), 0), 1))
    entry = nih_entry(film)
    x, y, width, height = (float(value) for value in entry.boxes[0][2:6])
    rows, columns = np.nonzero(film.mask)
    scale = 1024 / 64
    assert [x, y] == [scale * columns.min(), scale * rows.min()]
    assert [width, height] == [scale * np.ptp(a) + scale for a in (columns, rows)]


def test_the_pieces_of_a_lesion_have_a_box_each(small_parameters):
    film = next(draw_films(small_parameters, Group("x", ("COVID-19",), 0), 1))
    (lesion,) = film.lesions
    covered = np.zeros_like(lesion.mask)
    for x, y, width, height in boxes_of(lesion):
        covered[y : y + height, x : x + width] = True
    assert np.all(covered[lesion.mask])


def test_the_covid_folder_holds_png_and_jpeg(small_sample):
    names = [path for path in small_sample if path.startswith("covid-chestxray/images")]
    assert {name.rsplit(".", 1)[1] for name in names} == {"png", "jpg"}


def test_the_covid_boxes_lie_in_their_images(small_sample):
    boxes = pd.read_csv(io.BytesIO(small_sample["covid-chestxray/boxes.csv"]))
    for box in boxes.itertuples():
        data = small_sample[f"covid-chestxray/images/{box.filename}"]
        height, width = cv2.imdecode(np.frombuffer(data, np.uint8), 0).shape
        assert box.x + box.w <= width
        assert box.y + box.h <= height
