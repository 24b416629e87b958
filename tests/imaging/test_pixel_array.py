import gc
from pathlib import Path

import cv2
import numpy as np
import pytest

from detl.errors import DetlError
from detl.imaging import pixel_array
from detl.imaging.pixel_array import store_pictures
from detl.imaging.read import PixelFormat

SIZE = 32
FORMAT = PixelFormat(SIZE, "crop", 10_000)
FULL = Path("/dev/full")  # of which no byte can be written


@pytest.fixture
def pictures():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (3, SIZE, SIZE), dtype=np.uint8)


def _write(folder, pictures):
    paths = [folder / f"{number}.png" for number in range(len(pictures))]
    for path, picture in zip(paths, pictures, strict=True):
        cv2.imwrite(str(path), picture)
    return paths


def test_the_rows_are_the_pictures_in_their_order(tmp_path, pictures):
    found, pixels = store_pictures(_write(tmp_path, pictures), FORMAT)

    np.testing.assert_array_equal(pixels, pictures)
    assert list(found["row"]) == [0, 1, 2]
    assert list(found["original"]) == [0, 1, 2]


def test_a_picture_that_is_there_again_is_stored_once(tmp_path, pictures):
    paths = _write(tmp_path, pictures[[0, 1, 0, 2]])

    found, pixels = store_pictures(paths, FORMAT)

    np.testing.assert_array_equal(pixels, pictures)
    assert list(found["row"]) == [0, 1, -1, 2]
    assert list(found["original"]) == [0, 1, 0, 3]


def test_a_rejected_file_has_a_reason_and_no_row(tmp_path, pictures):
    paths = _write(tmp_path, pictures)
    paths[1].write_bytes(b"")

    found, pixels = store_pictures(paths, FORMAT)

    assert list(found["reason"]) == ["", "empty file", ""]
    assert list(found["row"]) == [0, -1, 1]
    np.testing.assert_array_equal(pixels, pictures[[0, 2]])


def test_without_any_picture_the_pixels_are_empty(tmp_path):
    found, pixels = store_pictures([tmp_path / "gone.png"], FORMAT)

    assert pixels.shape == (0, SIZE, SIZE)
    assert len(found) == 1


def test_the_pixels_are_on_disk_and_leave_nothing_there(
    tmp_path, pictures, monkeypatch
):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(pixel_array.tempfile, "tempdir", str(tmp_path / "temporary"))

    _, pixels = store_pictures(_write(tmp_path, pictures), FORMAT)

    assert isinstance(pixels, np.memmap)
    del pixels
    gc.collect()
    assert not list((tmp_path / "temporary").iterdir())


@pytest.mark.skipif(not FULL.exists(), reason=f"there is no {FULL}")
@pytest.mark.parametrize("count", [1, 3])
def test_a_full_disk_is_named_with_what_to_do(tmp_path, pictures, monkeypatch, count):
    monkeypatch.setattr(
        pixel_array.tempfile, "TemporaryFile", lambda **_: FULL.open("wb", 0)
    )
    monkeypatch.setattr(pixel_array, "_BYTES_AT_ONCE", 2 * SIZE**2)

    with pytest.raises(DetlError, match=r"No space left on device.*TMPDIR"):
        store_pictures(_write(tmp_path, pictures[:count]), FORMAT)


def test_images_that_are_written_in_several_pieces_keep_their_rows(
    tmp_path, pictures, monkeypatch
):
    paths = _write(tmp_path, pictures)
    _, at_once = store_pictures(paths, FORMAT)
    monkeypatch.setattr(pixel_array, "_BYTES_AT_ONCE", 2 * SIZE**2)

    found, in_pieces = store_pictures(paths, FORMAT)

    np.testing.assert_array_equal(in_pieces, at_once)
    assert found["row"].tolist() == list(range(len(pictures)))


def test_nothing_is_printed_where_there_is_no_terminal(tmp_path, pictures, capfd):
    store_pictures(_write(tmp_path, pictures), FORMAT)

    assert capfd.readouterr() == ("", "")
