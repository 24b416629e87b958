"""How image files begin."""

import re

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
DICOM = b"DICM"

# How a DICOM file begins that has no preamble: with a group, an element, and the kind
# of its value or the length of it, in either order of bytes.
_BARE_DICOM = re.compile(
    rb"[\x02\x08]\0.\0([A-Z]{2}|.{2}\0\0)|\0\x08\0.[A-Z]{2}", re.DOTALL
)


def is_dicom(beginning: bytes) -> bool:
    """Return whether a file is DICOM, from its first 132 bytes.

    Without preamble and mark, as some archives and old exporters write it, it begins
    with an element of group 2 or 8.
    """
    has_mark = DICOM in (beginning[128:132], beginning[:4])
    return has_mark or _BARE_DICOM.match(beginning) is not None
