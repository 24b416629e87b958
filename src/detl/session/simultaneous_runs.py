"""Refusing a run that would disturb another one in the same data folder.

Each run leaves a note in ``.running``, below the data folder, that says what it reads,
writes and removes there, and keeps the note locked. The system drops the lock when the
process ends, however it ends, so a note that is not locked is out of date.
"""

import errno
import json
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from detl.errors import DetlError

try:
    import fcntl
except ImportError:  # Windows has other locks.
    fcntl = None  # type: ignore[assignment]

FOLDER = ".running"
"""Where the notes lie, below the data folder."""

_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP}
"""Errors of a file system without locks, such as some network folders."""

_LOGGER = logging.getLogger(__name__)

_own: set[Path] = set()
"""The notes that this process holds. It would let go of one by opening it again."""


@dataclass(frozen=True)
class Use:
    """Names of the datasets that a run reads, writes, and puts out of date."""

    reads: frozenset[str]
    writes: frozenset[str]
    removes: frozenset[str]

    def disturbs(self, other: "Use") -> bool:
        """Return whether one of the two changes what the other uses.

        Both may remove the same dataset, because neither needs it.
        """
        return bool(
            self.writes & (other.reads | other.writes | other.removes)
            or other.writes & (self.reads | self.removes)
            or self.removes & other.reads
            or other.removes & self.reads
        )


@contextmanager
def using(folder: Path, use: Use, command: str) -> Iterator[None]:
    """Hold a data folder for this use while the block runs.

    Args:
        folder: The data folder; it is made if it is not there.
        use: What is read, written and removed in it.
        command: The command as a user types it; a second run that is refused shows it.

    Raises:
        DetlError: This run would disturb another one, or be disturbed by it; or the
            folder cannot be written.
    """
    notes = folder / FOLDER
    with ExitStack() as held:
        try:
            _take(notes, use, command, held)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                reason = error.strerror or error
                if isinstance(error, FileExistsError):
                    reason = f"{error.filename} is a file, or a link to no folder"
                raise DetlError(
                    f"The data folder {folder} cannot be written ({reason}): "
                    "make it writable, or name another one as 'data' in "
                    "conf/<environment>/globals.yml."
                ) from error
            _LOGGER.warning(
                "%s has no locks, so nobody sees where two runs use it at once: "
                "start one at a time.",
                folder,
            )
        yield


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Keep other runs waiting that want to do this in the same data folder.

    Args:
        folder: The data folder; where it has no locks, nobody waits.
    """
    if fcntl is None:
        yield
        return
    notes = folder / FOLDER
    notes.mkdir(parents=True, exist_ok=True)
    with (notes / "lock").open("a") as lock:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
        yield


@contextmanager
def alone(folder: Path) -> Iterator[bool]:
    """Yield whether no other process uses the data folder; none begins meanwhile.

    Args:
        folder: The data folder; where it has no locks, nobody is seen.
    """
    with one_at_a_time(folder):
        others = set((folder / FOLDER).glob("*.json")) - _own
        yield not any(map(_is_held, others))


def _is_held(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8") as note:
            return _is_locked(note)
    except FileNotFoundError:  # its run has just ended
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return False


def _take(notes: Path, use: Use, command: str, held: ExitStack) -> None:
    """Leave a note, or refuse."""
    if fcntl is None:
        return
    with one_at_a_time(notes.parent):
        for path in notes.glob("*.json"):
            with suppress(FileNotFoundError):  # its run has just ended
                _refuse_if_disturbed(path, use, notes.parent)
        path = notes / f"{uuid4().hex}.json"
        note = held.enter_context(path.open("x", encoding="utf-8"))
        held.callback(path.unlink, missing_ok=True)
        _own.add(path)
        held.callback(_own.discard, path)
        fcntl.lockf(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
        told = {
            "command": command,
            "process": os.getpid(),
            "host": socket.gethostname(),
            "since": datetime.now().isoformat(" ", "seconds"),
            **{name: sorted(names) for name, names in asdict(use).items()},
        }
        json.dump(told, note)
        note.flush()


def _refuse_if_disturbed(path: Path, use: Use, folder: Path) -> None:
    """Remove a note that is out of date; refuse if the run of the note is disturbed."""
    # Opened for reading only, because it may be another user's.
    with path.open(encoding="utf-8") as note:
        if _is_locked(note):
            other = json.load(note)
            kinds = ("reads", "writes", "removes")
            if use.disturbs(Use(*(frozenset(other[kind]) for kind in kinds))):
                raise DetlError(
                    f"'{other['command']}' is using {folder} (process "
                    f"{other['process']} on {other['host']}, since {other['since']}), "
                    "and the two would change each other's files: wait until it has "
                    "ended, or stop it; another environment has files of its own."
                )
            return
    path.unlink(missing_ok=True)


def _is_locked(note: IO[Any]) -> bool:
    try:
        fcntl.lockf(note, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            return True
        raise
    return False
