"""A folder of files: the raw data sets, or the phantoms that stand in for them."""

import os
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from detl.datasets.atomic import UnusableDatasetError

MARKER = ".made-by-detl"
"""File in a folder that was saved here, and may therefore be replaced."""

_MARKER_TEXT = b"Made by DETL, which replaces this folder when it makes it again.\n"


class FolderDataset(AbstractDataset[Mapping[str, bytes], Path]):
    """One folder with everything below it.

    ```yaml
    raw_data:
      type: detl.datasets.FolderDataset
      filepath: ${oc.env:DETL_DATA, data/01_raw}
      contents: one folder per source of parameters.yml, such as nih
    ```

    Nodes get the path, because the readers open single files. Saving takes a dict
    of file contents by relative path, and writes these files and nothing else: the
    same dict always gives the same folder, byte for byte. It leaves the file
    ``.made-by-detl`` inside; a folder with files but without it holds data that
    nobody could bring back, and is never replaced.
    """

    def __init__(
        self,
        *,
        filepath: str | os.PathLike[str],
        contents: str = "the published data sets, each in a folder of its own",
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Name the folder.

        Args:
            filepath: The folder; Kedro makes it absolute from the project's root.
            contents: What belongs there, for the error where it is missing.
            metadata: Ignored here; Kedro-Viz reads it.
        """
        self._filepath = Path(filepath)
        self._contents = contents
        self.metadata = metadata

    def load(self) -> Path:
        """Return the path of the folder.

        Raises:
            UnusableDatasetError: If there is no such folder.
        """
        if not self._filepath.is_dir():
            raise UnusableDatasetError(
                f"There is no folder {self._filepath}, where {self._contents} should "
                "be: put it there, or name another folder in the environment variable "
                "DETL_DATA or in the catalog (conf/*/catalog*.yml)."
            )
        return self._filepath

    def save(self, data: Mapping[str, bytes]) -> None:
        """Write the files, in place of what an earlier save wrote.

        Args:
            data: Contents by path below the folder, with forward slashes.

        Raises:
            UnusableDatasetError: If the folder holds files that were not saved here,
                or a path leads out of it.
        """
        self._refuse_to_replace_others_files()
        for name in data:
            _refuse_to_leave_the_folder(name)
        parent = self._filepath.parent
        fresh = parent / f".partial-{self._filepath.name}"
        stale = parent / f".replaced-{self._filepath.name}"
        for leftover in (fresh, stale):
            shutil.rmtree(leftover, ignore_errors=True)
        for name, content in {**data, MARKER: _MARKER_TEXT}.items():
            path = fresh / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        # A folder cannot be replaced in one step. Between these two there is none,
        # which is what "not finished" looks like.
        if self._filepath.exists():
            self._filepath.rename(stale)
        fresh.rename(self._filepath)
        shutil.rmtree(stale, ignore_errors=True)

    def preview(self, nrows: int = 40) -> TablePreview:
        """Return the number of files by folder, for Kedro-Viz; None without folder."""
        if not self.exists():
            return None
        files = (file for file in self._filepath.rglob("*") if file.is_file())
        counts = Counter(
            (
                file.parent.relative_to(self._filepath).as_posix(),
                file.suffix.lower() or file.name,
            )
            for file in files
        )
        rows = [[*key, count] for key, count in sorted(counts.items())][:nrows]
        return TablePreview(
            {
                "index": list(range(len(rows))),
                "columns": ["folder", "type", "files"],
                "data": rows,
            }
        )

    def _refuse_to_replace_others_files(self) -> None:
        if not self._filepath.exists() or (self._filepath / MARKER).is_file():
            return
        if not self._filepath.is_dir() or any(self._filepath.iterdir()):
            raise UnusableDatasetError(
                f"{self._filepath} holds something that was not made here (there is no "
                f"{MARKER} in it), and it will not be replaced: move it away, or name "
                "another folder in the catalog (conf/*/catalog*.yml)."
            )

    def _exists(self) -> bool:
        return self._filepath.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath.as_posix()}


def _refuse_to_leave_the_folder(name: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or not path.parts:
        raise UnusableDatasetError(
            f"The file name {name!r} leads out of the folder to be saved: give the "
            "path below it, with forward slashes."
        )
