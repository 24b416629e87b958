import zlib
from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from detl.imaging.decode import decode_image
from detl.imaging.grey import ImageRejected, NotReadNow

LARGEST = 10_000


@pytest.fixture
def grey():
    return np.random.default_rng(0).integers(0, 256, (6, 9), dtype=np.uint8)


def _encode(pixels, extension=".png", *options):
    return cv2.imencode(extension, pixels, options)[1].tobytes()


def _save(image, image_format="PNG", **options):
    file = BytesIO()
    image.save(file, image_format, **options)
    return file.getvalue()


def _chunk(kind, data):
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


_ADAM7 = [  # first row and column of each pass, and the steps between
    *[(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4)],
    *[(2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)],
]


def _write_png(samples, colour, is_interlaced=False, extra=b""):
    """Return a PNG of 16 bits of a type of colour, its rows without a filter."""
    height, width, _ = samples.shape
    passes = _ADAM7 if is_interlaced else [(0, 0, 1, 1)]
    rows = b"".join(
        b"\0" + row.astype(">u2").tobytes()
        for top, left, down, right in passes
        for row in samples[top::down, left::right]
        if row.size
    )
    size = width.to_bytes(4) + height.to_bytes(4)
    header = _chunk(b"IHDR", size + bytes([16, colour, 0, 0, is_interlaced]))
    data = _chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + header + extra + data + _chunk(b"IEND", b"")


def test_an_8_bit_png_comes_back_exactly(grey):
    np.testing.assert_array_equal(decode_image(_encode(grey), LARGEST), grey)


@pytest.mark.parametrize("level", range(10))
def test_a_png_of_every_compression_comes_back_exactly(level):
    film = np.random.default_rng(0).normal(128, 9, (70, 90)).astype(np.uint8)
    content = _encode(film, ".png", cv2.IMWRITE_PNG_COMPRESSION, level)

    np.testing.assert_array_equal(decode_image(content, LARGEST), film)


def test_a_png_in_several_pieces_is_one_picture(grey):
    plain = _rewrite(grey, lambda compressed: compressed)
    data = zlib.compress(b"".join(b"\0" + row.tobytes() for row in grey))
    pieces = b"".join(_chunk(b"IDAT", part) for part in (data[:9], b"", data[9:]))

    content = plain.replace(_chunk(b"IDAT", data), pieces)

    assert content != plain
    np.testing.assert_array_equal(decode_image(content, LARGEST), grey)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P"])
def test_a_grey_picture_is_the_same_in_every_png_mode(grey, mode):
    content = _save(Image.fromarray(grey).convert(mode))

    np.testing.assert_array_equal(decode_image(content, LARGEST), grey)


def test_transparency_is_ignored(grey):
    image = Image.fromarray(grey).convert("RGBA")
    image.putalpha(0)

    np.testing.assert_array_equal(decode_image(_save(image), LARGEST), grey)


def test_a_transparent_palette_is_ignored(grey):
    image = Image.fromarray(grey).convert("P")
    content = _save(image, transparency=bytes(range(256)))

    np.testing.assert_array_equal(decode_image(content, LARGEST), grey)


def test_colours_become_luminance():
    image = Image.fromarray(np.array([[[255, 0, 0], [0, 255, 0]]], np.uint8))

    np.testing.assert_array_equal(decode_image(_save(image), LARGEST), [[76, 150]])


def test_a_16_bit_png_is_scaled_from_its_own_range():
    deep = np.array([[1000, 2000], [3000, 5000]], np.uint16)

    np.testing.assert_array_equal(
        decode_image(_encode(deep), LARGEST), [[0, 64], [128, 255]]
    )


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("is_interlaced", [False, True])
def test_all_16_bits_count_in_every_kind_of_png(channels, is_interlaced):
    grey = np.arange(60, 4110, 90, dtype=np.uint16).reshape(5, 9)
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    samples = np.repeat(grey[..., None], channels, 2)
    if channels in (2, 4):
        samples[..., -1] = 7  # alpha, which is ignored
    content = _write_png(samples, colour, is_interlaced)

    low, high = grey.min(), grey.max()
    expected = np.rint((grey.astype(float) - low) * 255 / (high - low))
    np.testing.assert_array_equal(decode_image(content, LARGEST), expected)


def test_colours_of_16_bits_become_luminance():
    samples = np.array([[[60000, 0, 0], [0, 60000, 0], [0, 0, 60000]]], np.uint16)

    grey = decode_image(_write_png(samples, 2), LARGEST)

    shares = np.array([[0.299, 0.587, 0.114]])
    np.testing.assert_array_equal(grey, np.rint((shares - 0.114) * 255 / 0.473))


def test_a_transparent_value_of_16_bits_is_ignored():
    samples = np.array([[[1000], [2000], [3000]]], np.uint16)
    content = _write_png(samples, 0, extra=_chunk(b"tRNS", (2000).to_bytes(2)))

    np.testing.assert_array_equal(decode_image(content, LARGEST), [[0, 128, 255]])


@pytest.mark.parametrize(
    ("channels", "colour"),
    [(1, 0), (2, 4), (3, 2), (4, 6)],
    ids=["L", "LA", "RGB", "A"],
)
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_16_bits_cut_short_are_rejected(channels, colour, share):
    noise = np.random.default_rng(0).integers(0, 4096, (30, 30, channels), np.uint16)
    content = _write_png(noise, colour)

    with pytest.raises(ImageRejected, match="broken image"):
        decode_image(content[: int(share * len(content))], LARGEST)


@pytest.mark.parametrize("mark", [0, 65535])
def test_a_mark_at_an_end_of_16_bits_leaves_the_film_its_contrast(mark):
    film = np.tile(np.arange(20000, 30000, 100, dtype=np.uint16), (50, 1))
    film[0, :3] = mark

    grey = decode_image(_encode(film), LARGEST)

    low, high = np.percentile(film, [0.1, 99.9])
    expected = np.clip((film - low) * 255 / (high - low), 0, 255)
    assert np.abs(grey - expected).max() <= 0.51


def test_a_film_without_a_mark_keeps_its_darkest_and_brightest_value():
    film = np.tile(np.arange(20000, 30000, 100, dtype=np.uint16), (50, 1))
    film[0, 0], film[0, -1] = 19000, 31000

    grey = decode_image(_encode(film), LARGEST)

    np.testing.assert_array_equal(
        grey, np.rint((film.astype(float) - 19000) * 255 / 12000)
    )


@pytest.mark.parametrize("others", [1, 3, 40])
def test_a_few_pixels_among_many_of_one_value_are_seen(others):
    film = np.full((100, 100), 500, np.uint16)
    film[50, :others] = 4000

    grey = decode_image(_encode(film), LARGEST)

    np.testing.assert_array_equal(grey, np.where(film == 4000, 255, 0))


def test_a_1_bit_png_is_black_and_white():
    content = _save(Image.fromarray(np.array([[True, False]])))

    np.testing.assert_array_equal(decode_image(content, LARGEST), [[255, 0]])


def _without_segment(jpeg, marker):
    """Return a JPEG without its segment of a marker."""
    start = jpeg.index(bytes([0xFF, marker]))
    length = int.from_bytes(jpeg[start + 2 : start + 4])
    return jpeg[:start] + jpeg[start + 2 + length :]


def test_inks_are_not_inverted_where_adobe_has_not_written_them():
    ramp = np.tile(np.arange(0, 256, 8, dtype=np.uint8), (32, 1))
    inks = 255 - np.asarray(Image.fromarray(ramp).convert("RGB").convert("CMYK"))
    # Pillow inverts what it saves.
    content = _save(Image.fromarray(inks, "CMYK"), "JPEG", quality=95)

    decoded = decode_image(_without_segment(content, 0xEE), LARGEST).astype(int)

    assert np.abs(decoded - ramp).max() <= 6


def test_what_cameras_and_programs_add_to_a_jpeg_does_not_matter(grey):
    plain = _save(Image.fromarray(grey), "JPEG", quality=95)
    large = b"".join(
        bytes([0xFF, marker]) + b"\xff\xff" + bytes(65533)
        for marker in range(0xE1, 0xF0)
    )

    content = plain[:2] + large + plain[2:] + bytes(3000)

    np.testing.assert_array_equal(
        decode_image(content, LARGEST), decode_image(plain, LARGEST)
    )


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_jpeg_comes_back_nearly(mode):
    ramp = np.tile(np.arange(0, 256, 8, dtype=np.uint8), (32, 1))
    content = _save(Image.fromarray(ramp).convert(mode), "JPEG", quality=95)

    decoded = decode_image(content, LARGEST).astype(int)

    assert np.abs(decoded - ramp).max() <= 6


def test_the_orientation_in_exif_is_ignored(grey):
    exif = Image.Exif()
    exif[0x0112] = 6

    content = _save(Image.fromarray(grey), "JPEG", exif=exif)

    assert decode_image(content, LARGEST).shape == grey.shape


def test_what_the_file_is_called_does_not_matter_but_what_it_holds():
    with pytest.raises(ImageRejected, match="neither PNG nor JPEG nor DICOM"):
        decode_image(b"<!DOCTYPE html>" + bytes(200), LARGEST)


def test_an_empty_file_is_rejected():
    with pytest.raises(ImageRejected, match="empty file"):
        decode_image(b"", LARGEST)


@pytest.mark.parametrize("extension", [".png", ".jpg"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_a_file_cut_short_is_rejected(extension, share):
    noise = np.random.default_rng(0).integers(0, 256, (90, 90), dtype=np.uint8)
    content = _encode(noise, extension)

    with pytest.raises(ImageRejected, match=r"broken image: ."):
        decode_image(content[: int(share * len(content))], LARGEST)


def test_a_damaged_png_is_rejected(grey):
    content = bytearray(_encode(grey))
    content[len(content) // 2] ^= 0xFF

    with pytest.raises(ImageRejected, match="broken image"):
        decode_image(bytes(content), LARGEST)


def _rewrite(pixels, change):
    """Return a PNG whose compressed pixels were changed and whose sums are right."""
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    height, width = pixels.shape
    header = width.to_bytes(4) + height.to_bytes(4) + bytes([8, 0, 0, 0, 0])
    chunks = (b"IHDR", header), (b"IDAT", change(zlib.compress(rows))), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def test_a_png_of_too_few_compressed_bytes_is_rejected_though_its_sums_are_right(grey):
    content = _rewrite(grey, lambda compressed: compressed[:-20])

    with pytest.raises(ImageRejected, match="broken image: image file is truncated"):
        decode_image(content, LARGEST)


def test_a_png_of_wrong_compressed_bytes_is_rejected_though_its_sums_are_right(grey):
    content = _rewrite(grey, lambda compressed: compressed[:-1] + b"?")

    with pytest.raises(ImageRejected, match="broken image: broken data stream"):
        decode_image(content, LARGEST)


def test_a_png_damaged_beside_its_pixels_is_rejected(grey):
    content = _save(Image.fromarray(grey), dpi=(300, 300))
    damaged = content.replace(b"pHYs\0", b"pHYs\1")

    with pytest.raises(ImageRejected, match="broken image"):
        decode_image(damaged, LARGEST)


_LARGE = bytes(3_000_000)
_NOTES = {
    b"iCCP": b"profile\0\0" + zlib.compress(_LARGE),
    b"zTXt": b"text\0\0" + zlib.compress(_LARGE),
    b"iTXt": b"text\0\1\0\0\0" + zlib.compress(_LARGE),
    b"tEXt": b"text\0" + b"a" * len(_LARGE),
    b"eXIf": b"no camera has written this",
}


@pytest.mark.parametrize("kind", _NOTES)
@pytest.mark.parametrize("mode", ["L", "RGB", "P", "I;16"])
@pytest.mark.parametrize("is_after", [False, True])
def test_a_large_note_beside_the_pixels_of_a_png_does_not_matter(
    grey, kind, mode, is_after
):
    plain = _save(Image.fromarray(grey).convert(mode))
    place = plain.rindex(b"IEND") - 4 if is_after else 33

    content = plain[:place] + _chunk(kind, _NOTES[kind]) + plain[place:]

    np.testing.assert_array_equal(
        decode_image(content, LARGEST), decode_image(plain, LARGEST)
    )


@pytest.mark.parametrize("share", [0.2, 0.6, 0.999])
def test_a_png_cut_short_within_or_after_a_large_note_is_rejected(grey, share):
    plain = _save(Image.fromarray(grey).convert("RGB"))
    note = _chunk(b"tEXt", _NOTES[b"tEXt"])
    content = plain[:33] + note + plain[33:]

    with pytest.raises(ImageRejected, match="broken image"):
        decode_image(content[: int(share * len(content))], LARGEST)


def test_a_damaged_note_of_a_png_is_rejected(grey):
    plain = _save(Image.fromarray(grey).convert("RGB"))
    note = _chunk(b"tEXt", b"a\0b")[:-1] + b"?"

    with pytest.raises(ImageRejected, match="broken image"):
        decode_image(plain[:33] + note + plain[33:], LARGEST)


def test_what_follows_the_end_of_a_png_does_not_matter(grey):
    plain = _save(Image.fromarray(grey).convert("RGB"))

    np.testing.assert_array_equal(decode_image(plain + b"junk" * 99, LARGEST), grey)


def test_nothing_is_printed_of_a_broken_png(capfd):
    noise = np.random.default_rng(0).integers(0, 256, (90, 90), dtype=np.uint8)

    with pytest.raises(ImageRejected):
        decode_image(_encode(noise)[:4000], LARGEST)

    assert capfd.readouterr() == ("", "")


def test_a_large_image_is_rejected_before_it_is_decoded():
    header_alone = _encode(np.zeros((100, 101), np.uint8))[:60]

    with pytest.raises(ImageRejected, match="too large: 101 x 100 pixels"):
        decode_image(header_alone, LARGEST)


def test_the_largest_size_is_still_taken():
    image = np.zeros((100, 100), np.uint8)
    image[0] = 1

    assert decode_image(_encode(image), LARGEST).shape == (100, 100)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_blank_image_is_rejected(dtype):
    with pytest.raises(ImageRejected, match="blank"):
        decode_image(_encode(np.full((5, 5), 7, dtype)), LARGEST)


def test_the_reason_is_the_same_each_time():
    noise = np.random.default_rng(0).integers(0, 256, (50, 50), dtype=np.uint8)
    content = _encode(noise)[:1000]
    reasons = set()
    for _ in range(3):
        with pytest.raises(ImageRejected) as rejected:
            decode_image(content, LARGEST)
        reasons.add(str(rejected.value))

    assert len(reasons) == 1


@pytest.mark.parametrize(
    "error", [MemoryError(), OSError("out of memory error when reading image file")]
)
def test_an_image_for_which_memory_was_short_may_be_decoded_another_time(
    grey, monkeypatch, error
):
    def fail(image):
        raise error

    monkeypatch.setattr(JpegImageFile, "load", fail)

    with pytest.raises(NotReadNow, match="broken image: "):
        decode_image(_encode(grey, ".jpg"), LARGEST)
