import zlib
from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image

from detl.imaging import decode
from detl.imaging.decode import ImageRejected, NotReadNow, decode_image

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


def test_an_8_bit_png_comes_back_exactly(grey):
    np.testing.assert_array_equal(decode_image(_encode(grey), LARGEST), grey)


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


def test_a_1_bit_png_is_black_and_white():
    content = _save(Image.fromarray(np.array([[True, False]])))

    np.testing.assert_array_equal(decode_image(content, LARGEST), [[255, 0]])


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


def _chunk(kind, data):
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


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


def test_an_image_for_which_memory_was_short_may_be_decoded_another_time(
    grey, monkeypatch
):
    def be_short(_):
        raise MemoryError

    monkeypatch.setattr(decode, "_to_grey", be_short)

    with pytest.raises(NotReadNow, match="broken image: MemoryError"):
        decode_image(_encode(grey, ".jpg"), LARGEST)


def test_a_lack_of_memory_that_pillow_words_itself_is_not_held_against_the_file(
    grey, monkeypatch
):
    def fail(image):
        raise OSError("out of memory error when reading image file")

    monkeypatch.setattr(decode.JpegImageFile, "load", fail)
    with pytest.raises(NotReadNow, match="out of memory"):
        decode_image(_encode(grey, ".jpg"), 10**6)
