import subprocess
import sys
import tracemalloc
from pathlib import Path

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


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_saving_a_mapped_file_does_not_bring_the_file_into_memory(dataset, tmp_path):
    code = f"""
from pathlib import Path
import numpy as np
from detl.datasets import ArrayDataset
def measure_peak():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024
path = {str(tmp_path / "big")!r}
np.memmap(path, np.uint8, "w+", shape=(200, 2**20))
before = measure_peak()
ArrayDataset(filepath=path + ".npy").save(np.memmap(path, np.uint8, "r"))
print(measure_peak() - before)
"""
    printed = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )

    assert int(printed.stdout) < 50  # MB, of 200


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_mapped_file_is_saved_as_an_array_in_memory_is(dataset, tmp_path, order):
    pixels = np.arange(3 * 2**22, dtype=np.uint8).reshape(1, -1, 3)
    np.save(tmp_path / "mapped.npy", np.asarray(pixels, order=order))

    dataset.save(np.load(tmp_path / "mapped.npy", mmap_mode="r"))

    np.testing.assert_array_equal(dataset.load(), pixels)
    saved = (tmp_path / "new" / "pixels.npy").read_bytes()
    assert saved == (tmp_path / "mapped.npy").read_bytes()


def test_an_array_of_no_rows_comes_back(dataset):
    dataset.save(np.zeros((0, 4, 4), np.uint8))
    assert dataset.load().shape == (0, 4, 4)


def test_an_array_of_python_objects_is_refused(dataset):
    with pytest.raises(DatasetError, match="Object arrays"):
        dataset.save(np.array([{}]))
    assert not dataset.exists()
