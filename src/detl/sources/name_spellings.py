"""Ways to compare the names of files with the names in a list."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from detl.sources.spelling import casefold_text, normalise_text

PLAIN_NAME = re.compile(r"[\w.-]*\w")
"""Names without folders, and not ``..``."""


@dataclass(frozen=True)
class Spelling:
    """A way to compare the name of a file with the name in a row of a list.

    Attributes:
        of_file: Returns the part of a file's name to compare.
        of_row: Returns the part of a row's name to compare.
        is_same: Whether equal results mean the same name. Two rows may then mean one
            file, and the image counts as named twice.
    """

    of_file: Callable[[str], str]
    of_row: Callable[[str], str]
    is_same: bool


def _as_it_is(name: str) -> str:
    return name


def casefold_parts(name: str) -> str:
    """Return a path without differences of capitals and of blanks."""
    # Nobody sees the blanks at the ends of a part and before the extension.
    parts = (casefold_text(part) for part in name.split("/"))
    return "/".join(re.sub(r" (\.[^.]*)$", r"\1", part) for part in parts)


def _normalise_parts(name: str) -> str:
    return "/".join(normalise_text(part) for part in name.split("/"))


def decode_parts(name: str) -> str:
    """Return a path as ``casefold_parts`` does, with ``%20`` and the like decoded."""
    return casefold_parts(unquote(name))


def _reread(wrong: str, right: str) -> Callable[[str], str]:
    """Return a function that corrects a name that was read in the wrong encoding."""

    def reread(name: str) -> str:
        try:
            # Bytes without a meaning in Windows-1252 appear as control characters.
            written = b"".join(
                character.encode("latin-1" if character < "\xa0" else wrong)
                for character in name
            )
            name = written.decode(right)
        except UnicodeError:
            pass  # the encoding was right
        return casefold_parts(name)

    return reread


def _stem(name: str) -> str:
    return re.sub(r"\.[^./]*$", "", casefold_parts(name))


def simplify_name(name: str) -> str:
    """Return a short form that is equal wherever any ``Spelling`` finds names equal."""
    if not PLAIN_NAME.fullmatch(name):
        name = decode_parts(name)
    folder, slash, last = name.casefold().rpartition("/")
    return folder + slash + last.partition(".")[0]


SPELLINGS = (
    Spelling(_as_it_is, _as_it_is, True),
    Spelling(_normalise_parts, _normalise_parts, True),
    Spelling(casefold_parts, casefold_parts, False),
    Spelling(casefold_parts, decode_parts, False),
    # Names in UTF-8, or as Excel writes them for macOS and DOS, read as Windows-1252.
    Spelling(casefold_parts, _reread("windows-1252", "utf-8"), False),
    Spelling(casefold_parts, _reread("windows-1252", "mac_roman"), False),
    Spelling(casefold_parts, _reread("windows-1252", "cp850"), False),
    Spelling(_reread("windows-1252", "utf-8"), casefold_parts, False),
    Spelling(_reread("cp437", "utf-8"), casefold_parts, False),
    # Other extensions: an image encoded again, a list without extensions or of .png.gz.
    Spelling(_stem, _stem, False),
    Spelling(_stem, casefold_parts, False),
    Spelling(casefold_parts, _stem, False),
)
"""Ways to compare names, the most exact first."""
