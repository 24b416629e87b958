"""Datasets that may be missing, for inputs that a node uses if they are there."""

from typing import Any

from detl.datasets.picture_dataset import PictureDataset
from detl.datasets.table_datasets import (
    AtomicCSVDataset,
    AtomicJSONDataset,
    AtomicParquetDataset,
)


class MayBeMissing:
    """Makes ``load`` of a dataset return None where nothing has been saved.

    Put it before the dataset in the list of base classes. If such an input is missing,
    the run is not refused (``InputHooks``) and the node is not left out
    (``session/runner.py``); the node gets None.
    """

    def load(self) -> Any:
        """Return what was saved, or None."""
        return super().load() if self.exists() else None  # type: ignore[misc, attr-defined]


class OptionalCSVDataset(MayBeMissing, AtomicCSVDataset):
    """A table in a CSV file, or None."""


class OptionalJSONDataset(MayBeMissing, AtomicJSONDataset):
    """Plain values in a JSON file, or None."""


class OptionalParquetDataset(MayBeMissing, AtomicParquetDataset):
    """A table in a Parquet file, or None."""


class OptionalPictureDataset(MayBeMissing, PictureDataset):
    """A picture in a PNG file, or None."""
