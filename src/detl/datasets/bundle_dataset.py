"""The networks of one architecture, and what belongs to them, in one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from detl.datasets.atomic import WholeFileDataset

if TYPE_CHECKING:
    from detl.serving.bundle import Bundle


class BundleDataset(WholeFileDataset["Bundle"]):
    """One file that ``python -m detl.predict`` takes."""

    def load(self) -> Bundle:
        """Return the bundle, after every byte of it has been checked."""
        from detl.serving.bundle import load_bundle

        return load_bundle(self._filepath)

    def _write(self, path: Path, data: Bundle) -> None:
        from detl.serving.bundle import save_bundle

        save_bundle(data, path)
