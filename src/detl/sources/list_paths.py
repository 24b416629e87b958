"""Paths in a list, and the places in a source's folder that they may mean."""

import os
import posixpath
import re
from collections.abc import Collection, Iterable, Sequence
from itertools import takewhile
from pathlib import Path
from urllib.parse import unquote

import pandas as pd

from detl.sources.name_spellings import PLAIN_NAME, casefold_parts, decode_parts
from detl.sources.spelling import casefold_text

_ELSEWHERE = re.compile(r"^([A-Za-z]:/|/|~/)")
"""Paths from a root, here or on Windows, with slashes in place of backslashes."""


def find_places(
    names: pd.Series, files: set[str], folder: Path, is_path: bool
) -> dict[object, list[str]]:
    """Return the places in the folder that each name may mean, the likeliest first."""
    tidied = {row: tidy_path(name, folder) for row, name in names.items()}
    if not is_path:
        return {row: [path.rpartition("/")[2]] for row, path in tidied.items()}
    own = _own_name(folder)
    strange = {
        path
        for path in tidied.values()
        if _ELSEWHERE.match(path) and not os.path.exists(path)
    }
    root = _find_root(strange, files)
    places = {}
    for row, path in tidied.items():
        places[row] = [path, *_drop_own_name(path, own)]
        if root is not None and path in strange:
            places[row].append(path.removeprefix(f"{root}/"))
    return places


def tidy_path(name: str, folder: Path) -> str:
    r"""Return a path of a list with slashes, relative if it leads into the folder.

    Blanks and quotes around it are removed.

    Args:
        name: Such as ``.\a.png``, ``x/../a.png`` or an absolute path. An absolute path
            to another place stays absolute.
        folder: The folder that relative paths begin in.
    """
    if PLAIN_NAME.fullmatch(name):
        return name
    text = name.strip().strip("\"'“”").strip()
    if text.casefold().startswith("file:/"):
        text = "/" + unquote(text[5:]).lstrip("/")
        text = text[1:] if re.match(r"/[A-Za-z]:", text) else text
    text = text.replace("\\", "/")
    here = os.path.abspath(folder)
    path = posixpath.normpath(posixpath.join(here, text)) if text else ""
    if re.match(r"[A-Za-z]:/|~/|//", text):
        return re.sub("/+", "/", text)
    for base in (here, os.path.realpath(here)):
        if path.startswith(f"{base}/"):
            return path.removeprefix(f"{base}/")
    return path if posixpath.isabs(text) else posixpath.normpath(text)


def _drop_own_name(path: str, own: Sequence[str]) -> Iterable[str]:
    """Yield the parts of a path below the folder's own name.

    Other folders may stand above it on the computer where the list was made.
    """
    parts = path.split("/")
    is_elsewhere = bool(_ELSEWHERE.match(path))
    for end in range(1, len(parts)):
        before = [casefold_text(part) for part in parts[:end]]
        if before[-1:] == own[-1:] if is_elsewhere else before == [*own[-end:]]:
            yield "/".join(parts[end:])


def _own_name(folder: Path) -> list[str]:
    return [casefold_text(part) for part in Path(os.path.abspath(folder)).parts[1:]]


def _find_root(paths: Collection[str], files: set[str]) -> str | None:
    """Return the folder of another computer that corresponds to this folder.

    Most of its paths lead to files of this folder. None if no folder does, or several.
    """
    known = {casefold_parts(name) for name in files}
    parents = [path.rpartition("/")[0].split("/") for path in paths]
    steps = takewhile(lambda step: len({*step}) == 1, zip(*parents, strict=False))
    shared = [step[0] for step in steps]
    matched = {}
    for end in range(1, len(shared) + 1):
        root = "/".join(shared[:end])
        matched[root] = sum(
            casefold_parts(path.removeprefix(f"{root}/")) in known for path in paths
        )
    most = max(matched.values(), default=0)
    best = [root for root, count in matched.items() if count == most]
    return best[0] if most and len(best) == 1 else None


def find_folders(folder: Path, names: Iterable[str]) -> list[str]:
    """Return the folders that hold the files of a list, relative to the list's folder.

    Args:
        folder: The folder that the list's paths are relative to.
    """
    paths = {tidy_path(name, folder) for name in names}
    own = _own_name(folder)
    parents: dict[str, None] = {"": None}
    for path in sorted(paths):
        ways = [path, *_drop_own_name(path, own)]
        if _ELSEWHERE.match(path):
            parts = path.split("/")
            ways += ["/".join(parts[end:]) for end in range(1, len(parts))]
        parents |= dict.fromkeys(way.rpartition("/")[0] for way in ways)
    found = (_find_folder(folder, parent) for parent in parents)
    return [*dict.fromkeys(name for name in found if name is not None)]


def _find_folder(folder: Path, path: str) -> str | None:
    """Return the folder that a path means, spelt as on disk, or None."""
    here = "/" if path.startswith("/") else ""
    for part in filter(None, path.split("/")):
        if os.path.isdir(folder / here / part):
            here = posixpath.join(here, part)
            continue
        try:
            alike = [
                entry.name
                for entry in os.scandir(folder / here)
                if entry.is_dir() and decode_parts(part) == casefold_parts(entry.name)
            ]
        except OSError:
            return None
        if len(alike) != 1:
            return None
        here = posixpath.join(here, alike[0])
    return here
