import tracemalloc

import numpy as np
import pytest
from kedro.io import DatasetError

from detl.datasets import ArrayDataset


@pytest.fixture
def dataset(tmp_path):
    return ArrayDataset(filepath=(tmp_path / "new" / "pixels.npy").as_posix())


def test_a_saved_array_comes_back_unchanged(dataset):
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    dataset.save(pixels)
    np.testing.assert_array_equal(dataset.load(), pixels)


def test_a_loaded_array_is_mapped_and_read_only(dataset):
    dataset.save(np.zeros((2, 2), np.uint8))
    loaded = dataset.load()
    assert isinstance(loaded, np.memmap)
    assert not loaded.flags.writeable


def test_a_memory_mapped_array_is_saved_without_being_in_memory(dataset, tmp_path):
    megabyte = 2**20
    mapped = np.memmap(tmp_path / "big", np.uint8, "w+", shape=(64, megabyte))
    tracemalloc.start()
    try:
        dataset.save(mapped)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * megabyte
    assert dataset.load().shape == mapped.shape


def test_an_array_of_no_rows_comes_back(dataset):
    dataset.save(np.zeros((0, 4, 4), np.uint8))
    assert dataset.load().shape == (0, 4, 4)


def test_an_array_of_python_objects_is_refused(dataset):
    with pytest.raises(DatasetError, match="Object arrays"):
        dataset.save(np.array([{}]))
    assert not dataset.exists()
