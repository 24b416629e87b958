"""The content of a source's folder: its files, and what cannot be used."""

import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from detl.errors import DetlError
from detl.sources.spelling import is_utf8, show

EXTERNAL = "external"
"""Name of the source of the external test. The command gives its folder."""

_SYSTEM = {
    *("__macosx", "@eadir", "#recycle", "@recycle", "$recycle.bin", "#snapshot"),
    *("~snapshot", "@recently-snapshot", "@tmp", "lost+found", "thumbs.db"),
    *("system volume information", "ehthumbs.db", "desktop.ini", "icon\r"),
}
"""Files and folders of Windows, macOS and network storage, in small letters."""

logger = logging.getLogger("detl.sources")


@dataclass(frozen=True)
class Contents:
    """The content of a source's folder.

    Attributes:
        files: One row per file, sorted: ``path`` relative to the folder, and ``name``.
        faults: Paths that cannot be used: ``name`` (a path) and ``reason``.
        hidden: Paths of hidden files and folders and those of the system.
    """

    files: pd.DataFrame
    faults: pd.DataFrame
    hidden: list[str]


def advise_on_folder(source: str) -> str:
    """Return the words of an error that say how to set a source's folder."""
    if source == EXTERNAL:
        return "name another folder, or a csv, with --params source=PATH"
    return (
        f"set ingest.sources.{source}.folder, or the environment variable DETL_DATA "
        "for the raw data folder, to where it lies"
    )


def require_folder(folder: Path, source: str, content: str) -> None:
    """Raise an error that names the expected content if a folder is missing.

    Args:
        content: The expected content, in words.

    Raises:
        DetlError: There is no such folder, or the user may not enter it.
    """
    try:
        os.scandir(folder).close()
    except (FileNotFoundError, NotADirectoryError):
        raise DetlError(
            f"There is no folder {folder}, where {content} should be; "
            f"{advise_on_folder(source)}."
        ) from None
    except OSError as error:
        raise DetlError(
            f"{folder}, where {content} should be, may not be read by this user "
            f"({error.strerror}): give the user the right to, or "
            f"{advise_on_folder(source)}."
        ) from None


def list_files(folder: Path, subfolders: Iterable[str]) -> Contents:
    """Return the files that lie directly in some subfolders of a folder.

    Args:
        subfolders: Paths relative to it; missing ones are skipped.
    """
    found = _Found(folder)
    for subfolder in subfolders:
        # Unlike Path.is_dir, it raises no error below a folder without permission.
        if os.path.isdir(folder / subfolder):
            found.scan(subfolder)
    return found.tabulate()


def walk_files(folder: Path) -> Contents:
    """Return the files below a folder, at any depth.

    Links to folders are followed last, and each folder is read once. A link to a folder
    that holds this one is not followed.
    """
    found = _Found(folder)
    found.walk("")
    for link in found.links:  # grows if the linked folders hold further links
        found.follow(link)
    return found.tabulate()


@dataclass
class _Found:
    """Collects the content of folders.

    Attributes:
        links: Paths of links to folders, in the order in which they were found.
    """

    folder: Path
    links: list[str] = field(default_factory=list)
    _files: list[str] = field(default_factory=list)
    _faults: list[tuple[str, str]] = field(default_factory=list)
    _hidden: list[str] = field(default_factory=list)
    _seen: dict[tuple[int, int] | str, str] = field(default_factory=dict)

    def walk(self, inside: str) -> None:
        """Collect what lies below a folder; links to folders go to ``links``."""
        folders = [inside]
        while folders:
            here = folders.pop()
            known = self._seen.setdefault(self._identify(here), here)
            if known != here:
                self._leave(here, f"folder that was read already: {known or '.'}")
                continue
            folders += self.scan(here)

    def _identify(self, inside: str) -> tuple[int, int] | str:
        try:
            status = (self.folder / inside).stat()
        except OSError:
            return inside  # scan() reports the reason
        return status.st_dev, status.st_ino

    def follow(self, link: str) -> None:
        """Collect what lies below the folder that a link leads to."""
        if self.folder.resolve().is_relative_to((self.folder / link).resolve()):
            self._leave(link, "link to a folder that holds this one")
        else:
            self.walk(link)

    def scan(self, inside: str) -> list[str]:
        """Collect the files that lie directly in a folder; return its subfolders."""
        try:
            with os.scandir(self.folder / inside) as entries:
                names = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self._leave(inside, f"folder that cannot be entered: {error.strerror}")
            return []
        return [
            path
            for entry in names
            if self._take(entry, path := _join(inside, entry.name))
        ]

    def _take(self, entry: os.DirEntry[str], path: str) -> bool:
        """Collect an entry if it is a file or a link; return whether it is a folder."""
        if is_hidden(entry.name):
            self._hidden.append(path)
        elif not is_utf8(entry.name):
            self._leave(path, "name that is not UTF-8: rename it")
        else:
            try:
                if entry.is_symlink():
                    # Unlike is_dir and is_file, it raises if a link leads nowhere.
                    entry.stat()
                if entry.is_file():
                    self._files.append(path)
                elif entry.is_dir() and entry.is_symlink():
                    self.links.append(path)
                elif entry.is_dir():
                    return True
                else:
                    self._leave(path, "neither a file nor a folder")
            except OSError as error:
                self._leave(path, f"link that leads nowhere: {error.strerror}")
        return False

    def _leave(self, path: str, reason: str) -> None:
        self._faults.append((show(path) or ".", reason))

    def tabulate(self) -> Contents:
        """Return the collected content."""
        files = sorted((path, path.rpartition("/")[2]) for path in self._files)
        return Contents(
            pd.DataFrame(files, columns=["path", "name"], dtype=str),
            pd.DataFrame(sorted(self._faults), columns=["name", "reason"], dtype=str),
            sorted(self._hidden),
        )


def is_hidden(name: str) -> bool:
    """Return whether a file or folder is hidden, or belongs to the system."""
    return name.startswith(".") or name.casefold() in _SYSTEM


def _join(folder: str, name: str) -> str:
    return name if folder in ("", ".") else f"{folder}/{name}"


def log_hidden(source: str, hidden: list[str]) -> None:
    """Log how many hidden files of a source were left aside."""
    if hidden:
        logger.info(
            "Source %s: hidden files and folders, and those of the system, left aside: "
            "%d, %s first",
            source,
            len(hidden),
            show(hidden[0]),
        )
