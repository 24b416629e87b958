from io import BytesIO

import cv2
import imagecodecs
import numpy as np
import pytest
from PIL import Image
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    MPEG2MPML,
    UID,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from detl.imaging.decode import decode_image
from detl.imaging.grey import ImageRejected
from dicom_files import (
    compress,
    decode,
    encode,
    encode_lossless_jpeg,
    make_dataset,
    rename_syntax,
    scale,
)


def _film(depth, dtype=np.uint16):
    """Return a smooth picture with some noise, which takes all values of a depth."""
    y, x = np.mgrid[0:32, 0:24]
    noise = np.random.default_rng(depth).normal(0, 0.01, x.shape)
    film = np.sin(x / 7) + np.cos(y / 9) + noise
    film = (film - film.min()) / (film.max() - film.min())
    return np.rint(film * (2**depth - 1)).astype(dtype)


def _dataset(values, depth, **elements):
    return make_dataset(values, BitsStored=depth, HighBit=depth - 1, **elements)


def _jpeg_2000(values, **options):
    file = BytesIO()
    Image.fromarray(values).save(file, "JPEG2000", no_jp2=True, **options)
    return file.getvalue()


@pytest.mark.parametrize("selection", range(1, 8))
@pytest.mark.parametrize("depth", [8, 10, 12, 16])
def test_lossless_jpeg_is_read(depth, selection):
    values = _film(depth, np.uint8 if depth == 8 else np.uint16)
    frame = encode_lossless_jpeg(values, depth, selection)
    syntax = JPEGLosslessSV1 if selection == 1 else JPEGLossless

    grey = decode(compress(_dataset(values, depth), frame, syntax))

    np.testing.assert_array_equal(grey, scale(values))


def test_a_sign_is_found_again_after_compression():
    values = _film(12)
    signed = values.astype(np.int16) - 2048
    dataset = _dataset(signed, 12, WindowCenter=0, WindowWidth=4097)

    frame = encode_lossless_jpeg(signed & 0xFFF, 12)

    np.testing.assert_array_equal(
        decode(compress(dataset, frame, JPEGLosslessSV1)), scale(values)
    )


@pytest.mark.parametrize("precision", [12, 16])
def test_an_overlay_above_the_stored_bits_is_left_out(precision):
    values = _film(10)
    marked = values.copy()
    marked[3:5] |= 1 << 11
    frame = encode_lossless_jpeg(marked, precision)

    grey = decode(compress(_dataset(values, 10), frame, JPEGLosslessSV1))

    np.testing.assert_array_equal(grey, scale(values))


def test_baseline_jpeg_is_read():
    values = _film(8, np.uint8)
    frame = cv2.imencode(".jpg", values, [cv2.IMWRITE_JPEG_QUALITY, 98])[1].tobytes()

    grey = decode(compress(_dataset(values, 8), frame, JPEGBaseline8Bit))

    assert np.abs(grey.astype(int) - scale(values)).max() <= 6


@pytest.mark.parametrize("stored", [8, 12, 16])
@pytest.mark.parametrize("representation", [0, 1])
def test_a_picture_of_fewer_bits_than_the_header_has_is_read(stored, representation):
    values = _film(7, np.uint8)
    frame = cv2.imencode(".jpg", values, [cv2.IMWRITE_JPEG_QUALITY, 98])[1].tobytes()
    dataset = _dataset(values.astype(np.uint16), stored)
    dataset.PixelRepresentation = representation

    grey = decode(compress(dataset, frame, JPEGBaseline8Bit))

    assert np.abs(grey.astype(int) - scale(values)).max() <= 12


def test_jpeg_of_12_bits_is_read():
    values = _film(12)
    frame = imagecodecs.jpeg8_encode(values, level=98, bitspersample=12)

    grey = decode(compress(_dataset(values, 12), frame, JPEGExtended12Bit))

    assert np.abs(grey.astype(int) - scale(values)).max() <= 4


@pytest.mark.parametrize("depth", [8, 16])
def test_lossless_jpeg_2000_is_read(depth):
    values = _film(depth, np.uint8 if depth == 8 else np.uint16)

    grey = decode(
        compress(_dataset(values, depth), _jpeg_2000(values), JPEG2000Lossless)
    )

    np.testing.assert_array_equal(grey, scale(values))


def test_jpeg_2000_within_its_own_file_format_is_read():
    values = _film(16)
    file = BytesIO()
    Image.fromarray(values).save(file, "JPEG2000")

    grey = decode(compress(_dataset(values, 16), file.getvalue(), JPEG2000Lossless))

    np.testing.assert_array_equal(grey, scale(values))


def test_what_loss_has_added_above_the_stored_bits_stays_white():
    values = _film(12)
    beyond = values.copy()
    beyond[values == 4095] = 4100
    frame = _jpeg_2000(beyond)

    grey = decode(compress(_dataset(values, 12), frame, JPEG2000))

    np.testing.assert_array_equal(grey, scale(values))


@pytest.mark.parametrize("syntax", [HTJ2KLossless, HTJ2K])
def test_high_throughput_jpeg_2000_is_read(syntax):
    values = _film(12)
    frame = bytes(imagecodecs.htj2k_encode(values))

    grey = decode(compress(_dataset(values, 12), frame, syntax))

    np.testing.assert_array_equal(grey, scale(values))


@pytest.mark.parametrize(
    ("syntax", "loss"), [(JPEGLSLossless, 0), (JPEGLSNearLossless, 2)]
)
@pytest.mark.parametrize("depth", [8, 12, 16])
def test_jpeg_ls_is_read(depth, syntax, loss):
    values = _film(depth, np.uint8 if depth == 8 else np.uint16)
    frame = bytes(imagecodecs.jpegls_encode(values, level=loss))

    grey = decode(compress(_dataset(values, depth), frame, syntax))

    assert np.abs(grey.astype(int) - scale(values)).max() <= loss


@pytest.mark.parametrize("depth", [8, 12])
def test_rle_is_read(depth):
    values = _film(depth, np.uint8 if depth == 8 else np.uint16)
    dataset = _dataset(values, depth)
    dataset.compress(RLELossless)

    np.testing.assert_array_equal(decode(dataset), scale(values))


@pytest.mark.parametrize("syntax", [JPEG2000, ExplicitVRLittleEndian, UID("1.2.3")])
def test_a_compression_is_told_from_the_picture_and_not_from_the_header(syntax):
    values = _film(12)
    frame = encode_lossless_jpeg(values, 12)
    content = encode(compress(_dataset(values, 12), frame, JPEGLosslessSV1))

    renamed = rename_syntax(content, JPEGLosslessSV1, syntax)

    np.testing.assert_array_equal(decode_image(renamed, 1000), scale(values))


def test_a_compression_that_is_not_read_is_named_with_what_reads_it():
    dataset = compress(_dataset(_film(12), 12), bytes(64), MPEG2MPML)

    with pytest.raises(ImageRejected, match=r"MPEG2 Main Profile.*package python-gdcm"):
        decode(dataset)


@pytest.mark.parametrize("kind", ["lossless JPEG", "JPEG", "JPEG-LS", "JPEG 2000"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_picture_cut_short_is_rejected(kind, share):
    values = _film(8, np.uint8)
    frame = {
        "lossless JPEG": encode_lossless_jpeg(values, 8),
        "JPEG": cv2.imencode(".jpg", values)[1].tobytes(),
        "JPEG-LS": bytes(imagecodecs.jpegls_encode(values)),
        "JPEG 2000": _jpeg_2000(values),
    }[kind]
    cut = frame[: int(share * len(frame))]

    with pytest.raises(ImageRejected, match="broken DICOM: "):
        decode(compress(_dataset(values, 8), cut, JPEGLosslessSV1))


def test_a_file_cut_short_within_its_compressed_picture_is_rejected():
    values = _film(12)
    frame = encode_lossless_jpeg(values, 12)
    content = encode(compress(_dataset(values, 12), frame, JPEGLosslessSV1))

    with pytest.raises(ImageRejected, match="cut short"):
        decode_image(content[:-200], 1000)


def test_a_picture_of_another_size_than_the_header_has_is_not_decoded():
    values = _film(12)
    frame = encode_lossless_jpeg(np.zeros((1, 4), int), 12)
    huge = frame.replace(b"\x00\x01\x00\x04", b"\xff\xff\xff\xff", 1)

    with pytest.raises(ImageRejected, match=r"24 x 32 .* 65535 x 65535 in its picture"):
        decode(compress(_dataset(values, 12), huge, JPEGLosslessSV1))


def test_a_picture_in_colours_under_a_grey_header_is_rejected():
    colours = np.dstack([_film(8, np.uint8)] * 3)
    frame = cv2.imencode(".jpg", colours)[1].tobytes()

    with pytest.raises(ImageRejected, match="not grey: 3 colours"):
        decode(compress(_dataset(colours[..., 0], 8), frame, JPEGBaseline8Bit))
