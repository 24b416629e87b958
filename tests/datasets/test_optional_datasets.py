import numpy as np
import pandas as pd
import pytest

from detl.datasets import (
    OptionalCSVDataset,
    OptionalJSONDataset,
    OptionalParquetDataset,
    OptionalPictureDataset,
)

KINDS = [
    (OptionalCSVDataset, "a.csv"),
    (OptionalJSONDataset, "a.json"),
    (OptionalPictureDataset, "a.png"),
]


@pytest.mark.parametrize(("kind", "name"), KINDS)
def test_what_is_missing_is_loaded_as_none(kind, name, tmp_path):
    dataset = kind(filepath=(tmp_path / name).as_posix())

    assert dataset.load() is None
    assert not dataset.exists()
    assert dataset.preview() is None


def test_a_missing_parquet_file_is_loaded_as_none_and_a_saved_one_as_it_was(tmp_path):
    table = pd.DataFrame({"a": [1, 2]})
    dataset = OptionalParquetDataset(filepath=(tmp_path / "a.parquet").as_posix())
    assert dataset.load() is None

    dataset.save(table)

    pd.testing.assert_frame_equal(dataset.load(), table)


def test_what_was_saved_is_loaded(tmp_path):
    table = pd.DataFrame({"a": [1, 2]})
    csv = OptionalCSVDataset(filepath=(tmp_path / "a.csv").as_posix())
    json = OptionalJSONDataset(filepath=(tmp_path / "a.json").as_posix())
    picture = OptionalPictureDataset(filepath=tmp_path / "a.png")

    csv.save(table)
    json.save({"a": 1})
    picture.save(np.full((2, 3), 7, np.uint8))

    pd.testing.assert_frame_equal(csv.load(), table)
    assert json.load() == {"a": 1}
    assert (picture.load() == 7).all()
