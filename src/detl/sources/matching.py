"""Matching of the names in a list to files, even where the spellings differ."""

import os
import posixpath
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from detl.sources.files import is_hidden
from detl.sources.list_paths import find_places
from detl.sources.name_spellings import SPELLINGS, Spelling, simplify_name

NO_FILE = "no image file"


def match_files(
    wanted: pd.Series, files: pd.DataFrame, folder: Path, key: str = "path"
) -> pd.DataFrame:
    """Return the file that each name in a list means, or why there is none.

    A file with exactly that name comes first. Otherwise these differences are allowed:
    backslashes, ``./``, the folder's own name or its absolute path (here or where the
    list was made); another form of Unicode, other blanks or capitals, or ``%20``;
    another encoding; another extension, as of an image that was encoded again. For
    capitals and all that follows, one file and one row must be alike and no other, and
    no other row may name the file more exactly.

    Args:
        wanted: Names as they stand in the list.
        files: ``path`` and ``name`` of the files.
        folder: The folder that paths are relative to.
        key: Column of ``files`` to look for the names in.

    Returns:
        ``path``, None where there is no file; and ``reason``, "" where there is one;
        with the index of ``wanted``.
    """
    names = files[key].tolist()
    paths = files["path"].tolist()
    by_name: dict[str, str] = {}
    for name, path in zip(names, paths, strict=True):
        by_name.setdefault(name, path)
    # Nearly all names are exact, and the other comparisons take time.
    found = {row: by_name[name] for row, name in wanted.items() if name in by_name}
    missing = wanted[[row not in found for row in wanted.index]]
    reasons = {}
    if len(missing):
        matcher = _Matcher(by_name, set(found.values()))
        places = find_places(missing, set(by_name), folder, is_path=key == "path")
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
    """Matches the names that are not exactly the name of a file."""

    def __init__(self, by_name: dict[str, str], claimed: set[str]) -> None:
        self._by_name = by_name
        self._claimed = claimed
        self.found: dict[object, str] = {}
        self.hints: dict[object, str] = {}

    def match(self, places: dict[object, list[str]]) -> None:
        """Find the file of each row by its possible names in the folder."""
        # Where only a part of a data set is present, most rows have no file at all.
        known = {simplify_name(name) for name in self._by_name}
        places = {
            row: names
            for row, names in places.items()
            if any(not n.isascii() or simplify_name(n) in known for n in names)
        }
        for spelling in SPELLINGS:
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
        self, names: Sequence[str], files: dict[str, list[str]], spelling: Spelling
    ) -> list[str]:
        for name in names:
            paths = files.get(spelling.of_row(name), [])
            if paths:
                return paths
        return []

    def _decide(self, alike: dict[object, list[str]], spelling: Spelling) -> None:
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
