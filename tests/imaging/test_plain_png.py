import tracemalloc
import zlib
from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image

from detl.imaging.plain_png import decode_plain_png, drop_notes

LARGEST = 1_000_000
AFTER_HEADER = 33  # signature of 8 bytes, and a chunk of 25


@pytest.fixture
def grey():
    return np.random.default_rng(0).normal(128, 9, (70, 90)).astype(np.uint8)


def _encode(pixels, *options):
    return cv2.imencode(".png", pixels, options)[1].tobytes()


def _chunk(kind, data):
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


def _assemble(pixels, *data):
    """Return a PNG of these compressed data, in a chunk each."""
    height, width = pixels.shape
    header = width.to_bytes(4) + height.to_bytes(4) + bytes([8, 0, 0, 0, 0])
    chunks = (b"IHDR", header), *((b"IDAT", part) for part in data), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _rows(pixels):
    """Return the pixels as PNG compresses them, without a filter."""
    return b"".join(b"\0" + row.tobytes() for row in pixels)


def _by_pillow(content):
    return np.asarray(Image.open(BytesIO(content)))


@pytest.mark.parametrize("compression", range(10))
def test_pixels_are_those_that_pillow_sees(grey, compression):
    content = _encode(grey, cv2.IMWRITE_PNG_COMPRESSION, compression)

    decoded = decode_plain_png(content, LARGEST)

    np.testing.assert_array_equal(decoded, _by_pillow(content))


@pytest.mark.parametrize("kind", ["NONE", "SUB", "UP", "AVG", "PAETH"])
def test_every_filter_is_undone(grey, kind):
    filters = getattr(cv2, f"IMWRITE_PNG_FILTER_{kind}", None)
    if filters is None:
        pytest.skip("this OpenCV does not let its filter be chosen")
    content = _encode(grey, cv2.IMWRITE_PNG_FILTER, filters)

    np.testing.assert_array_equal(decode_plain_png(content, LARGEST), grey)


@pytest.mark.parametrize("height", [1, 2, 3, 255])
def test_data_that_end_with_a_stored_block_are_whole(height):
    # Rows of 21,845 bytes with their filter: three are a block of 65,535.
    pixels = np.random.default_rng(1).integers(0, 256, (height, 21_844), np.uint8)
    content = _assemble(pixels, zlib.compress(_rows(pixels)))

    np.testing.assert_array_equal(decode_plain_png(content, 10**7), pixels)


def test_data_in_several_chunks_are_one_picture(grey):
    data = zlib.compress(_rows(grey))
    content = _assemble(grey, data[:100], b"", data[100:2000], data[2000:])

    np.testing.assert_array_equal(decode_plain_png(content, LARGEST), grey)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P", "1", "I;16"])
def test_other_pixels_than_grey_of_8_bits_are_left_to_pillow(grey, mode):
    file = BytesIO()
    Image.fromarray(grey).convert(mode).save(file, "PNG")

    assert decode_plain_png(file.getvalue(), LARGEST) is None


@pytest.mark.parametrize("kind", [b"gAMA", b"pHYs", b"tIME"])
def test_a_chunk_of_the_wrong_length_is_left_to_pillow(grey, kind):
    png = _encode(grey)

    content = png[:AFTER_HEADER] + _chunk(kind, b"12") + png[AFTER_HEADER:]

    assert decode_plain_png(content, LARGEST) is None


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"eXIf"])
def test_a_note_beside_the_pixels_does_not_matter(grey, kind):
    png = _encode(grey)

    content = png[:AFTER_HEADER] + _chunk(kind, b"a\0b") + png[AFTER_HEADER:]

    np.testing.assert_array_equal(decode_plain_png(content, LARGEST), grey)


def test_notes_that_are_whole_are_dropped_and_nothing_else(grey):
    png = _encode(grey)
    note = _chunk(b"zTXt", b"a\0\0b")
    damaged = note[:-1] + b"?"

    kept = drop_notes(png[:AFTER_HEADER] + note + damaged + png[AFTER_HEADER:] + b"end")

    assert kept == png[:AFTER_HEADER] + damaged + png[AFTER_HEADER:] + b"end"


def test_a_transparent_grey_is_left_to_pillow(grey):
    png = _encode(grey)

    content = png[:AFTER_HEADER] + _chunk(b"tRNS", b"\0\1") + png[AFTER_HEADER:]

    assert decode_plain_png(content, LARGEST) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda data: zlib.compress(data + b"\0"),
        lambda data: zlib.compress(data[:-1]),
        lambda data: zlib.compress(data)[:-1] + b"?",
        lambda data: zlib.compress(data)[:-9],
        lambda data: zlib.compress(data) + b"?",
        lambda data: data,
        lambda data: b"",
    ],
    ids=["more", "fewer", "wrong sum", "cut short", "followed", "other", "none"],
)
def test_data_that_are_not_the_pixels_are_left_to_pillow(grey, change):
    content = _assemble(grey, change(_rows(grey)))

    assert decode_plain_png(content, LARGEST) is None


def test_a_second_header_is_left_to_pillow(grey):
    png = _encode(grey)
    header = (30).to_bytes(4) + (10).to_bytes(4) + bytes([8, 0, 0, 0, 0])

    content = png[:AFTER_HEADER] + _chunk(b"IHDR", header) + png[AFTER_HEADER:]

    assert decode_plain_png(content, LARGEST) is None


def test_data_that_do_not_follow_one_another_are_left_to_pillow(grey):
    data = zlib.compress(_rows(grey))
    together = _assemble(grey, data[:100], data[100:])
    first = _chunk(b"IDAT", data[:100])

    apart = together.replace(first, first + _chunk(b"tEXt", b"a\0b"))

    assert decode_plain_png(together, LARGEST) is not None
    assert decode_plain_png(apart, LARGEST) is None


def test_a_window_larger_than_that_of_zlib_is_left_to_pillow(grey):
    data = bytearray(zlib.compress(_rows(grey)))
    data[0] = 0x88
    data[1] = 31 - (data[0] << 8) % 31  # which makes the two a multiple of 31

    with pytest.raises(zlib.error, match="invalid window size"):
        zlib.decompress(data)
    assert decode_plain_png(_assemble(grey, data), LARGEST) is None


def test_a_filter_that_png_has_not_is_left_to_pillow(grey):
    data = bytearray(_rows(grey))
    data[0] = 9

    assert decode_plain_png(_assemble(grey, zlib.compress(data)), LARGEST) is None


@pytest.mark.parametrize("place", [20, 40, 3000, -2])
def test_a_byte_that_is_damaged_leaves_the_file_to_pillow(grey, place):
    content = bytearray(_encode(grey))
    content[place] ^= 0xFF

    assert decode_plain_png(bytes(content), LARGEST) is None


def test_a_file_of_more_pixels_than_allowed_is_not_inflated(grey):
    assert decode_plain_png(_encode(grey), grey.size) is not None
    assert decode_plain_png(_encode(grey), grey.size - 1) is None


def test_data_that_inflate_without_end_take_no_more_memory_than_the_picture(grey):
    bomb = zlib.compress(bytes(10**8), 1)

    tracemalloc.start()
    assert decode_plain_png(_assemble(grey, bomb), LARGEST) is None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 10 * len(bomb)
