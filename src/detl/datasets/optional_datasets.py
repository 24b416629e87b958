"""Datasets that may be missing, for what a node uses if it is there."""

from typing import Any

from detl.datasets.picture_dataset import PictureDataset
from detl.datasets.table_datasets import AtomicCSVDataset, AtomicJSONDataset


class MayBeMissing:
    """Makes ``load`` of a dataset return None where nothing has been saved.

    Put it before the dataset in the list of base classes. A run is not refused where
    such an input is missing (``InputHooks``), nor is a node left out because the maker
    of such an input was (``session/runner.py``): the node gets None.
    """

    def load(self) -> Any:
        """Return what was saved, or None."""
        return super().load() if self.exists() else None  # type: ignore[misc, attr-defined]


class OptionalCSVDataset(MayBeMissing, AtomicCSVDataset):
    """A table in a CSV file, or None."""


class OptionalJSONDataset(MayBeMissing, AtomicJSONDataset):
    """Plain values in a JSON file, or None."""


class OptionalPictureDataset(MayBeMissing, PictureDataset):
    """A picture in a PNG file, or None."""
