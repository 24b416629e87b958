"""What PNG files hold that says nothing of their pixels."""

import zlib
from struct import unpack_from

from detl.imaging.signatures import PNG

_NOTES = {b"eXIf", b"iCCP", b"iTXt", b"tEXt", b"zTXt"}


def drop_notes(content: bytes) -> bytes:
    """Return a PNG file without its colour profile, its texts and its camera's notes.

    These do not change the stored pixels. They may be of any size, and Pillow takes
    large ones for an attack. Damaged notes stay, so that the decoder finds the damage,
    and so does all that follows a damaged length.

    Args:
        content: The bytes of the file, which starts as PNG files do.
    """
    kept: list[bytes | memoryview] = [PNG]
    view = memoryview(content)
    start = len(PNG)
    while start + 12 <= len(content):
        # A chunk: length, kind, data of that length, and a sum over the last two.
        end = start + 12 + unpack_from(">I", content, start)[0]
        chunk = view[start:end]
        if chunk[4:8] not in _NOTES or not _is_sound(chunk):
            kept.append(chunk)
        start = end
    return b"".join([*kept, view[start:]])


def _is_sound(chunk: memoryview) -> bool:
    return zlib.crc32(chunk[4:-4]).to_bytes(4) == chunk[-4:]
