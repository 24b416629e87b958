import threading

import cv2
import numpy as np
import pytest

from detl.imaging.grey import ImageRejected
from detl.imaging.read import PixelFormat, read_picture, read_pictures

FORMAT = PixelFormat(32, "crop", 10**6)


def _write(path, seed=0, shape=(40, 60)):
    pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    cv2.imwrite(str(path), pixels)
    return path


def test_a_picture_tells_its_size_in_the_file(tmp_path):
    picture = read_picture(_write(tmp_path / "a.png"), FORMAT)

    assert (picture.width, picture.height) == (60, 40)
    assert picture.pixels.shape == (32, 32)


def test_the_same_picture_in_another_file_has_the_same_fingerprint(tmp_path):
    grey = _write(tmp_path / "grey.png")
    colour = tmp_path / "colour.png"
    cv2.imwrite(str(colour), cv2.imread(str(grey), cv2.IMREAD_COLOR))

    one, other = (read_picture(path, FORMAT) for path in (grey, colour))

    assert one.sha256 != other.sha256
    assert one.fingerprint == other.fingerprint


def test_another_picture_has_another_fingerprint(tmp_path):
    one = read_picture(_write(tmp_path / "a.png", 0), FORMAT)
    other = read_picture(_write(tmp_path / "b.png", 1), FORMAT)

    assert one.fingerprint != other.fingerprint


def test_pictures_that_differ_outside_the_crop_are_not_the_same(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (32, 64), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), pixels)
    pixels[:, :16] = 255 - pixels[:, :16]
    cv2.imwrite(str(tmp_path / "b.png"), pixels)

    one, other = (read_picture(tmp_path / name, FORMAT) for name in ("a.png", "b.png"))

    np.testing.assert_array_equal(one.pixels, other.pixels)
    assert one.fingerprint != other.fingerprint


def test_a_file_that_is_gone_is_rejected(tmp_path):
    with pytest.raises(ImageRejected, match="cannot be read: No such file"):
        read_picture(tmp_path / "gone.png", FORMAT)


def test_pictures_come_in_the_order_of_their_paths(tmp_path):
    # The first ones are the slowest.
    shapes = [(900, 900)] * 3 + [(20, 20)] * 60
    paths = [
        _write(tmp_path / f"{number}.png", number, shape)
        for number, shape in enumerate(shapes)
    ]

    pictures = list(read_pictures(paths, FORMAT))

    assert [picture.height for picture in pictures] == [shape[0] for shape in shapes]


def test_a_rejected_picture_takes_its_place_in_the_order(tmp_path):
    (tmp_path / "bad.png").write_bytes(b"")
    paths = [tmp_path / "bad.png", _write(tmp_path / "good.png")]

    bad, good = read_pictures(paths, FORMAT)

    assert isinstance(bad, ImageRejected)
    assert good.width == 60


def test_only_a_few_pictures_are_read_ahead(tmp_path):
    path = _write(tmp_path / "a.png")
    asked = 0

    def paths():
        nonlocal asked
        for _ in range(10_000):
            asked += 1
            yield path

    pictures = read_pictures(paths(), FORMAT)
    next(pictures)
    pictures.close()

    assert asked < 1000


def test_no_thread_is_left_behind(tmp_path):
    before = threading.active_count()

    list(read_pictures([_write(tmp_path / "a.png")], FORMAT))

    assert threading.active_count() == before
