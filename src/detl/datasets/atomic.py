"""Saving whole files or none, and removing them again."""

import os
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, Generic, TypeVar

from kedro.io import AbstractDataset, DatasetError

from detl.errors import DetlError

Data = TypeVar("Data")
Saved = TypeVar("Saved")
Loaded = TypeVar("Loaded")


class UnusableDatasetError(DetlError, DatasetError):
    """A ``DetlError`` that Kedro passes on as it is.

    Kedro wraps every other error of a dataset into a longer one of its own.
    """


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yield a temporary path, which is renamed to ``path`` if the block succeeds.

    It is in the same folder (renaming across file systems copies) and has the same
    suffix (writers look at it). It is the same every time, so the leftover of a killed
    run is overwritten. An error in the block removes what it wrote and leaves an
    earlier ``path`` as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _unfinished(path)
    try:
        yield temporary
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def refuse_other_protocols(path: str | os.PathLike[str]) -> None:
    """Refuse a path that is not one of this machine's file system.

    Raises:
        UnusableDatasetError: It begins with a protocol, such as ``s3://``.
    """
    protocol, separator, _ = str(path).partition("://")
    if separator and protocol != "file":
        raise UnusableDatasetError(
            f"conf/ names {path}, and results do not lie in object storage, "
            "because networks and pixels are mapped from files: name a folder that all "
            "machines see, as 'data' in conf/<environment>/globals.yml or in "
            "DETL_RESULTS; only raw images, mounted as a folder, and the files of an "
            "MLflow server may lie there (docs/deploy.md)."
        )


class LocalDataset(AbstractDataset[Saved, Loaded], Generic[Saved, Loaded]):
    """Base of the datasets that are one local file or folder."""

    def __init__(
        self,
        *,
        filepath: str | os.PathLike[str],
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Name the file or folder.

        Args:
            filepath: Where it lies; Kedro makes it absolute from the project's root.
            metadata: What the hooks of MLflow and Kedro-Viz read; not used here.
        """
        refuse_other_protocols(filepath)
        self._filepath = Path(filepath)
        self.metadata = metadata

    def _describe(self) -> dict[str, Any]:
        # Kedro-Viz asks for a string or a pure POSIX path here.
        return {"filepath": self._filepath.as_posix()}


class WholeFileDataset(LocalDataset[Data, Data], Generic[Data]):
    """Base of the datasets that are one local file, written whole or not at all."""

    @abstractmethod
    def _write(self, path: Path, data: Data) -> None:
        """Write ``data`` to the temporary ``path``."""

    def save(self, data: Data) -> None:
        """Write the file, whole or not at all, with the folders above it."""
        with written_whole(self._filepath) as temporary:
            self._write(temporary, data)

    @property
    def file(self) -> Path | None:
        """The file."""
        return self._filepath

    def use(self, path: Path) -> None:
        """Load, save and look for another file from now on."""
        self._filepath = path

    def _exists(self) -> bool:
        return self._filepath.is_file()


def file_of(dataset: AbstractDataset[Any, Any] | None) -> Path | None:
    """Return the local file that a dataset of this project saves whole, else None.

    Folders (raw data), versioned files, and files of other packages' datasets are none.
    """
    if isinstance(dataset, WholeFileDataset | AtomicSaving):
        return dataset.file
    return None


def use_file(dataset: AbstractDataset[Any, Any] | None, path: Path) -> None:
    """Let a dataset that has a file (``file_of``) use another one from now on."""
    if isinstance(dataset, WholeFileDataset | AtomicSaving):
        dataset.use(path)


def remove_saved(dataset: AbstractDataset[Any, Any], below: Path | None = None) -> bool:
    """Return whether the dataset had a saved file, which is now deleted.

    Args:
        dataset: What the catalog says. Only what ``file_of`` returns is deleted.
        below: As ``unlink_saved`` takes it.
    """
    file = file_of(dataset)
    return file is not None and unlink_saved(file, below)


class AtomicSaving:
    """Makes a file dataset of kedro-datasets save the whole file or nothing.

    Put it before the dataset in the list of base classes.
    """

    _filepath: PurePosixPath
    _version: Any

    def __init__(self, *, filepath: str | os.PathLike[str], **options: Any) -> None:
        """Name the file.

        Args:
            filepath: Where it lies, on this machine.
            **options: As the dataset takes them.
        """
        refuse_other_protocols(filepath)
        super().__init__(filepath=filepath, **options)  # type: ignore[call-arg]

    def save(self, data: Any) -> None:
        """Write the file, whole or not at all, with the folders above it."""
        path = Path(self._get_save_path())  # type: ignore[attr-defined]
        with written_whole(path) as temporary:
            beside = self._copy(  # type: ignore[attr-defined]
                _filepath=temporary, _version=None
            )
            super(AtomicSaving, beside).save(data)  # type: ignore[misc]

    @property
    def file(self) -> Path | None:
        """The file; None for versions."""
        if self._version is not None:
            return None
        return Path(self._filepath)

    def use(self, path: Path) -> None:
        """Load, save and look for another file from now on."""
        self._filepath = PurePosixPath(path.as_posix())


def unlink_saved(path: Path, below: Path | None = None) -> bool:
    """Return whether there was a file, which is now deleted, with an unfinished one.

    Args:
        path: The file.
        below: Nothing outside this folder is deleted, and folders in it that become
            empty are deleted too. None deletes the file anywhere, and no folder.
    """
    if below is not None and below not in path.parents:
        return False
    leftover = _unfinished(path)
    if leftover.is_file():
        leftover.unlink()
    is_there = path.is_symlink() or path.is_file()
    if is_there:
        path.unlink()
    for folder in path.parents if below else ():
        if folder == below or folder.is_symlink() or not _is_empty(folder):
            break
        folder.rmdir()
    return is_there


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


def _unfinished(path: Path) -> Path:
    """Return the name under which a file is written until it is whole."""
    return path.with_name(f".partial-{path.name}")
