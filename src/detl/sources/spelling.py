"""Texts without their differences of Unicode form, blanks and capitals."""

import re
import unicodedata

_UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\xad"))


def normalise_text(text: str) -> str:
    """Return the text in Unicode form NFC, with single blanks and none at its ends.

    Invisible characters, such as a byte order mark, are removed.
    """
    if text.isascii() and text.isprintable() and " " not in text:
        return text
    composed = unicodedata.normalize("NFC", text).translate(_UNSEEN)
    return re.sub(r"\s+", " ", composed).strip()


def casefold_text(text: str) -> str:
    """Return the normalised text without differences of capitals."""
    return normalise_text(text).casefold()


def is_utf8(name: str) -> bool:
    """Return whether a file's name is UTF-8 on disk."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def show(name: str) -> str:
    r"""Return a file's name for a table; bytes that are not UTF-8 become ``\xfc``."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
