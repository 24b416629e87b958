"""The kinds of files that ``conf/base/catalog.yml`` names.

They write each file under a temporary name and then rename it, so a file is whole or
not there (``kedro run --only-missing-outputs`` asks only whether a file exists).
"""

from detl.datasets.array_dataset import ArrayDataset
from detl.datasets.atomic import file_of, remove_saved, use_file
from detl.datasets.bundle_dataset import BundleDataset
from detl.datasets.folder_dataset import FolderDataset
from detl.datasets.kept_file_dataset import KeptFileDataset
from detl.datasets.keras_model_dataset import KerasModelDataset
from detl.datasets.optional_datasets import (
    MayBeMissing,
    OptionalCSVDataset,
    OptionalJSONDataset,
    OptionalParquetDataset,
    OptionalPictureDataset,
)
from detl.datasets.page_dataset import PageDataset
from detl.datasets.picture_dataset import PictureDataset
from detl.datasets.table_datasets import (
    AtomicCSVDataset,
    AtomicJSONDataset,
    AtomicParquetDataset,
    AtomicPickleDataset,
)
from detl.datasets.text_dataset import TextDataset

__all__ = [
    "ArrayDataset",
    "AtomicCSVDataset",
    "AtomicJSONDataset",
    "AtomicParquetDataset",
    "AtomicPickleDataset",
    "BundleDataset",
    "FolderDataset",
    "KeptFileDataset",
    "KerasModelDataset",
    "MayBeMissing",
    "OptionalCSVDataset",
    "OptionalJSONDataset",
    "OptionalParquetDataset",
    "OptionalPictureDataset",
    "PageDataset",
    "PictureDataset",
    "TextDataset",
    "file_of",
    "remove_saved",
    "use_file",
]
