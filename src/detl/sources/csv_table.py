"""Lists of images as csv files: the rows that can be read, and those that cannot."""

import codecs
import csv
import gzip
import io
import logging
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from detl.errors import DetlError
from detl.sources.spelling import fold

_AS_PUBLISHED = "use the file as it was published"

_CLOSED = r'"(?:[^"]|"")*"'
_FIELD = re.compile(rf'({_CLOSED}[^,]*|[^",][^,]*|)(,|$)')
_TEXT_AFTER_QUOTE = re.compile(rf"{_CLOSED}.")

_EMPTY = "empty row"
_NOTHING = " \t\r\n\xa0;\x1a"
"""What a row holds that says nothing: blanks, semicolons, the end of a DOS file."""

logger = logging.getLogger("detl.sources")


@dataclass(frozen=True)
class TextTable:
    """What a csv file holds, all as text.

    Attributes:
        rows: The columns that were asked for, "" where there is nothing, and ``where``:
            the file's name and the row, counted from 1 with the heading.
        faults: Rows that cannot be used: ``name`` (as ``where``) and ``reason``.
    """

    rows: pd.DataFrame
    faults: pd.DataFrame


class _Row(NamedTuple):
    """A row: its number in a spreadsheet, and its fields.

    Attributes:
        spoilt: Positions of the fields with text after a closing quote.
        fault: What is wrong with it, "" if nothing is.
    """

    number: int
    fields: list[str]
    spoilt: frozenset[int] = frozenset()
    fault: str = ""


class _Lengths(NamedTuple):
    """Fields of a row: of the named columns, of the heading, of most rows."""

    columns: int
    header: int
    usual: int


def read_text_table(
    path: Path,
    spellings: Mapping[str, tuple[str, ...]],
    advice: str = _AS_PUBLISHED,
    verbatim: Sequence[str] = (),
) -> TextTable:
    """Return the wanted columns of a csv file, under our own names.

    A row that is broken (cut short, too long, with a quote that is not closed, text
    after a closing quote in a wanted column, or NUL bytes) or empty is left out, and
    what follows it is read on from the next line.

    Args:
        path: A csv file, or one compressed by gzip, in UTF-8 or, with a byte order
            mark, UTF-16. Bytes that are no UTF-8 are read as Windows-1252.
        spellings: For each column of the result, its names in the file.
        advice: What to do where the file cannot be read, or lacks a column.
        verbatim: Columns whose text keeps blanks at its ends.

    Raises:
        DetlError: The file is no csv table, half of its rows or more are broken, or it
            lacks a column.
    """
    try:
        lines = list(io.StringIO(_read_text(path), newline=""))
    except PermissionError:
        words, advice = "this user may not read it", "give the user the right to"
        raise _refuse(path, words, advice) from None
    except (EOFError, OSError, ValueError, zlib.error) as error:
        raise _refuse(path, str(error), advice) from None
    header, rows = _read_rows(lines)
    if header.fault:
        raise _refuse(path, header.fault.removeprefix("broken row: "), advice)
    positions = _find_columns(path, header.fields, spellings, advice)
    lengths = _find_lengths(header, rows)
    judged = [
        _judge(row, lengths, positions) for row in rows if row.fields or row.fault
    ]
    _require_sound(path, judged, advice)
    faults = [
        (f"{path.name}, row {row.number}", row.fault) for row in judged if row.fault
    ]
    return TextTable(
        _tabulate(path, judged, positions, spellings, verbatim),
        pd.DataFrame(faults, columns=["name", "reason"], dtype=str),
    )


def _refuse(path: Path, words: str, advice: str) -> DetlError:
    return DetlError(f"{path} cannot be read as a csv table ({words}); {advice}.")


def _read_text(path: Path) -> str:
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
        # A list in another encoding, whose bytes the names of files may yet tell.
        return broken.decode("latin-1"), error.end


def _read_rows(lines: Sequence[str]) -> tuple[_Row, list[_Row]]:
    """Return the heading and the rows, blank lines too; a broken row is one line.

    The number of a row is that of a spreadsheet, which counts a row with line ends
    inside quotes once.
    """
    header = _Row(0, [], fault="it is empty")
    rows: list[_Row] = []
    start = 0
    while start < len(lines):
        for row, end in _read_sound_rows(lines, start, len(rows), header):
            rows.append(row)
            start = end
            if header.number == 0 and any(row.fields):
                # The rows after it are read by the number of its columns.
                header = row
                break
        else:
            if start < len(lines):
                # What follows is read anew: a quote may be open by mistake.
                rows.append(_read_beside_the_rules(len(rows) + 1, lines[start]))
                start += 1
                if header.number == 0:
                    header = rows[-1]
    return header, rows[header.number :]


def _read_sound_rows(
    lines: Sequence[str], start: int, before: int, header: _Row
) -> Iterator[tuple[_Row, int]]:
    """Yield rows up to one that is broken, and the line after each."""
    reader = csv.reader(
        (lines[position] for position in range(start, len(lines))), strict=True
    )
    here = start
    with suppress(csv.Error):
        for number, fields in enumerate(reader, start=before + 1):
            end = start + reader.line_num
            if _swallows_rows(lines[here + 1 : end], fields, header):
                return
            yield _Row(number, fields), end
            here = end


def _swallows_rows(
    continued: Sequence[str], fields: Sequence[str], header: _Row
) -> bool:
    """Return whether the lines after a row's first are rows, and no text in quotes."""
    if not continued or not header.fields:
        return False
    shortest = _count_columns(header)
    return len(fields) < shortest or any(
        len(next(csv.reader([line]))) >= shortest for line in continued
    )


def _read_beside_the_rules(number: int, line: str) -> _Row:
    """Return a row with text after a closing quote, or that is broken."""
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
                return _Row(number, next(csv.reader([text])), frozenset(spoilt))
            fault = f"broken row: row {number} has a field of over 100,000 characters"
            return _Row(number, [], fault=fault)
    return _Row(number, [], fault=f"broken row: row {number} has an open quote")


def _count_columns(header: _Row) -> int:
    # Published tables end their lines with a comma, some but not all of them.
    return len([name for name in header.fields if name.strip()])


def _find_lengths(header: _Row, rows: Sequence[_Row]) -> _Lengths:
    counts = Counter(len(row.fields) for row in rows if any(row.fields))
    usual = max(sorted(counts), key=counts.__getitem__, default=0)
    return _Lengths(_count_columns(header), len(header.fields), usual)


def _judge(row: _Row, lengths: _Lengths, positions: Sequence[int]) -> _Row:
    """Return the row with what is wrong with it, if anything is."""
    if row.fault:
        return row
    text = "".join(row.fields)
    if not text.strip(_NOTHING):
        words = f"{_EMPTY}: row {row.number}"
    elif _is_shifted(row.fields, lengths):
        words = (
            f"broken row: row {row.number} has {len(row.fields)} fields and the header "
            f"{lengths.header}"
        )
    elif row.spoilt.intersection(positions):
        words = f"broken row: row {row.number} has text after a closing quote"
    elif "\0" in text and any("\0" in row.fields[p] for p in positions):
        words = f"broken row: row {row.number} holds NUL bytes"
    else:
        return row
    return row._replace(fault=words)


def _is_shifted(fields: Sequence[str], lengths: _Lengths) -> bool:
    """Return whether a row has fields too many or too few, so that others move.

    A comma at the end of a row adds an empty field: to all rows, or to none.
    """
    count = len(fields)
    is_long = count > max(lengths.header, lengths.usual) or any(
        fields[lengths.header :]
    )
    is_short = count < lengths.usual and not fields[-1]
    return is_long or is_short or count < lengths.columns


def _require_sound(path: Path, rows: Sequence[_Row], advice: str) -> None:
    filled = [row.fault for row in rows if not row.fault.startswith(_EMPTY)]
    broken = [fault.partition(": ")[2] for fault in filled if fault]
    if 2 * len(broken) >= max(len(filled), 1):
        more = f", and {len(broken) - 1} more" if broken[1:] else ""
        raise _refuse(path, f"{broken[0]}{more}", advice)
    for row in rows:
        if row.spoilt and not row.fault:
            logger.warning(
                "%s: row %d has text after a closing quote, in a column that is not "
                "used; the row was read.",
                path,
                row.number,
            )


def _tabulate(
    path: Path,
    rows: Sequence[_Row],
    positions: Sequence[int],
    spellings: Mapping[str, tuple[str, ...]],
    verbatim: Sequence[str],
) -> pd.DataFrame:
    sound = [row for row in rows if not row.fault]
    columns = {
        name: [
            row.fields[position] if name in verbatim else row.fields[position].strip()
            for row in sound
        ]
        for name, position in zip(spellings, positions, strict=True)
    }
    where = [f"{path.name}, row {row.number}" for row in sound]
    return pd.DataFrame({**columns, "where": where}, dtype=str)


def _find_columns(
    path: Path,
    header: Sequence[str],
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
            f"{path} has {_quote_heading(found, spellings)}, where {expected} were "
            f"expected; {advice}."
        )
    return [positions[0] for positions in known]


def _quote_heading(
    found: Sequence[str], spellings: Mapping[str, tuple[str, ...]]
) -> str:
    """Return the columns that a file has, in words.

    A first line that is no heading is not quoted: it may name a patient.
    """
    expected = {fold(name) for theirs in spellings.values() for name in theirs}
    # With another separator the line is one column.
    if expected.intersection(
        fold(name) for name in re.split(r"[,;\t|]", ",".join(found))
    ):
        return f"the columns {', '.join(filter(None, found))}"
    return "a first line without the name of any column"
