"""A folder of files: the raw data sets, or the phantoms that stand in for them."""

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from kedro_datasets._typing import TablePreview

from detl.datasets.atomic import LocalDataset, UnusableDatasetError

MARKER = ".made-by-detl"
"""File in a folder that was saved here: the list of what was written, and may therefore
be replaced. ``sha256sum --check`` reads it."""

_FIRST_LINE = (
    "# Made by DETL, which replaces this folder while it is as this list says."
)


class FolderDataset(LocalDataset[Mapping[str, bytes], Path]):
    """One folder with everything below it.

    Nodes get the path, because the readers open single files. Saving takes a dict
    of file contents by relative path: the same dict always gives the same files, byte
    for byte. The folder appears when all of them are written. The file
    ``.made-by-detl`` lists them with their checksums. Saving again replaces the folder
    as long as it holds nothing else than that list says: a folder with other files
    holds data that nobody could bring back.
    """

    @property
    def path(self) -> Path:
        """The folder, without links on the way to it, whether it is there or not."""
        return self._filepath.resolve()

    def load(self) -> Path:
        """Return the path of the folder.

        Raises:
            UnusableDatasetError: If there is no such folder.
        """
        if not self._filepath.is_dir():
            raise UnusableDatasetError(
                f"There is no folder {self._filepath}, where the published data sets "
                "should be, each in a folder of its own: put them there, or name "
                "another folder in the environment variable DETL_DATA or in the "
                "catalog (conf/*/catalog.yml)."
            )
        return self._filepath

    def save(self, data: Mapping[str, bytes]) -> None:
        """Write the files, in place of what an earlier save wrote.

        Args:
            data: Contents by path below the folder, with forward slashes.

        Raises:
            UnusableDatasetError: If a path leads out of the folder, or if something
                would be replaced that was not saved here, or was changed since. Nothing
                is then written.
        """
        for name in data:
            if _leads_out(name):
                raise UnusableDatasetError(
                    f"The file name {name!r} leads out of the folder to be saved: give "
                    "the path below it, with forward slashes."
                )
        self._refuse_to_replace_files_of_others()
        # Below the same folder, since renaming across file systems copies. The names
        # are the same every time, so that what a killed run leaves is removed here.
        new, old = (
            self.path.with_name(f".partial-{self.path.name}{end}")
            for end in ("", "-old")
        )
        for left_over in (new, old):
            shutil.rmtree(left_over, ignore_errors=True)
        try:
            _write(new, data)
            if self.path.exists():
                os.replace(self.path, old)
            os.replace(new, self.path)
        finally:
            shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)

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

    def _refuse_to_replace_files_of_others(self) -> None:
        made = self._read_list()
        others = [path for path in self._list_files() if not _is_as_made(*path, made)]
        if others:
            raise UnusableDatasetError(
                f"{self._filepath / others[0][0]} was not made here or has been "
                f"changed since (files like it: {len(others)}), and "
                f"{self._filepath} will not be replaced: keep it in a folder of your "
                "own and delete it here, or name another folder in the catalog "
                "(conf/*/catalog.yml)."
            )

    def _list_files(self) -> list[tuple[str, Path]]:
        """Return names and paths of what is in the folder, without folders in it."""
        if self._filepath.exists() and not self._filepath.is_dir():
            return [("", self._filepath)]
        return [
            (path.relative_to(self.path).as_posix(), path)
            for path in sorted(self.path.rglob("*"))
            if path.is_symlink() or not path.is_dir()
        ]

    def _read_list(self) -> set[tuple[str, str]]:
        """Return checksum and name of each file that an earlier save wrote."""
        marker = self._filepath / MARKER
        if not marker.is_file():
            return set()
        lines = marker.read_text(encoding="utf-8").splitlines()
        return {(line[:64], line[66:]) for line in lines if not line.startswith("#")}

    def _exists(self) -> bool:
        return self._filepath.is_dir()


def _write(folder: Path, data: Mapping[str, bytes]) -> None:
    """Write the files and their list into a new folder."""
    folder.mkdir(parents=True)
    for name, content in data.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    rows = [f"{_digest_of(data[name])}  {name}" for name in sorted(data)]
    (folder / MARKER).write_text("\n".join([_FIRST_LINE, *rows, ""]), encoding="utf-8")


def _is_as_made(name: str, path: Path, made: set[tuple[str, str]]) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    return name == MARKER or (_digest_of(path.read_bytes()), name) in made


def _digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _leads_out(name: str) -> bool:
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts or "\\" in name or not path.parts
