import inspect
import json

import pandas as pd
import pytest

from detl.datasets import (
    AtomicCSVDataset,
    AtomicJSONDataset,
    AtomicParquetDataset,
    AtomicPickleDataset,
)

TABLE = pd.DataFrame(
    {
        "image_id": ["nih/1", "nih/2", "nih/3"],
        "age": pd.array([61, None, 40], dtype="Int64"),
        "taken": pd.to_datetime(["2020-03-01", None, "2020-03-02"]),
        "findings": pd.Series(["Mass|Nodule", None, "No Finding"], dtype="string"),
    }
)


@pytest.mark.parametrize(
    ("kind", "name"), [(AtomicCSVDataset, "a.csv"), (AtomicParquetDataset, "a.parquet")]
)
class TestTables:
    def test_the_preview_shows_the_first_rows(self, kind, name, tmp_path):
        dataset = kind(filepath=(tmp_path / name).as_posix())
        dataset.save(TABLE)
        preview = dataset.preview(nrows=2)
        assert preview["columns"] == list(TABLE.columns)
        assert [row[0] for row in preview["data"]] == ["nih/1", "nih/2"]

    def test_the_preview_can_be_put_into_json(self, kind, name, tmp_path):
        dataset = kind(filepath=(tmp_path / name).as_posix())
        dataset.save(TABLE)
        assert "2020-03-01" in json.dumps(dataset.preview())

    def test_kedro_viz_recognises_the_preview_as_a_table(self, kind, name, tmp_path):
        dataset = kind(filepath=(tmp_path / name).as_posix())
        annotation = inspect.signature(dataset.preview).return_annotation
        assert annotation.__name__ == "TablePreview"

    def test_there_is_no_preview_before_there_is_a_table(self, kind, name, tmp_path):
        assert kind(filepath=(tmp_path / name).as_posix()).preview() is None


def test_a_parquet_table_keeps_its_types(tmp_path):
    dataset = AtomicParquetDataset(filepath=(tmp_path / "a.parquet").as_posix())
    dataset.save(TABLE)
    pd.testing.assert_frame_equal(dataset.load(), TABLE, check_dtype=True)


def test_the_arguments_of_the_extended_dataset_still_count(tmp_path):
    dataset = AtomicCSVDataset(
        filepath=(tmp_path / "a.csv").as_posix(), save_args={"index": False, "sep": ";"}
    )
    dataset.save(TABLE)
    assert (tmp_path / "a.csv").read_text().startswith("image_id;age")


def test_metrics_are_previewed_as_json(tmp_path):
    dataset = AtomicJSONDataset(filepath=(tmp_path / "a.json").as_posix())
    assert dataset.preview() is None
    dataset.save({"accuracy": 0.9})
    assert json.loads(dataset.preview()) == {"accuracy": 0.9}
    annotation = inspect.signature(dataset.preview).return_annotation
    assert annotation.__name__ == "JSONPreview"


def test_an_object_comes_back_as_it_was(tmp_path):
    dataset = AtomicPickleDataset(
        filepath=(tmp_path / "a.pickle").as_posix(),
        backend="joblib",
        save_args={"compress": 1},
    )
    dataset.save({"tables": (TABLE,)})
    pd.testing.assert_frame_equal(dataset.load()["tables"][0], TABLE)
    assert [file.name for file in tmp_path.iterdir()] == ["a.pickle"]
