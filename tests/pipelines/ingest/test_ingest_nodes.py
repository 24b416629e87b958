import logging
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from detl.errors import DetlError
from detl.pipelines.ingest.nodes import decode_images, read_sources
from made_sources import ingest, make_picture, name_sources, write_nih

SHARED = Path(__file__).parents[3] / ".." / "shared" / "data"


def test_paths_are_relative_to_the_raw_data(tmp_path):
    write_nih(tmp_path / "deep" / "nih", [1], [0])

    candidates, _ = read_sources(tmp_path, name_sources(nih=("nih", "deep/nih")))

    assert list(candidates["path"]) == ["deep/nih/images/00000001_000.png"]


def test_paths_outside_the_raw_data_are_absolute(tmp_path):
    write_nih(tmp_path / "nih", [1], [0])
    raw = tmp_path / "raw"

    candidates, _ = read_sources(raw, name_sources(nih=("nih", tmp_path / "nih")))

    assert candidates.loc[0, "path"] == str(
        tmp_path / "nih" / "images" / "00000001_000.png"
    )


def test_sources_follow_each_other_in_the_order_of_the_parameters(tmp_path):
    write_nih(tmp_path / "b", [1], [0])
    write_nih(tmp_path / "a", [1], [1])

    candidates, _ = read_sources(tmp_path, name_sources(b=("nih", "b"), a=("nih", "a")))

    assert list(candidates["image_id"]) == [
        "b/00000001_000.png",
        "a/00000001_000.png",
    ]


def test_images_of_other_views_are_rejected(tmp_path):
    write_nih(tmp_path / "nih", [1, 2], [0, 1])
    parameters = name_sources(nih=("nih", "nih")).model_copy(update={"views": ["AP"]})

    candidates, rejected = read_sources(tmp_path, parameters)

    assert candidates.empty
    assert rejected["reason"].tolist() == ["view: PA", "view: PA"]


def test_row_numbers_lead_from_the_table_to_the_pixels(tmp_path):
    write_nih(tmp_path / "nih", [1, 2, 3], [7, b"broken", 8])

    images, pixels, *_ = ingest(tmp_path, name_sources(nih=("nih", "nih")))

    assert list(images["row"]) == [0, 1]
    assert pixels.shape == (2, 32, 32)
    expected = cv2.resize(make_picture(8), (32, 32), interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(pixels[1], expected)
    assert images.loc[1, "image_id"] == "nih/00000003_002.png"


def test_every_row_and_file_is_in_one_of_the_two_tables(tmp_path):
    write_nih(tmp_path / "nih", [1, 2, 3, 4], [0, b"", b"GIF89a", 0])
    (tmp_path / "nih" / "images" / "extra.png").touch()
    (tmp_path / "nih" / "images" / "00000003_002.png").unlink()

    images, _, rejected, _ = ingest(tmp_path, name_sources(nih=("nih", "nih")))

    assert list(images["image_id"]) == ["nih/00000001_000.png"]
    assert rejected.set_index("name")["reason"].to_dict() == {
        "00000003_002.png": "no image file",
        "images/extra.png": "no row in Data_Entry_2017.csv",
        "00000002_001.png": "empty file",
        "00000004_003.png": "duplicate of nih/00000001_000.png",
    }


def test_the_patients_of_one_picture_are_one_group(tmp_path):
    write_nih(tmp_path / "nih", [3, 2, 2, 1], [0, 0, 1, 2])

    images, *_ = ingest(tmp_path, name_sources(nih=("nih", "nih")))

    assert list(images["patient_id"]) == [
        "nih/00000003",
        "nih/00000002",
        "nih/00000001",
    ]
    assert list(images["group"]) == ["nih/00000002", "nih/00000002", "nih/00000001"]


def test_copies_are_found_across_sources(tmp_path):
    write_nih(tmp_path / "nih", [1], [0])
    write_nih(tmp_path / "copy", [9], [0])

    images, _, rejected, _ = ingest(
        tmp_path, name_sources(nih=("nih", "nih"), copy=("nih", "copy"))
    )

    assert list(images["group"]) == ["copy/00000009"]
    assert rejected.to_dict("records") == [
        {
            "source": "copy",
            "name": "00000009_000.png",
            "reason": "duplicate of nih/00000001_000.png",
        }
    ]


def test_broken_images_share_no_group(tmp_path):
    write_nih(tmp_path / "nih", [1, 2, 3], [b"", b"", 0])

    images, *_ = ingest(tmp_path, name_sources(nih=("nih", "nih")))

    assert list(images["group"]) == ["nih/00000003"]


def test_the_candidates_are_left_as_they_were(tmp_path):
    write_nih(tmp_path / "nih", [1, 2], [0, 0])
    parameters = name_sources(nih=("nih", "nih"))
    candidates, rejected_rows = read_sources(tmp_path, parameters)
    before = candidates.copy(), rejected_rows.copy()

    decode_images(tmp_path, candidates, rejected_rows, parameters)

    pd.testing.assert_frame_equal(candidates, before[0])
    pd.testing.assert_frame_equal(rejected_rows, before[1])


def test_the_log_counts_what_was_taken_and_what_was_not(tmp_path, caplog):
    write_nih(tmp_path / "nih", [1, 2, 3, 4], [0, 0, b"", 1])

    with caplog.at_level(logging.INFO, "detl.ingest"):
        ingest(tmp_path, name_sources(nih=("nih", "nih")))

    assert caplog.messages == [
        "Images taken: nih 2; not taken: duplicate 1, empty file 1"
    ]


def test_a_source_without_images_is_warned_of(tmp_path, caplog):
    write_nih(tmp_path / "nih", [1], [0])
    write_nih(tmp_path / "other", [1], [b""])

    ingest(tmp_path, name_sources(nih=("nih", "nih"), other=("nih", "other")))

    warnings = [r.message for r in caplog.records if r.levelname == "WARNING"]
    assert warnings == [
        "Source other gave no image; the table of rejected images says why."
    ]


def test_no_image_at_all_is_an_error_that_says_why(tmp_path):
    write_nih(tmp_path / "nih", [1, 2], [b"", b""])

    with pytest.raises(DetlError, match=r"sources nih .*empty file 2.*DETL_DATA"):
        ingest(tmp_path, name_sources(nih=("nih", "nih")))


def test_no_candidate_at_all_is_an_error_that_says_why(tmp_path):
    write_nih(tmp_path / "nih", [1], [0])
    (tmp_path / "nih" / "images" / "00000001_000.png").unlink()

    with pytest.raises(DetlError, match="no image file 1"):
        ingest(tmp_path, name_sources(nih=("nih", "nih")))


@pytest.mark.skipif(
    not (SHARED / "nih" / "Data_Entry_2017.csv.gz").is_file(),
    reason=f"the public radiographs are not in {SHARED.resolve()}",
)
def test_the_public_radiographs_are_all_taken():
    parameters = name_sources(
        nih=("nih", "nih"), covid=("covid_chestxray", "covid-chestxray")
    ).model_copy(update={"largest_image": 10**7, "views": ["PA", "AP", "AP Supine"]})

    images, pixels, rejected, _ = ingest(SHARED, parameters)

    assert images["source"].value_counts().to_dict() == {"nih": 1599, "covid": 445}
    assert pixels.shape == (2044, 32, 32)
    assert set(rejected["reason"]) == {"no image file"}
