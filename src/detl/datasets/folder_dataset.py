"""A folder of files: the raw data sets, or the phantoms that stand in for them."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Set
from pathlib import Path, PurePosixPath

from kedro_datasets._typing import TablePreview

from detl.datasets.atomic import (
    LocalDataset,
    UnusableDatasetError,
    unlink_saved,
    written_whole,
)

MARKER = ".made-by-detl"
"""File in a folder that was saved here: the list of what was written, and may therefore
be replaced. ``sha256sum --check`` reads it."""

_WHOLE = "# Made by DETL, which replaces and removes the files of this list, no others."
_NOT_WHOLE = "# Being made by DETL: not all of it is here yet."


class FolderDataset(LocalDataset[Mapping[str, bytes], Path]):
    """One folder with everything below it.

    Nodes get the path, because the readers open single files. Saving takes a dict
    of file contents by relative path: the same dict always gives the same files, byte
    for byte. The file ``.made-by-detl`` lists them with their checksums. Saving again
    replaces and removes what that list names, as long as it is as it was written;
    whatever else lies there is kept. A folder with files but without that list holds
    data that nobody could bring back, and nothing is written into it.
    """

    @property
    def path(self) -> Path:
        """The folder, without links on the way to it, whether it is there or not."""
        return self._filepath.resolve()

    def load(self) -> Path:
        """Return the path of the folder.

        Raises:
            UnusableDatasetError: If there is no such folder, or if saving it was
                interrupted.
        """
        if not self._filepath.is_dir():
            raise UnusableDatasetError(
                f"There is no folder {self._filepath}, where the published data sets "
                "should be, each in a folder of its own: put them there, or name "
                "another folder in the environment variable DETL_DATA or in the "
                "catalog (conf/*/catalog.yml)."
            )
        if self._is_in_the_making():
            raise UnusableDatasetError(
                f"{self._filepath} is not whole, because what makes it is still going "
                "on or was interrupted: wait for it, or run 'kedro run --pipeline "
                "phantom' again."
            )
        return self._filepath

    def save(self, data: Mapping[str, bytes]) -> None:
        """Write the files, in place of what an earlier save wrote.

        Args:
            data: Contents by path below the folder, with forward slashes.

        Raises:
            UnusableDatasetError: If a path leads out of the folder, or if something
                would be replaced or removed that was not saved here, or was changed
                since. Nothing is then written.
        """
        for name in data:
            if _leads_out(name):
                raise UnusableDatasetError(
                    f"The file name {name!r} leads out of the folder to be saved: give "
                    "the path below it, with forward slashes."
                )
        self._refuse_a_folder_of_others()
        before = self._read_list()
        fresh = {name: {_digest_of(content)} for name, content in data.items()}
        either = {
            name: before.get(name, set()) | fresh.get(name, set())
            for name in sorted({*before, *fresh})
        }
        self._refuse_to_touch_others_files(either)
        # Of what is written until the end, both states are on the list: a save that is
        # killed meanwhile leaves nothing that the next one would not know.
        self._write_list(_NOT_WHOLE, either)
        for name, content in data.items():
            path = self._filepath / name
            if not path.exists() or path.read_bytes() != content:
                with written_whole(path) as temporary:
                    temporary.write_bytes(content)
        for name in before.keys() - fresh.keys():
            unlink_saved(self._filepath / name, below=self._filepath)
        self._write_list(_WHOLE, fresh)

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

    def _refuse_a_folder_of_others(self) -> None:
        if not self._filepath.exists() or (self._filepath / MARKER).is_file():
            return
        # Of a first save that was killed at once.
        leftover = f".partial-{MARKER}"
        if not self._filepath.is_dir() or any(
            path.name != leftover for path in self._filepath.iterdir()
        ):
            raise UnusableDatasetError(
                f"{self._filepath} holds something that was not made here (there is no "
                f"{MARKER} in it), and it will not be replaced: move it away, or name "
                "another folder in the catalog (conf/*/catalog.yml)."
            )

    def _refuse_to_touch_others_files(self, made: Mapping[str, Set[str]]) -> None:
        """Refuse where a file is not as one of the checksums says, or is a link."""
        others = [name for name in made if self._is_of_others(name, made[name])]
        if others:
            raise UnusableDatasetError(
                f"{self._filepath / others[0]} was not made here or has been changed "
                f"since (files like it: {len(others)}), and it will not be replaced: "
                "keep it in a folder of your own and delete it here, or name another "
                "folder in the catalog (conf/*/catalog.yml)."
            )

    def _is_of_others(self, name: str, digests: Set[str]) -> bool:
        path = self._filepath / name
        above = [self._filepath / p for p in PurePosixPath(name).parents][:-1]
        if any(p.is_symlink() or (p.exists() and not p.is_dir()) for p in above):
            return True
        if path.is_symlink() or (path.exists() and not path.is_file()):
            return True
        return path.exists() and _digest_of(path.read_bytes()) not in digests

    def _read_list(self) -> dict[str, set[str]]:
        """Return the checksums by path of what an earlier save wrote."""
        marker = self._filepath / MARKER
        made: dict[str, set[str]] = {}
        if marker.is_file():
            for line in marker.read_text(encoding="utf-8").splitlines():
                digest, _, name = line.partition("  ")
                if not line.startswith("#") and name and not _leads_out(name):
                    made.setdefault(name, set()).add(digest)
        return made

    def _write_list(self, first_line: str, made: Mapping[str, Set[str]]) -> None:
        rows = (
            (name, digest) for name in sorted(made) for digest in sorted(made[name])
        )
        lines = [f"{digest}  {name}" for name, digest in rows]
        with written_whole(self._filepath / MARKER) as temporary:
            temporary.write_text("\n".join([first_line, *lines, ""]), encoding="utf-8")

    def _is_in_the_making(self) -> bool:
        try:
            with (self._filepath / MARKER).open(encoding="utf-8") as marker:
                return marker.readline().rstrip() == _NOT_WHOLE
        except FileNotFoundError:
            return False

    def _exists(self) -> bool:
        return self._filepath.is_dir() and not self._is_in_the_making()


def _digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _leads_out(name: str) -> bool:
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts or "\\" in name or not path.parts
