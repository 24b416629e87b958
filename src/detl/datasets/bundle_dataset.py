"""The networks of one architecture, and what belongs to them, in one folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from detl.datasets.atomic import WholeFileDataset

if TYPE_CHECKING:
    from detl.serving.bundle import Bundle


class BundleDataset(WholeFileDataset["Bundle"]):
    """One folder that ``python -m detl.predict`` takes, written whole or not at all."""

    def load(self) -> Bundle:
        """Return the bundle, after every byte of it has been checked."""
        from detl.serving.bundle import load_bundle

        return load_bundle(self._filepath)

    def save(self, data: Bundle) -> None:
        """Write the folder; an earlier one stays until then."""
        self._write(self._filepath, data)

    def _write(self, path: Path, data: Bundle) -> None:
        from detl.serving.bundle import save_bundle

        save_bundle(data, path)

    def remove(self, below: Path | None = None) -> bool:
        """Delete the folder; return whether there was one.

        Args:
            below: Nothing outside this folder is deleted; None deletes it anywhere.
        """
        is_there = self._exists() and (below is None or below in self._filepath.parents)
        if is_there:
            shutil.rmtree(self._filepath)
        return is_there

    def _exists(self) -> bool:
        # Of another folder with this name nothing is known, and it is left alone.
        return (self._filepath / "bundle.json").is_file()
