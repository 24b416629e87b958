import cv2
import numpy as np
import pytest

from detl.phantoms.encoding import encode_jpeg, encode_mask, encode_png


def decode(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 4)])
def test_a_png_keeps_every_pixel(dtype, shape):
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, np.iinfo(dtype).max, shape).astype(dtype)
    assert np.array_equal(decode(encode_png(pixels)), pixels)


def test_a_mask_keeps_every_pixel_in_one_bit():
    mask = np.where(np.arange(12).reshape(3, 4) % 3, 0, 255).astype(np.uint8)
    encoded = encode_mask(mask)
    bits_per_pixel = encoded[24]
    assert bits_per_pixel == 1
    assert np.array_equal(decode(encoded), mask)


def test_a_jpeg_keeps_a_smooth_picture_nearly():
    pixels = np.tile(np.arange(0, 240, 4, dtype=np.uint8), (60, 1))
    assert np.abs(decode(encode_jpeg(pixels)).astype(int) - pixels).max() <= 4
