"""What lies in a source's folder: its tables and its image files."""

import csv
import gzip
import os
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from detl.errors import DetlError

EXTERNAL = "external"
"""The source of the external test, which the command names and no parameter block."""

_AS_PUBLISHED = "use the file as it was published"


def where_to_set(source: str) -> str:
    """Return the words that say how to point a source at another folder."""
    if source == EXTERNAL:
        return "name another folder, or a csv, with --params source=PATH"
    return (
        f"set ingest.sources.{source}.folder, or the environment variable DETL_DATA "
        "for the raw data folder, to where it lies"
    )


def require_folder(folder: Path, source: str, content: str) -> None:
    """Raise an error that says what belongs there if there is no such folder.

    Args:
        folder: Folder of the source.
        source: Name of the source in the parameters.
        content: What belongs into the folder, in words.

    Raises:
        DetlError: There is no such folder, or it may not be read.
    """
    if not folder.is_dir():
        raise DetlError(
            f"There is no folder {folder}, where {content} should be; "
            f"{where_to_set(source)}."
        )
    if not os.access(folder, os.R_OK | os.X_OK):
        raise DetlError(
            f"{folder}, where {content} should be, may not be read by this user: give "
            f"the user the right to, or {where_to_set(source)}."
        )


def read_text_table(
    path: Path,
    spellings: Mapping[str, tuple[str, ...]],
    advice: str = _AS_PUBLISHED,
) -> pd.DataFrame:
    """Return the wanted columns of a csv file, all as text, under our own names.

    Args:
        path: A csv file, or one compressed by gzip; UTF-8, broken bytes replaced.
        spellings: For each column of the result, its names in the file.
        advice: What to do where the file cannot be read, or lacks a column.

    Returns:
        One row per row of the file, stripped text, "" where there is nothing.

    Raises:
        DetlError: The file is no csv table, or lacks a column.
    """
    try:
        header, *rows = _read_rows(path)
    except (csv.Error, EOFError, OSError, ValueError, zlib.error) as error:
        raise DetlError(
            f"{path} cannot be read as a csv table ({error}); {advice}."
        ) from None
    positions = _find_columns(path, header, spellings, advice)
    return pd.DataFrame(
        [[row[position].strip() for position in positions] for row in rows],
        columns=list(spellings),
        dtype=str,
    )


def _read_rows(path: Path) -> list[list[str]]:
    """Return the header and the rows, none of which is cut short or too long."""
    open_file = gzip.open if path.suffix == ".gz" else open
    with open_file(path, "rt", encoding="utf-8-sig", errors="replace", newline="") as f:
        rows = [row for row in csv.reader(f, strict=True) if row]
    if not rows:
        raise ValueError("it is empty")
    longest = len(rows[0])
    # Published tables end their lines with a comma, some but not all of them.
    shortest = len([name for name in rows[0] if name])
    for number, row in enumerate(rows, start=1):
        if len(row) < shortest or any(row[longest:]):
            raise ValueError(
                f"row {number} has {len(row)} fields and the header {longest}"
            )
    return rows


def _find_columns(
    path: Path,
    header: list[str],
    spellings: Mapping[str, tuple[str, ...]],
    advice: str,
) -> list[int]:
    found = [name.strip() for name in header]
    known = [
        [found.index(name) for name in theirs if name in found]
        for theirs in spellings.values()
    ]
    if not all(known):
        expected = ", ".join(" or ".join(theirs) for theirs in spellings.values())
        raise DetlError(
            f"{path} has the columns {', '.join(filter(None, found))}, where "
            f"{expected} were expected; {advice}."
        )
    return [positions[0] for positions in known]


def list_files(folder: Path, subfolders: Iterable[str]) -> pd.DataFrame:
    """Return the files that lie directly in some subfolders of a folder.

    Hidden files, whose names begin with a dot, are left out.

    Args:
        folder: Folder of the source.
        subfolders: Paths relative to it; those that do not exist hold nothing.

    Returns:
        One row per file, sorted: ``path`` relative to ``folder``, and ``name``.
    """
    found = [
        (f"{subfolder}/{entry.name}", entry.name)
        for subfolder in subfolders
        if (folder / subfolder).is_dir()
        for entry in os.scandir(folder / subfolder)
        if not entry.name.startswith(".") and entry.is_file()
    ]
    return pd.DataFrame(sorted(found), columns=["path", "name"], dtype=str)


def match_files(wanted: pd.Series, files: pd.DataFrame, key: str) -> pd.Series:
    """Return the path of the file of each row of a csv table, NA where none is.

    A file of exactly that name is taken. Where there is none, but one single
    file differs only in its extension and belongs to no other row, it is the
    same image encoded again, and is taken.

    Args:
        wanted: Names in the csv table.
        files: What ``list_files`` found.
        key: Column of ``files`` that the names are to be found in.
    """
    exact = files.drop_duplicates(key).set_index(key, drop=False)["path"]
    matched = wanted.map(exact).astype(object)
    spare = files[~files[key].isin(wanted)]
    by_stem = spare.assign(stem=_stem(spare[key])).drop_duplicates("stem", keep=False)
    missing = wanted[matched.isna()]
    stems = _stem(missing).drop_duplicates(keep=False)
    again = stems.map(by_stem.set_index("stem")["path"]).astype(object)
    return matched.where(matched.notna(), again.reindex(wanted.index))


def _stem(names: pd.Series) -> pd.Series:
    return names.str.replace(r"\.[^./]*$", "", regex=True)
