import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, JPEGLosslessSV1

from detl.imaging.decode import decode_image
from detl.imaging.grey import ImageRejected
from dicom_files import (
    VALUES,
    compress,
    decode,
    encode,
    encode_lossless_jpeg,
    make_dataset,
    rename_syntax,
    scale,
)

TWELVE_BITS = np.array([[0, 800, 1600], [2400, 3200, 4095]], np.uint16)
"""Of which none has the bits of another scaled."""


def _with_border(inside, border, dtype):
    """Return a column of padding on each side of some values."""
    return np.pad(np.asarray(inside, dtype), ((0, 0), (1, 1)), constant_values=border)


def _expect(inside, is_inverted=False):
    grey = scale(inside)
    return np.pad(255 - grey if is_inverted else grey, ((0, 0), (1, 1)))


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize(
    ("border", "dtype"),
    [(0, np.uint16), (65535, np.uint16), (-2000, np.int16), (-32768, np.int16)],
)
def test_padding_is_black_and_no_part_of_the_range(photometric, border, dtype):
    values = _with_border(VALUES, border, dtype)
    dataset = make_dataset(values, PhotometricInterpretation=photometric)
    dataset.add_new("PixelPaddingValue", "SS" if border < 0 else "US", border)

    expected = _expect(VALUES, photometric == "MONOCHROME1")
    np.testing.assert_array_equal(decode(dataset), expected)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_black_beside_a_window(photometric):
    values = _with_border(VALUES, 65535, np.uint16)
    dataset = make_dataset(
        values,
        PhotometricInterpretation=photometric,
        WindowCenter=350,
        WindowWidth=301,
        PixelPaddingValue=65535,
    )

    expected = _expect(np.clip(VALUES, 200, 500), photometric == "MONOCHROME1")
    assert np.abs(decode(dataset) - expected).max() <= 1


def test_padding_is_told_before_rescaling():
    values = _with_border(VALUES, 0, np.uint16)
    dataset = make_dataset(
        values, RescaleSlope=-1, RescaleIntercept=4095, PixelPaddingValue=0
    )

    np.testing.assert_array_equal(decode(dataset), _expect(-VALUES.astype(int)))


@pytest.mark.parametrize(("first", "last"), [(0, 50), (50, 0)])
def test_a_range_of_padding_has_both_its_limits(first, last):
    values = _with_border(VALUES, 50, np.uint16)
    values[0, 0] = 0
    dataset = make_dataset(values, PixelPaddingValue=first, PixelPaddingRangeLimit=last)

    np.testing.assert_array_equal(decode(dataset), _expect(VALUES))


@pytest.mark.parametrize(
    ("border", "dtype", "kind", "written"),
    [
        (-2000, np.int16, "US", 63536),
        (63536, np.uint16, "SS", -2000),
        (-2000, np.int16, "SS", -2000),
    ],
)
def test_padding_with_the_sign_of_the_other_kind_is_told(border, dtype, kind, written):
    dataset = make_dataset(_with_border(VALUES, border, dtype))
    dataset.add_new("PixelPaddingValue", kind, written)

    np.testing.assert_array_equal(decode(dataset), _expect(VALUES))


def test_padding_of_bits_that_are_not_stored_hides_no_film():
    values = _with_border(TWELVE_BITS, 63536, np.uint16)
    values[0, 1] = 63536 & 0xFFF
    dataset = make_dataset(values, BitsStored=12, HighBit=11)
    dataset.add_new("PixelPaddingValue", "SS", -2000)

    expected = _expect(values[:, 1:-1])
    np.testing.assert_array_equal(decode(dataset), expected)


def test_padding_below_all_that_the_stored_bits_of_signed_values_hold_hides_no_film():
    film = TWELVE_BITS.astype(np.int16) - 2048
    values = _with_border(film, -32768, np.int16)
    # Its lowest 12 bits are those of the padding.
    values[0, 1] = 0
    dataset = make_dataset(values, BitsStored=12, HighBit=11, PixelPaddingValue=-32768)

    expected = _expect(values[:, 1:-1])
    np.testing.assert_array_equal(decode(dataset), expected)


def test_an_empty_padding_is_none():
    dataset = make_dataset()
    dataset.add_new("PixelPaddingValue", "US", None)

    np.testing.assert_array_equal(decode(dataset), scale(VALUES))


def test_an_image_of_nothing_but_padding_is_rejected():
    values = np.full((40, 40), 7, np.uint16)
    values[0, :10] = range(100, 110)

    with pytest.raises(ImageRejected, match="padding but for 10 of its 1600 pixels"):
        decode(make_dataset(values, PixelPaddingValue=7))


def test_an_overlay_in_the_upper_bits_is_left_out():
    values = TWELVE_BITS.copy()
    values[0] |= 1 << 12

    grey = decode(make_dataset(values, BitsStored=12, HighBit=11))

    np.testing.assert_array_equal(grey, scale(TWELVE_BITS))


def test_values_in_the_upper_bits_are_shifted_down():
    dataset = make_dataset(TWELVE_BITS << 4 | 5, BitsStored=12, HighBit=15)
    dataset.WindowCenter, dataset.WindowWidth = 2048, 4096

    np.testing.assert_array_equal(decode(dataset), scale(TWELVE_BITS))


def test_a_sign_within_the_word_is_extended():
    signed = TWELVE_BITS.astype(int) - 2048
    dataset = make_dataset((signed & 0xFFF).astype(np.uint16))
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 12, 11, 1

    np.testing.assert_array_equal(decode(dataset), scale(signed))


@pytest.mark.parametrize(
    "missing",
    [
        *("SamplesPerPixel", "PixelRepresentation", "HighBit", "BitsStored"),
        *("BitsAllocated", "NumberOfFrames"),
    ],
)
@pytest.mark.parametrize("is_empty", [True, False])
def test_an_element_of_the_header_may_be_missing_or_empty(missing, is_empty):
    dataset = make_dataset(NumberOfFrames=1)
    dataset["PixelData"].VR = "OW"
    if is_empty:
        setattr(dataset, missing, None)
    else:
        delattr(dataset, missing)

    np.testing.assert_array_equal(decode(dataset), scale(VALUES))


@pytest.mark.parametrize("allocated", [8, 16, 32])
def test_every_usual_number_of_bits_is_read(allocated):
    values = np.array([[1, 2, 4], [8, 16, 32]], f"u{allocated // 8}")

    np.testing.assert_array_equal(decode(make_dataset(values)), scale(values))


@pytest.mark.parametrize("allocated", [1, 12, 64])
def test_another_number_of_bits_is_rejected(allocated):
    with pytest.raises(ImageRejected, match=f"with {allocated} bits allocated"):
        decode(make_dataset(BitsAllocated=allocated))


def test_more_bits_stored_than_allocated_are_rejected():
    with pytest.raises(ImageRejected, match="17 bits stored of 16"):
        decode(make_dataset(BitsStored=17))


def test_more_bits_stored_than_a_compressed_picture_can_have_are_rejected():
    dataset = make_dataset(TWELVE_BITS)
    frame = encode_lossless_jpeg(TWELVE_BITS, 12)
    dataset.BitsStored = 40

    with pytest.raises(ImageRejected, match="40 bits stored of 32"):
        decode(compress(dataset, frame, JPEGLosslessSV1))


def test_pixels_cut_short_are_rejected_with_their_number():
    dataset = make_dataset()
    dataset.PixelData = dataset.PixelData[:8]

    with pytest.raises(ImageRejected, match=r"8 bytes of pixels, .* are 12"):
        decode(dataset)


def test_bytes_after_the_pixels_do_not_matter():
    dataset = make_dataset()
    dataset.PixelData += bytes(6)

    np.testing.assert_array_equal(decode(dataset), scale(VALUES))


def test_pixels_of_more_frames_than_the_header_has_are_rejected():
    dataset = make_dataset()
    dataset.PixelData *= 3

    with pytest.raises(ImageRejected, match="36 bytes of pixels"):
        decode(dataset)


def test_floating_point_is_rejected():
    dataset = make_dataset(BitsAllocated=32)
    del dataset.PixelData
    dataset.FloatPixelData = VALUES.astype(np.float32).tobytes()

    with pytest.raises(ImageRejected, match="pixels of floating point"):
        decode(dataset)


def test_pixels_that_were_decompressed_under_the_old_transfer_syntax_are_read():
    content = encode(make_dataset())

    renamed = rename_syntax(content, ExplicitVRLittleEndian, JPEGLosslessSV1)

    np.testing.assert_array_equal(decode_image(renamed, 1000), scale(VALUES))


def test_an_element_that_is_no_number_is_rejected_without_its_value():
    dataset = make_dataset()
    dataset.add_new("BitsStored", "LO", "Secret")

    with pytest.raises(ImageRejected, match="whose Bits Stored is no number") as found:
        decode(dataset)
    assert "Secret" not in str(found.value)


def test_a_report_without_an_image_is_rejected():
    dataset = make_dataset()
    for name in ("Rows", "Columns", "PixelData"):
        delattr(dataset, name)

    with pytest.raises(ImageRejected, match="it holds no image"):
        decode(dataset)


def test_a_header_and_nothing_else_is_rejected():
    dataset = Dataset()
    dataset.file_meta = make_dataset().file_meta

    with pytest.raises(ImageRejected, match="it holds no image"):
        decode(dataset)
