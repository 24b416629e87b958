from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kedro.io import DatasetError, MemoryDataset

from detl.datasets import (
    ArrayDataset,
    AtomicCSVDataset,
    AtomicJSONDataset,
    AtomicParquetDataset,
    FolderDataset,
    PictureDataset,
    remove_saved,
)
from detl.datasets.atomic import UnusableDatasetError, written_whole

TABLE = pd.DataFrame({"image_id": ["nih/1", "nih/2"], "row": [0, 1]})
ONE_FILE_EACH = [
    (ArrayDataset, "a.npy", np.zeros((2, 2), np.uint8)),
    (PictureDataset, "a.png", np.zeros((2, 2), np.uint8)),
    (AtomicCSVDataset, "a.csv", TABLE),
    (AtomicParquetDataset, "a.parquet", TABLE),
    (AtomicJSONDataset, "a.json", {"accuracy": 0.9}),
]
each_dataset = pytest.mark.parametrize(("kind", "name", "data"), ONE_FILE_EACH)


def test_nothing_bears_the_name_before_the_block_ends(tmp_path):
    path = tmp_path / "new" / "file.bin"
    with written_whole(path) as temporary:
        temporary.write_bytes(b"half")
        assert not path.exists()
        temporary.write_bytes(b"whole")
    assert path.read_bytes() == b"whole"
    assert list(path.parent.iterdir()) == [path]


def write_half_and_fail(path):
    with written_whole(path) as temporary:
        temporary.write_bytes(b"half")
        raise OSError("disk full")


def test_an_error_while_writing_keeps_the_earlier_file(tmp_path):
    path = tmp_path / "file.bin"
    path.write_bytes(b"earlier")
    with pytest.raises(OSError, match="disk full"):
        write_half_and_fail(path)
    assert path.read_bytes() == b"earlier"
    assert list(tmp_path.iterdir()) == [path]


@each_dataset
def test_a_dataset_exists_once_it_is_saved(kind, name, data, tmp_path):
    dataset = kind(filepath=(tmp_path / "new" / name).as_posix())
    assert not dataset.exists()
    dataset.save(data)
    assert dataset.exists()
    assert [path.name for path in (tmp_path / "new").iterdir()] == [name]


@each_dataset
def test_a_leftover_of_a_killed_run_is_not_an_output(kind, name, data, tmp_path):
    dataset = kind(filepath=(tmp_path / name).as_posix())
    (tmp_path / f".partial-{name}").write_bytes(b"half")
    assert not dataset.exists()
    dataset.save(data)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@each_dataset
def test_removing_deletes_what_was_saved_and_says_so(kind, name, data, tmp_path):
    dataset = kind(filepath=(tmp_path / name).as_posix())
    assert remove_saved(dataset) is False
    dataset.save(data)
    assert remove_saved(dataset) is True
    assert not dataset.exists()


@each_dataset
def test_the_metadata_for_kedro_viz_is_kept(kind, name, data, tmp_path):
    dataset = kind(filepath=(tmp_path / name).as_posix(), metadata={"layer": "raw"})
    assert dataset.metadata == {"layer": "raw"}


@each_dataset
def test_kedro_viz_finds_the_path_in_the_description(kind, name, data, tmp_path):
    dataset = kind(filepath=(tmp_path / name).as_posix())
    assert str(dataset._describe()["filepath"]) == (tmp_path / name).as_posix()


def test_a_folder_is_never_removed(tmp_path):
    dataset = FolderDataset(filepath=tmp_path / "raw")
    dataset.save({"file.txt": b"x"})
    assert remove_saved(dataset) is False
    assert dataset.exists()


def test_a_dataset_of_another_package_is_never_removed():
    dataset = MemoryDataset(1)
    assert remove_saved(dataset) is False
    assert dataset.exists()


def test_a_table_that_cannot_be_written_leaves_the_earlier_one(tmp_path):
    path = tmp_path / "a.json"
    dataset = AtomicJSONDataset(filepath=path.as_posix())
    dataset.save({"accuracy": 0.9})
    with pytest.raises(DatasetError, match="not JSON serializable"):
        dataset.save({"accuracy": object()})
    assert dataset.load() == {"accuracy": 0.9}
    assert list(tmp_path.iterdir()) == [path]


def test_versions_are_saved_side_by_side_and_never_removed(tmp_path):
    config = {
        "type": "detl.datasets.AtomicJSONDataset",
        "filepath": (tmp_path / "a.json").as_posix(),
        "versioned": True,
    }
    dataset = AtomicJSONDataset.from_config("metrics", config)
    dataset.save({"accuracy": 0.9})
    assert dataset.load() == {"accuracy": 0.9}
    assert remove_saved(dataset) is False
    assert dataset.exists()


@each_dataset
def test_object_storage_is_refused_with_what_may_lie_there(kind, name, data):
    with pytest.raises(UnusableDatasetError, match="raw images, mounted"):
        kind(filepath=f"s3://bucket/{name}")


def test_the_path_may_be_a_path_object(tmp_path):
    dataset = AtomicCSVDataset(filepath=Path(tmp_path / "a.csv"))
    dataset.save(TABLE)
    pd.testing.assert_frame_equal(dataset.load(), TABLE)
