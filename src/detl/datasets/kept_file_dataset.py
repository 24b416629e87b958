"""A file that outlives the runs that use it."""

from pathlib import Path
from typing import NoReturn

from detl.datasets.atomic import LocalDataset, UnusableDatasetError, unlink_saved


class KeptFileDataset(LocalDataset[NoReturn, Path]):
    """The name of a file that a node reads and adds to, and that may not be there yet.

    It is a node's input, never its output, because a run removes its outputs before it
    starts. No result may depend on what is in it, because nobody is told if it changes.
    """

    def load(self) -> Path:
        """Return the path of the file, whether it is there or not."""
        return self._filepath

    def save(self, data: NoReturn) -> None:
        """Refuse to save.

        Raises:
            UnusableDatasetError: Always.
        """
        raise UnusableDatasetError(
            f"{self._filepath} is kept from run to run and cannot be the output of a "
            "node, which would be removed before each run: make it an input."
        )

    def remove(self, below: Path | None = None) -> bool:
        """Delete the file as ``unlink_saved`` does; return whether there was one.

        No run does this, only a user who asks for it.
        """
        for ending in ("-journal", "-wal", "-shm"):  # of SQLite
            unlink_saved(self._filepath.with_name(self._filepath.name + ending), below)
        return unlink_saved(self._filepath, below)

    def _exists(self) -> bool:
        return self._filepath.is_file()
