"""What is made in place of finished files: beside them, until all of it is there.

A run that would replace a finished file works in ``.next``, below the data folder.
``replaces.json`` there lists the files that are to be replaced: what is made in place
of them lies below ``.next``, at the same path, and every other file where it was. Once
all that was there has been made again, it takes the place of the earlier files, one
rename each. Whoever comes after a run that was killed among these goes on with them.
"""

import errno
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from detl.datasets.atomic import unlink_saved, written_whole
from detl.errors import DetlError
from detl.session.made_with import Ledger
from detl.session.simultaneous_runs import one_at_a_time

FOLDER = ".next"

STATE = "replaces.json"


class _State(BaseModel):
    """Content of ``replaces.json``; paths below the data folder, or whole ones."""

    model_config = ConfigDict(strict=True, extra="forbid")

    files: list[str]
    gone: list[str] | None = None
    """Set from when the files take their place: those that were not made again."""


@dataclass(frozen=True)
class NextResults:
    """What is made in place of files of one data folder."""

    data: Path

    @property
    def folder(self) -> Path:
        """The folder, whether it is there or not."""
        return self.data / FOLDER

    def is_open(self) -> bool:
        """Return whether a run has begun to replace files that are still there."""
        return (self.folder / STATE).is_file()

    def replaced(self) -> list[Path]:
        """Return the files that are to be replaced; they need not be there."""
        state = self._read()
        return [self.data / file for file in state.files] if state else []

    def place_of(self, file: Path) -> Path:
        """Return where that lies which is made in place of a file."""
        if self.data in file.parents:
            return self.folder / file.relative_to(self.data)
        return file.with_name(f"{FOLDER}-{file.name}")

    def replace(self, files: Sequence[Path]) -> None:
        """List files that are to be replaced, and remove what was made of them so far.

        Args:
            files: What is made from others comes before these: where a run is killed
                meanwhile, nothing is left that is older than what it was made from.
        """
        with one_at_a_time(self.data):
            state = self._read()
            if state is None:
                # Of a run that was killed while it removed it.
                shutil.rmtree(self.folder, ignore_errors=True)
                state = _State(files=[])
            known = set(state.files)
            names = [self._name(file) for file in files]
            state.files += [name for name in names if name not in known]
            self._write(state)
        for file in files:
            unlink_saved(self.place_of(file))

    def missing(self) -> list[Path]:
        """Return the files that are there and have not been made again."""
        return [
            file
            for file in self.replaced()
            if file.is_file() and not self.place_of(file).is_file()
        ]

    def take_place(self) -> None:
        """Put the files that have been made in place of those that were there.

        Those that were not made again are removed. Nobody else may use the data folder
        meanwhile (``simultaneous_runs.alone``).
        """
        state = self._read()
        if state is not None:
            state.gone = [self._name(file) for file in self.missing()]
            self._write(state)
            self._finish(state)

    def finish(self) -> bool:
        """Return whether a run was killed while this took place, which is now done."""
        if not self.is_open():
            return False
        with one_at_a_time(self.data):
            state = self._read()
            if state is None or state.gone is None:
                return False
            self._finish(state)
        return True

    def discard(self) -> int:
        """Return how many files were made; they are removed, the earlier ones stay."""
        try:
            files = self.replaced()
        except DetlError:  # a list that is damaged must go, too
            files = []
        made = sum(self.place_of(file).is_file() for file in files)
        self._remove(files)
        return made

    def _finish(self, state: _State) -> None:
        files = [self.data / name for name in state.files]
        for file in files:
            if self.place_of(file).is_file():
                _move(self.place_of(file), file)
        for name in state.gone or ():
            (self.data / name).unlink(missing_ok=True)
        Ledger(self.folder, over=Ledger(self.data)).settle()
        self._remove(files)

    def _remove(self, files: Iterable[Path]) -> None:
        (self.folder / STATE).unlink(missing_ok=True)
        for file in files:
            unlink_saved(self.place_of(file))
        shutil.rmtree(self.folder, ignore_errors=True)

    def _name(self, file: Path) -> str:
        inside = self.data in file.parents
        return (file.relative_to(self.data) if inside else file).as_posix()

    def _read(self) -> _State | None:
        path = self.folder / STATE
        try:
            return _State.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as error:
            raise DetlError(
                f"{path}, which lists what is being replaced, cannot be read: remove "
                f"{self.folder}, and run again."
            ) from error

    def _write(self, state: _State) -> None:
        with written_whole(self.folder / STATE) as temporary:
            temporary.write_text(state.model_dump_json(indent=1), encoding="utf-8")


def _move(source: Path, target: Path) -> None:
    """Rename a file, or copy it where a link leads to another disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.replace(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with written_whole(target) as temporary:
            shutil.copyfile(source, temporary)
        source.unlink()
