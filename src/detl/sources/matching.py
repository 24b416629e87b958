"""Which file a name in a list means, however the list spells it."""

import os
import posixpath
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from urllib.parse import unquote

import pandas as pd

from detl.sources.files import is_hidden
from detl.sources.spelling import fold, unify

NO_FILE = "no image file"

_ELSEWHERE = re.compile(r"^([A-Za-z]:/|/|~/)")
"""Paths that begin at a root, here or on Windows; their backslashes are slashes."""

_PLAIN = re.compile(r"[\w.-]*\w")
"""Names without folders, and not ``..``."""


@dataclass(frozen=True)
class _Spelling:
    """A way to compare names.

    Attributes:
        of_file: What is compared of a file's name.
        of_row: What is compared of a row's.
        is_same: Whether names alike in this way are one name, so that a file that
            another row names too is named twice.
    """

    of_file: Callable[[str], str]
    of_row: Callable[[str], str]
    is_same: bool


def _as_it_is(name: str) -> str:
    return name


def _fold_parts(name: str) -> str:
    # Blanks at the ends of each part, and before the extension, are not seen.
    parts = (fold(part) for part in name.split("/"))
    return "/".join(re.sub(r" (\.[^.]*)$", r"\1", part) for part in parts)


def _unify_parts(name: str) -> str:
    return "/".join(unify(part) for part in name.split("/"))


def _decode_parts(name: str) -> str:
    return _fold_parts(unquote(name))


def _reread(wrong: str, right: str) -> Callable[[str], str]:
    """Return what reads a name anew that was read as if written in another encoding."""

    def reread(name: str) -> str:
        try:
            # Bytes that mean nothing in Windows-1252 stand as control characters.
            written = b"".join(
                character.encode("latin-1" if character < "\xa0" else wrong)
                for character in name
            )
            name = written.decode(right)
        except UnicodeError:
            pass  # it was not
        return _fold_parts(name)

    return reread


def _stem(name: str) -> str:
    return re.sub(r"\.[^./]*$", "", _fold_parts(name))


def _roughly(name: str) -> str:
    """Return what no way to compare names tells apart."""
    if not _PLAIN.fullmatch(name):
        name = _decode_parts(name)
    folder, slash, last = name.casefold().rpartition("/")
    return folder + slash + last.partition(".")[0]


_SPELLINGS = (
    _Spelling(_as_it_is, _as_it_is, True),
    _Spelling(_unify_parts, _unify_parts, True),
    _Spelling(_fold_parts, _fold_parts, False),
    _Spelling(_fold_parts, _decode_parts, False),
    # A list, or names from an archive, in UTF-8 or what Excel writes for macOS and DOS.
    _Spelling(_fold_parts, _reread("windows-1252", "utf-8"), False),
    _Spelling(_fold_parts, _reread("windows-1252", "mac_roman"), False),
    _Spelling(_fold_parts, _reread("windows-1252", "cp850"), False),
    _Spelling(_reread("windows-1252", "utf-8"), _fold_parts, False),
    _Spelling(_reread("cp437", "utf-8"), _fold_parts, False),
    # The same image encoded again, or a list without extensions, or of .png.gz.
    _Spelling(_stem, _stem, False),
    _Spelling(_stem, _fold_parts, False),
    _Spelling(_fold_parts, _stem, False),
)
"""Ways to compare names, the most exact first."""


def match_files(
    wanted: pd.Series, files: pd.DataFrame, folder: Path, key: str = "path"
) -> pd.DataFrame:
    """Return the file that each name in a list means, or why there is none.

    A file of exactly that name is taken; else one that the list spells otherwise: with
    backslashes, ``./``, the folder's own name or its absolute path, here or where the
    list was made; in another form of Unicode, with other blanks or capitals, or with
    ``%20``; in another encoding than it was read in; or with another extension, as an
    image encoded again. From capitals on, a
    file is taken only where it is the one file and the one row that are so alike, and
    no other row names it more exactly.

    Args:
        wanted: Names in the list, as they stand there.
        files: ``path`` and ``name`` of the files.
        folder: The folder that paths are relative to.
        key: Column of ``files`` that the names are to be found in.

    Returns:
        ``path``, None where there is no file; and ``reason``, "" where there is one;
        with the index of ``wanted``.
    """
    names = files[key].tolist()
    paths = files["path"].tolist()
    by_name: dict[str, str] = {}
    for name, path in zip(names, paths, strict=True):
        by_name.setdefault(name, path)
    # Nearly all names are exact, and the other ways take time.
    found = {row: by_name[name] for row, name in wanted.items() if name in by_name}
    missing = wanted[[row not in found for row in wanted.index]]
    reasons = {}
    if len(missing):
        matcher = _Matcher(by_name, set(found.values()))
        places = _find_places(missing, set(by_name), folder, is_path=key == "path")
        matcher.match(places)
        found |= matcher.found
        elsewhere = dict(zip(files["name"], paths, strict=True))
        reasons = {
            row: _explain(matcher.hints.get(row), names[0], elsewhere, folder)
            for row, names in places.items()
        }
    return pd.DataFrame(
        {
            "path": [found.get(row) for row in wanted.index],
            "reason": [
                "" if row in found else reasons.get(row, NO_FILE)
                for row in wanted.index
            ],
        },
        index=wanted.index,
        dtype=object,
    )


class _Matcher:
    """Matches names that are not exactly those of files."""

    def __init__(self, by_name: dict[str, str], claimed: set[str]) -> None:
        self._by_name = by_name
        self._claimed = claimed
        self.found: dict[object, str] = {}
        self.hints: dict[object, str] = {}

    def match(self, places: dict[object, list[str]]) -> None:
        """Find the file of each row, by its possible names within the folder."""
        # Of a set of which a part is here, most rows have no file by any name.
        known = {_roughly(name) for name in self._by_name}
        places = {
            row: names
            for row, names in places.items()
            if any(not n.isascii() or _roughly(n) in known for n in names)
        }
        for spelling in _SPELLINGS:
            left = {
                row: names
                for row, names in places.items()
                if row not in self.found and row not in self.hints
            }
            if not left:
                return
            files = defaultdict(list)
            for name, path in self._by_name.items():
                files[spelling.of_file(name)].append(path)
            alike = {
                row: self._look(names, files, spelling) for row, names in left.items()
            }
            self._decide(
                {row: paths for row, paths in alike.items() if paths}, spelling
            )

    def _look(
        self, names: Sequence[str], files: dict[str, list[str]], spelling: _Spelling
    ) -> list[str]:
        for name in names:
            paths = files.get(spelling.of_row(name), [])
            if paths:
                return paths
        return []

    def _decide(self, alike: dict[object, list[str]], spelling: _Spelling) -> None:
        rows_of = Counter(path for paths in alike.values() for path in paths)
        taken = set(self._claimed)
        for row, paths in alike.items():
            free = [p for p in paths if spelling.is_same or p not in taken]
            if len(free) > 1:
                self.hints[row] = f"may be {free[0]} or {free[1]}"
            elif not free:
                self.hints[row] = f"{paths[0]} is that of another row"
            elif rows_of[free[0]] > 1 and not spelling.is_same:
                self.hints[row] = f"{free[0]} may be that of another row"
            else:
                self.found[row] = free[0]
                self._claimed.add(free[0])


def _explain(
    hint: str | None, name: str, elsewhere: dict[str, str], folder: Path
) -> str:
    if hint:
        return f"{NO_FILE}: {hint}"
    if any(map(is_hidden, name.split("/"))) and os.path.exists(folder / name):
        return f"{NO_FILE}: it is hidden, or of the system; rename it"
    if posixpath.isabs(name) and os.path.exists(name):
        return f"{NO_FILE}: it lies outside the folder"
    if name in elsewhere:
        return (
            f"{NO_FILE}: it may be {elsewhere[name]}, which the list would have to say"
        )
    return NO_FILE


def _find_places(
    names: pd.Series, files: set[str], folder: Path, is_path: bool
) -> dict[object, list[str]]:
    """Return where each name may lie in the folder, the likeliest first."""
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
    r"""Return a path of a list with slashes, and relative where it lies in the folder.

    Blanks and quotes around it go.

    Args:
        name: Such as ``.\a.png``, ``x/../a.png`` or an absolute path, which stays one
            where it leads elsewhere.
        folder: The folder that relative paths begin in.
    """
    if _PLAIN.fullmatch(name):
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
    """Yield what follows the folder's own name, or its last parents and name.

    Where the list was made, other folders may stand above it.
    """
    parts = path.split("/")
    is_elsewhere = bool(_ELSEWHERE.match(path))
    for end in range(1, len(parts)):
        before = [fold(part) for part in parts[:end]]
        if before[-1:] == own[-1:] if is_elsewhere else before == [*own[-end:]]:
            yield "/".join(parts[end:])


def _own_name(folder: Path) -> list[str]:
    return [fold(part) for part in Path(os.path.abspath(folder)).parts[1:]]


def _find_root(paths: Collection[str], files: set[str]) -> str | None:
    """Return the folder of another computer below which its paths are those of files.

    None where there is none, or not one alone.
    """
    known = {_fold_parts(name) for name in files}
    parents = [path.rpartition("/")[0].split("/") for path in paths]
    steps = takewhile(lambda step: len({*step}) == 1, zip(*parents, strict=False))
    shared = [step[0] for step in steps]
    matched = {}
    for end in range(1, len(shared) + 1):
        root = "/".join(shared[:end])
        matched[root] = sum(
            _fold_parts(path.removeprefix(f"{root}/")) in known for path in paths
        )
    most = max(matched.values(), default=0)
    best = [root for root, count in matched.items() if count == most]
    return best[0] if most and len(best) == 1 else None


def find_folders(folder: Path, names: Iterable[str]) -> list[str]:
    """Return the folders that hold the files of a list, relative to the list's own.

    Args:
        folder: The folder that the list's paths are relative to.
        names: Its paths, however they are spelt.
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
    """Return the folder that a path means, spelt as it is on disk; None if none."""
    here = "/" if path.startswith("/") else ""
    for part in filter(None, path.split("/")):
        if os.path.isdir(folder / here / part):
            here = posixpath.join(here, part)
            continue
        try:
            alike = [
                entry.name
                for entry in os.scandir(folder / here)
                if entry.is_dir() and _decode_parts(part) == _fold_parts(entry.name)
            ]
        except OSError:
            return None
        if len(alike) != 1:
            return None
        here = posixpath.join(here, alike[0])
    return here
