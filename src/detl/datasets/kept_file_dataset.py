"""A file that outlives the runs that use it."""

import os
from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset

from detl.datasets.atomic import UnusableDatasetError, unlink_saved


class KeptFileDataset(AbstractDataset[NoReturn, Path]):
    """The name of a file that a node reads and adds to, and that may not be there yet.

    ```yaml
    decoded_files:
      type: detl.datasets.KeptFileDataset
      filepath: data/02_intermediate/decoded_files.sqlite
    ```

    A node's input, never its output: so no run removes the file before it starts. No
    number of a result may depend on what is in it, since nobody is told if it changes.
    """

    def __init__(
        self,
        *,
        filepath: str | os.PathLike[str],
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Name the file.

        Args:
            filepath: The file; Kedro makes it absolute from the project's root.
            metadata: Ignored here; Kedro-Viz reads it.
        """
        self._filepath = Path(filepath)
        self.metadata = metadata

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

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath.as_posix()}
