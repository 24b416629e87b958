"""One text under its many spellings: of Unicode, of blanks, of capitals."""

import re
import unicodedata

_UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\xad"))


def unify(text: str) -> str:
    """Return the text composed (NFC), with single plain blanks and none at its ends.

    Args:
        text: Any text; characters that are not seen, such as a byte order mark, go.
    """
    if text.isascii() and text.isprintable() and " " not in text:
        return text
    composed = unicodedata.normalize("NFC", text).translate(_UNSEEN)
    return re.sub(r"\s+", " ", composed).strip()


def fold(text: str) -> str:
    """Return ``unify``'s text without a difference of capitals.

    Args:
        text: Any text.
    """
    return unify(text).casefold()


def is_utf8(name: str) -> bool:
    """Return whether a file's name, as Python reads it, is UTF-8 on disk."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def show(name: str) -> str:
    r"""Return a file's name for a table, with bytes that are no UTF-8 as ``\xfc``."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
