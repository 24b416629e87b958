"""Tables, metrics and objects of kedro-datasets, saved whole or not at all.

Each takes the arguments of the dataset that it extends. Each has no preview while
there is no file: Kedro-Viz would warn once per dataset and fold of a project that
has not run yet.
"""

import json

from kedro_datasets._typing import JSONPreview, TablePreview
from kedro_datasets.json import JSONDataset
from kedro_datasets.pandas import CSVDataset, ParquetDataset
from kedro_datasets.pickle import PickleDataset

from detl.datasets.atomic import AtomicSaving


class AtomicCSVDataset(AtomicSaving, CSVDataset):
    """A table in a CSV file."""

    def preview(self, nrows: int = 12) -> TablePreview:
        """Return the first rows, for Kedro-Viz; None where there is no file."""
        return super().preview(nrows) if self.exists() else None


class AtomicParquetDataset(AtomicSaving, ParquetDataset):
    """A table in a Parquet file."""

    def preview(self, nrows: int = 12) -> TablePreview:
        """Return the first rows, for Kedro-Viz; None where there is no file."""
        if not self.exists():
            return None
        # Parquet keeps dates, which the preview of kedro-datasets passes on and
        # Kedro-Viz cannot put into JSON; the whole export would fail.
        rows = self.load().head(nrows)
        return TablePreview(json.loads(rows.to_json(orient="split", date_format="iso")))


class AtomicJSONDataset(AtomicSaving, JSONDataset):
    """Metrics, or other plain values, in a JSON file."""

    def preview(self) -> JSONPreview:
        """Return the values, for Kedro-Viz; None where there is no file."""
        return super().preview() if self.exists() else None


class AtomicPickleDataset(AtomicSaving, PickleDataset):
    """A Python object, for what one node makes and the next one takes."""
