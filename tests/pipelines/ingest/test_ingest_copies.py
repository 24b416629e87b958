import logging

import cv2
import numpy as np
import pytest

from made_sources import ingest, name_sources, write_nih


def _write_scaled_copy(folder, patient, seed):
    """Write a source of one image: a picture at half its size, as JPEG."""
    half = cv2.resize(_smooth(seed), (48, 48), interpolation=cv2.INTER_AREA)
    jpeg = cv2.imencode(".jpg", half, [cv2.IMWRITE_JPEG_QUALITY, 60])[1].tobytes()
    write_nih(folder, [patient], [jpeg])


def _smooth(seed):
    noise = np.random.default_rng(seed).integers(0, 256, (12, 12), dtype=np.uint8)
    return cv2.resize(noise, (96, 96), interpolation=cv2.INTER_CUBIC)


@pytest.fixture
def copied(tmp_path):
    """Return a folder with four patients; the first and the last share a picture."""
    pictures = [cv2.imencode(".png", _smooth(i))[1].tobytes() for i in range(3)]
    write_nih(tmp_path / "nih", [5, 6, 7], pictures)
    _write_scaled_copy(tmp_path / "copy", 1, 0)
    return tmp_path


def test_a_copy_that_was_scaled_and_compressed_is_taken_and_named(copied):
    images, _, rejected, copies = ingest(
        copied, name_sources(nih=("nih", "nih"), copy=("nih", "copy"))
    )

    assert len(images) == 4
    assert rejected.empty
    assert copies[["image_id", "other_id"]].values.tolist() == [
        ["nih/00000005_000.png", "copy/00000001_000.png"]
    ]
    assert copies.loc[0, "bits"] < 20
    assert copies.loc[0, "correlation"] > 0.95


def test_a_copy_that_was_scaled_and_compressed_joins_its_patients(copied):
    images, *_ = ingest(copied, name_sources(nih=("nih", "nih"), copy=("nih", "copy")))

    assert list(images["group"]) == [
        "copy/00000001",
        "nih/00000006",
        "nih/00000007",
        "copy/00000001",
    ]


def test_copies_are_named_rightly_after_images_that_were_not_taken(copied):
    broken = copied / "nih" / "images" / "00000005_000.png"
    broken.rename(broken.with_name("00000007_003.png"))
    with (copied / "nih" / "Data_Entry_2017.csv").open("a") as table:
        table.write("00000007_003.png,Mass,0,7,50,M,PA\n")

    images, _, _, copies = ingest(
        copied, name_sources(nih=("nih", "nih"), copy=("nih", "copy"))
    )

    assert copies["image_id"].tolist() == ["nih/00000007_003.png"]
    assert images.groupby("group").size().to_dict() == {
        "copy/00000001": 3,
        "nih/00000006": 1,
    }


def test_the_log_counts_the_pairs_that_show_one_picture(copied, caplog):
    with caplog.at_level(logging.INFO, "detl.ingest"):
        ingest(copied, name_sources(nih=("nih", "nih"), copy=("nih", "copy")))

    assert "hashes: 1, 1 of them of two patients" in caplog.messages[-1]


def test_without_copies_the_table_of_copies_has_no_rows(tmp_path):
    write_nih(tmp_path / "nih", [1, 2], [0, 1])

    *_, copies = ingest(tmp_path, name_sources(nih=("nih", "nih")))

    assert copies.empty
