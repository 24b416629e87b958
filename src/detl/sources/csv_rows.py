"""Rows of a csv file, also where some of them break the rules of csv."""

import codecs
import csv
import gzip
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_CLOSED = r'"(?:[^"]|"")*"'
_FIELD = re.compile(rf'({_CLOSED}[^,]*|[^",][^,]*|)(,|$)')
_TEXT_AFTER_QUOTE = re.compile(rf"{_CLOSED}.")

logger = logging.getLogger("detl.sources")


class Row(NamedTuple):
    """A row: its number in a spreadsheet, and its fields.

    Attributes:
        number: Counted from 1, as a spreadsheet does: a row with line ends inside
            quotes counts once.
        spoilt: Positions of the fields with text after a closing quote.
        fault: What is wrong with the row, "" if nothing is.
    """

    number: int
    fields: list[str]
    spoilt: frozenset[int] = frozenset()
    fault: str = ""


def read_text(path: Path) -> str:
    """Return the text of a file, which gzip may have compressed.

    The encoding is UTF-8 or, with a byte order mark, UTF-16. Bytes that are not UTF-8
    are read as Windows-1252, with a warning in the log.

    Raises:
        ValueError: The file is not text.
    """
    open_file = gzip.open if path.suffix == ".gz" else open
    with open_file(path, "rb") as file:
        content = file.read()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    if b"\0" in content.partition(b"\n")[0]:
        raise ValueError("it is no text, or UTF-16 without its mark")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        logger.warning(
            "%s is not all UTF-8; its other bytes were read as Windows-1252, as Excel "
            "writes them. If files are not found, save it as 'CSV UTF-8'.",
            path,
        )
    codecs.register_error("detl.windows_1252", _read_as_windows_1252)
    return content.decode("utf-8-sig", errors="detl.windows_1252")


def _read_as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    broken = error.object[error.start : error.end]
    try:
        return broken.decode("windows-1252"), error.end
    except UnicodeDecodeError:
        # The list has another encoding. match_files may still recognise file names.
        return broken.decode("latin-1"), error.end


def read_rows(lines: Sequence[str]) -> tuple[Row, list[Row]]:
    """Return the heading and the rows of a csv file, blank lines included.

    A broken row ends with its line, and reading goes on at the next line.
    """
    header = Row(0, [], fault="it is empty")
    rows: list[Row] = []
    start = 0
    while start < len(lines):
        for row, end in _read_sound_rows(lines, start, len(rows), header):
            rows.append(row)
            start = end
            if header.number == 0 and any(row.fields):
                # The reader needs the number of columns for the rows that follow.
                header = row
                break
        else:
            if start < len(lines):
                # This line is read alone: its open quote may be a mistake.
                rows.append(_read_broken_line(len(rows) + 1, lines[start]))
                start += 1
                if header.number == 0:
                    header = rows[-1]
    return header, rows[header.number :]


def _read_sound_rows(
    lines: Sequence[str], start: int, before: int, header: Row
) -> Iterator[tuple[Row, int]]:
    """Yield each row up to the first broken one, and the line after it."""
    reader = csv.reader(
        (lines[position] for position in range(start, len(lines))), strict=True
    )
    here = start
    with suppress(csv.Error):
        for number, fields in enumerate(reader, start=before + 1):
            end = start + reader.line_num
            if _swallows_rows(lines[here + 1 : end], fields, header):
                return
            yield Row(number, fields), end
            here = end


def _swallows_rows(
    continued: Sequence[str], fields: Sequence[str], header: Row
) -> bool:
    """Return whether the lines after a row's first are rows and not quoted text."""
    if not continued or not header.fields:
        return False
    shortest = count_columns(header)
    return len(fields) < shortest or any(
        len(next(csv.reader([line]))) >= shortest for line in continued
    )


def _read_broken_line(number: int, line: str) -> Row:
    """Return the row of a line: its fields, or what is wrong with it."""
    text = line.rstrip("\r\n")
    raw = []
    at = 0
    while match := _FIELD.match(text, at):
        raw.append(match[1])
        at = match.end()
        if not match[2]:
            spoilt = [
                p for p, field in enumerate(raw) if _TEXT_AFTER_QUOTE.match(field)
            ]
            with suppress(csv.Error):
                return Row(number, next(csv.reader([text])), frozenset(spoilt))
            fault = f"broken row: row {number} has a field of over 100,000 characters"
            return Row(number, [], fault=fault)
    return Row(number, [], fault=f"broken row: row {number} has an open quote")


def count_columns(header: Row) -> int:
    """Return the number of columns that have a name."""
    # In published tables some lines end with a comma, which adds an empty field.
    return len([name for name in header.fields if name.strip()])
