"""The PNG files that films are published as, of 8-bit grey values, decoded fast."""

from struct import pack, unpack_from

import cv2
import numpy as np
from isal.igzip_lib import IsalError
from isal.isal_zlib import crc32, decompressobj

PNG = b"\x89PNG\r\n\x1a\n"

_HEADER_END = 33  # of the signature and the first chunk
_EIGHT_BIT_GREY = bytes([8, 0, 0, 0, 0])  # depth, colour, and no interlacing
_HARMLESS = {b"IHDR", b"IDAT", b"IEND", b"gAMA", b"pHYs", b"tEXt", b"tIME"}
_LENGTHS = {b"gAMA": 4, b"pHYs": 9, b"tIME": 7}

_STORED_ZLIB = b"\x78\x01"  # begins data in the zlib format
_LARGEST_BLOCK = 65535  # bytes that deflate stores in one block


def decode_plain_png(content: bytes, largest_image: int) -> np.ndarray | None:
    """Return the pixels of a plain PNG file, or None where it is none.

    Plain is a file of 8-bit grey values, not interlaced, whole and undamaged, without a
    chunk that bears on its pixels. Whether any other can be used, and why not, Pillow
    says.

    OpenCV decodes it, which is faster than Pillow. Half of that time would be zlib's;
    ISA-L inflates in a quarter of it, so OpenCV is given the same file anew, with its
    data stored and no longer compressed (docs/benchmarks.md).

    Args:
        content: The bytes of the file.
        largest_image: Most pixels (width x height), checked before decoding.

    Returns:
        Grey values, shape (height, width), uint8.
    """
    if content[12:16] != b"IHDR" or content[24:29] != _EIGHT_BIT_GREY:
        return None
    width, height = unpack_from(">II", content, 16)
    if not 1 <= width * height <= largest_image:
        return None
    compressed = _read_data(content)
    data = compressed and _inflate(compressed, height * (width + 1))
    if not compressed or not data:
        return None
    stored = _write_png(content[:_HEADER_END], data, checksum=compressed[-4:])
    try:
        values = cv2.imdecode(np.frombuffer(stored, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:  # larger than OpenCV takes
        return None
    is_whole = values is not None and values.shape == (height, width)
    return values if is_whole else None


def _read_data(content: bytes) -> bytes | None:
    """Return the compressed pixels of a sound file of harmless chunks, else None."""
    start, view = len(PNG), memoryview(content)
    data = []
    while start + 12 <= len(content):
        # A chunk: length, kind, data of that length, and a sum over the last two.
        length = unpack_from(">I", content, start)[0]
        end = start + 8 + length
        kind, total = content[start + 4 : start + 8], content[end : end + 4]
        if kind not in _HARMLESS or total != crc32(view[start + 4 : end]).to_bytes(4):
            return None
        if length != _LENGTHS.get(kind, length):
            return None
        if kind == b"IDAT":
            data.append(view[start + 8 : end])
        if kind == b"IEND":
            return b"".join(data)
        start = end + 4
    return None


def _inflate(compressed: bytes, size: int) -> bytes | None:
    """Return what zlib has compressed if it is sound and of that size, else None."""
    inflater = decompressobj()
    try:
        # One byte more than expected, and never as many as a malicious file may hold.
        data = inflater.decompress(compressed, size + 1)
    except IsalError:  # type: ignore[misc]  # its stubs take the class for an instance
        return None
    is_sound = inflater.eof and not inflater.unused_data and len(data) == size
    return data if is_sound else None


def _write_png(header: bytes, data: bytes, checksum: bytes) -> bytes:
    """Return a PNG file of data that are stored, not compressed.

    Args:
        header: Signature and first chunk.
        data: Rows of pixels, each after the number of its filter.
        checksum: Adler-32 of the data, 4 bytes.
    """
    blocks: list[bytes | memoryview] = [_STORED_ZLIB]
    view = memoryview(data)
    for start in range(0, len(data), _LARGEST_BLOCK):
        block = view[start : start + _LARGEST_BLOCK]
        is_last = start + len(block) == len(data)
        # As RFC 1951, 3.2.4 has it: the length, and the same with all bits changed.
        blocks.append(pack("<?HH", is_last, len(block), len(block) ^ 0xFFFF))
        blocks.append(block)
    stored = b"".join([*blocks, checksum])
    return b"".join([header, *_chunk(b"IDAT", stored), *_chunk(b"IEND", b"")])


def _chunk(kind: bytes, data: bytes) -> tuple[bytes, ...]:
    total = crc32(data, crc32(kind))
    return len(data).to_bytes(4), kind, data, total.to_bytes(4)
