import base64
import inspect

import numpy as np
import pytest

from detl.datasets import PictureDataset
from detl.errors import DetlError


@pytest.fixture
def dataset(tmp_path):
    return PictureDataset(filepath=(tmp_path / "panel.png").as_posix())


@pytest.mark.parametrize("shape", [(3, 5), (3, 5, 3)])
def test_a_saved_picture_comes_back_unchanged(dataset, shape):
    picture = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    dataset.save(picture)
    np.testing.assert_array_equal(dataset.load(), picture)


@pytest.mark.parametrize("shape", [(30, 500), (30, 500, 3)])
def test_a_picture_of_phantoms_says_so_below(shape, tmp_path):
    marker, picture = tmp_path / "marker", np.full(shape, 7, np.uint8)
    dataset = PictureDataset(
        filepath=tmp_path / "panel.png", synthetic_if={"filepath": str(marker)}
    )
    dataset.save(picture)
    np.testing.assert_array_equal(dataset.load(), picture)

    marker.touch()
    dataset.save(picture)

    saved = dataset.load()
    np.testing.assert_array_equal(saved[:30], picture)
    assert saved.shape == (58, *shape[1:])
    assert saved[30:].min() < 100
    assert np.mean(saved[30:] == 255) > 0.5


def test_the_first_channel_in_the_file_is_red(dataset, tmp_path):
    dataset.save(np.full((2, 2, 3), (255, 0, 0), np.uint8))
    import matplotlib.image

    pixel = matplotlib.image.imread(tmp_path / "panel.png")[0, 0]
    np.testing.assert_allclose(pixel, (1, 0, 0))


def test_the_preview_is_the_file(dataset, tmp_path):
    dataset.save(np.zeros((3, 5, 3), np.uint8))
    assert base64.b64decode(dataset.preview()) == (tmp_path / "panel.png").read_bytes()


def test_kedro_viz_recognises_the_preview_as_a_picture(dataset):
    annotation = inspect.signature(dataset.preview).return_annotation
    assert annotation.__name__ == "ImagePreview"


def test_there_is_no_preview_before_there_is_a_picture(dataset):
    assert dataset.preview() is None


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((3, 5), np.float32),
        np.zeros((3, 5, 4), np.uint8),
        np.zeros((0, 5, 3), np.uint8),
    ],
)
def test_what_is_no_8_bit_picture_is_refused(dataset, wrong):
    with pytest.raises(DetlError, match="must be uint8 of shape"):
        dataset.save(wrong)
    assert not dataset.exists()


@pytest.mark.parametrize("content", [b"", b"no picture"])
def test_a_broken_file_is_named(dataset, tmp_path, content):
    (tmp_path / "panel.png").write_bytes(content)
    with pytest.raises(DetlError, match=r"panel\.png cannot be decoded"):
        dataset.load()
