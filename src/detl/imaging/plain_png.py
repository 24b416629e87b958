"""The PNG files that films are published as, of 8-bit grey values, decoded fast."""

from struct import pack, unpack_from

import cv2
import numpy as np
from isal.igzip_lib import IsalError
from isal.isal_zlib import crc32, decompressobj

PNG = b"\x89PNG\r\n\x1a\n"

_HEADER_END = 33  # of the signature and the first chunk
_EIGHT_BIT_GREY = bytes([8, 0, 0, 0, 0])  # depth, colour, and no interlacing
_NOTES = {b"eXIf", b"iCCP", b"iTXt", b"tEXt", b"zTXt"}
_HARMLESS = {b"IHDR", b"IDAT", b"IEND", b"gAMA", b"pHYs", b"tIME"} | _NOTES
_LENGTHS = {b"gAMA": 4, b"pHYs": 9, b"tIME": 7}

_STORED_ZLIB = b"\x78\x01"  # begins data in the zlib format
_LARGEST_BLOCK = 65535  # bytes that deflate stores in one block
_LARGEST_WINDOW = 7  # of 32 KB; zlib refuses what ISA-L would take
_END = bytes(4) + b"IEND" + crc32(b"IEND").to_bytes(4)


def decode_plain_png(content: bytes, largest_image: int) -> np.ndarray | None:
    """Return the pixels of a plain PNG file, or None where it is none.

    Plain is a file of 8-bit grey values, not interlaced, whose chunks are whole,
    undamaged and in order, and none of which bears on its pixels. Whether any other can
    be used, and why not, Pillow says.

    OpenCV decodes it, which is faster than Pillow. Half of that time would be zlib's;
    ISA-L inflates in a quarter of it, so OpenCV is given the same file anew, with its
    data stored and no longer compressed (docs/benchmarks.md). Data of a right checksum
    are taken where their compression is a little beside the rules, as zlib would not.

    Args:
        content: The bytes of the file, which begins as PNG files do.
        largest_image: Most pixels (width x height), checked before decoding.

    Returns:
        Grey values, shape (height, width), uint8.
    """
    if content[12:16] != b"IHDR" or content[24:29] != _EIGHT_BIT_GREY:
        return None
    width, height = unpack_from(">II", content, 16)
    if not 1 <= width * height <= largest_image:
        return None
    stored = _store_data(content, height * (width + 1))
    if stored is None:
        return None
    try:
        values = cv2.imdecode(np.frombuffer(stored, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:  # larger than OpenCV takes
        return None
    is_whole = values is not None and values.shape == (height, width)
    return values if is_whole else None


def drop_notes(content: bytes) -> bytes:
    """Return a PNG file without its colour profile, its texts and its camera's notes.

    None of these bears on the pixels as they are stored, and they may be of any size.
    Those that are damaged stay, as does all that follows a damaged length.

    Args:
        content: The bytes of the file, which begins as PNG files do.
    """
    kept, view = [content[: len(PNG)]], memoryview(content)
    start = len(PNG)
    while start + 12 <= len(content):
        end = start + 12 + unpack_from(">I", content, start)[0]
        is_note = content[start + 4 : start + 8] in _NOTES
        if not is_note or not _is_whole(view[start:end]):
            kept.append(content[start:end])
        start = end
    return b"".join([*kept, content[start:]])


def _is_whole(chunk: memoryview) -> bool:
    return crc32(chunk[4:-4]).to_bytes(4) == chunk[-4:]


def _store_data(content: bytes, size: int) -> bytes | None:
    """Return a PNG file with the same pixels, not compressed; None if it is not plain.

    Args:
        content: Of the file.
        size: Bytes of its rows, each after the number of its filter.
    """
    compressed = _read_data(content)
    if not compressed:
        return None
    data = _inflate(compressed, size)
    if data is None:
        return None
    checksum = compressed[-4:]
    return b"".join([content[:_HEADER_END], *_data_chunk(data, checksum), _END])


def _read_data(content: bytes) -> bytes | None:
    """Return the compressed pixels of a sound file of harmless chunks, else None."""
    start, view = len(PNG), memoryview(content)
    data: list[memoryview] = []
    before = b""
    while start + 12 <= len(content):
        # A chunk: length, kind, data of that length, and a sum over the last two.
        length = unpack_from(">I", content, start)[0]
        end = start + 8 + length
        kind, total = content[start + 4 : start + 8], content[end : end + 4]
        if kind not in _HARMLESS or total != crc32(view[start + 4 : end]).to_bytes(4):
            return None
        if length != _LENGTHS.get(kind, length):
            return None
        is_second_header = kind == b"IHDR" and before
        are_data_apart = kind == b"IDAT" and data and before != kind
        if is_second_header or are_data_apart:
            return None
        if kind == b"IDAT":
            data.append(view[start + 8 : end])
        if kind == b"IEND":
            return b"".join(data)
        start, before = end + 4, kind
    return None


def _inflate(compressed: bytes, size: int) -> bytes | None:
    """Return what zlib has compressed if it is sound and of that size, else None."""
    if compressed[0] >> 4 > _LARGEST_WINDOW:
        return None
    inflater = decompressobj()
    try:
        # One byte more than expected, and never as many as a malicious file may hold.
        data = inflater.decompress(compressed, size + 1)
    except IsalError:  # type: ignore[misc]  # its stubs take the class for an instance
        return None
    is_sound = inflater.eof and not inflater.unused_data and len(data) == size
    return data if is_sound else None


def _data_chunk(data: bytes, checksum: bytes) -> list[bytes | memoryview]:
    """Return, in pieces, the chunk of data that are stored and not compressed.

    Args:
        data: Rows of pixels.
        checksum: Adler-32 of the data, 4 bytes.
    """
    pieces: list[bytes | memoryview] = [b"IDAT", _STORED_ZLIB]
    view = memoryview(data)
    for start in range(0, len(data), _LARGEST_BLOCK):
        block = view[start : start + _LARGEST_BLOCK]
        is_last = start + len(block) == len(data)
        # As RFC 1951, 3.2.4 has it: the length, and the same with all bits changed.
        pieces.append(pack("<?HH", is_last, len(block), len(block) ^ 0xFFFF))
        pieces.append(block)
    pieces.append(checksum)
    length = sum(map(len, pieces)) - len(b"IDAT")
    total = 0
    for piece in pieces:
        total = crc32(piece, total)
    return [length.to_bytes(4), *pieces, total.to_bytes(4)]
