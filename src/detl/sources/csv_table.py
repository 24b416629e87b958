"""Lists of images in csv files: the rows that can be read, and the broken ones."""

import io
import logging
import re
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from detl.errors import DetlError
from detl.sources.csv_rows import Row, count_columns, read_rows, read_text
from detl.sources.spelling import casefold_text

_AS_PUBLISHED = "use the file as it was published"

_EMPTY = "empty row"
_NOTHING = " \t\r\n\xa0;\x1a"
"""Characters of a row without content: blanks, semicolons, the end of a DOS file."""

logger = logging.getLogger("detl.sources")


@dataclass(frozen=True)
class TextTable:
    """The content of a csv file, all as text.

    Attributes:
        rows: The wanted columns, "" where a field is empty, and ``where``: the file's
            name and the number of the row. The heading is row 1.
        faults: Rows that cannot be used: ``name`` (as ``where``) and ``reason``.
    """

    rows: pd.DataFrame
    faults: pd.DataFrame


class _Lengths(NamedTuple):
    """Numbers of fields: of columns with a name, of the heading, of most rows."""

    columns: int
    header: int
    usual: int


def read_text_table(
    path: Path,
    spellings: Mapping[str, tuple[str, ...]],
    advice: str = _AS_PUBLISHED,
    verbatim: Sequence[str] = (),
    optional: Sequence[str] = (),
) -> TextTable:
    """Return the wanted columns of a csv file, renamed.

    Empty and broken rows become ``faults``. A row is broken if it is cut short or too
    long, has an open quote, has text after a closing quote in a wanted column, or holds
    NUL bytes.

    Args:
        path: A csv file, also compressed by gzip; ``read_text`` says in which encoding.
        spellings: For each column of the result, its possible names in the file.
        advice: What the user can do if the file is unreadable or lacks a column.
        verbatim: Columns that keep the blanks at the ends of their text.
        optional: Columns that are "" everywhere if the file lacks them.

    Raises:
        DetlError: There is no such file, it is not a csv table, at least half of its
            rows are broken, or it lacks a column.
    """
    try:
        lines = list(io.StringIO(read_text(path), newline=""))
    except FileNotFoundError:
        raise DetlError(
            f"There is no {path.name} in {path.parent}, where a csv table with the "
            f"columns {_list_spellings(spellings)} was expected; put it there, or name "
            "another folder."
        ) from None
    except PermissionError:
        words, advice = "this user may not read it", "give the user the right to"
        raise _refuse(path, words, advice) from None
    except (EOFError, OSError, ValueError, zlib.error) as error:
        raise _refuse(path, str(error), advice) from None
    header, rows = read_rows(lines)
    if header.fault:
        raise _refuse(path, header.fault.removeprefix("broken row: "), advice)
    required = {k: theirs for k, theirs in spellings.items() if k not in optional}
    positions = _find_columns(header.fields, spellings)
    if not required.keys() <= positions.keys():
        raise DetlError(
            f"{path} has {_quote_heading(header.fields, required)}, where "
            f"{_list_spellings(required)} were expected; {advice}."
        )
    lengths = _find_lengths(header, rows)
    judged = [
        _judge(row, lengths, [*positions.values()])
        for row in rows
        if row.fields or row.fault
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


def _find_lengths(header: Row, rows: Sequence[Row]) -> _Lengths:
    counts = Counter(len(row.fields) for row in rows if any(row.fields))
    usual = max(sorted(counts), key=counts.__getitem__, default=0)
    return _Lengths(count_columns(header), len(header.fields), usual)


def _judge(row: Row, lengths: _Lengths, positions: Sequence[int]) -> Row:
    """Return the row with its fault, if it has one."""
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
    """Return whether a row has too many or too few fields, so that fields shift.

    A comma at the end adds an empty field, usually to all rows or to none.
    """
    count = len(fields)
    is_long = count > max(lengths.header, lengths.usual) or any(
        fields[lengths.header :]
    )
    is_short = count < lengths.usual and not fields[-1]
    return is_long or is_short or count < lengths.columns


def _require_sound(path: Path, rows: Sequence[Row], advice: str) -> None:
    filled = [row.fault for row in rows if not row.fault.startswith(_EMPTY)]
    broken = [fault.partition(": ")[2] for fault in filled if fault]
    if 2 * len(broken) >= max(len(filled), 1):
        more = f", and {len(broken) - 1} more" if broken[1:] else ""
        raise _refuse(path, f"{broken[0]}{more}", advice)
    for row in rows:
        if row.spoilt and not row.fault:
            logger.warning(
                "%s: row %d has text after a closing quote in an unused column; the "
                "row was read.",
                path,
                row.number,
            )


def _tabulate(
    path: Path,
    rows: Sequence[Row],
    positions: Mapping[str, int],
    spellings: Mapping[str, tuple[str, ...]],
    verbatim: Sequence[str],
) -> pd.DataFrame:
    sound = [row for row in rows if not row.fault]
    columns = dict.fromkeys(spellings, [""] * len(sound)) | {
        name: [
            row.fields[position] if name in verbatim else row.fields[position].strip()
            for row in sound
        ]
        for name, position in positions.items()
    }
    where = [f"{path.name}, row {row.number}" for row in sound]
    return pd.DataFrame({**columns, "where": where}, dtype=str)


def _find_columns(
    header: Sequence[str], spellings: Mapping[str, tuple[str, ...]]
) -> dict[str, int]:
    """Return the place in the heading of each wanted column that is there."""
    found = [name.strip() for name in header]
    known = {
        name: [found.index(one) for one in theirs if one in found]
        for name, theirs in spellings.items()
    }
    return {name: places[0] for name, places in known.items() if places}


def _list_spellings(spellings: Mapping[str, tuple[str, ...]]) -> str:
    return ", ".join(" or ".join(theirs) for theirs in spellings.values())


def _quote_heading(
    found: Sequence[str], spellings: Mapping[str, tuple[str, ...]]
) -> str:
    """Return the columns of a file in words.

    A first line that is not a heading is not quoted, because it may name a patient.
    """
    found = [name.strip() for name in found]
    expected = {casefold_text(name) for theirs in spellings.values() for name in theirs}
    # A heading with another separator is a single column.
    if expected.intersection(
        casefold_text(name) for name in re.split(r"[,;\t|]", ",".join(found))
    ):
        return f"the columns {', '.join(filter(None, found))}"
    return "a first line without the name of any column"
