import cv2
import numpy as np

from detl.imaging.fingerprint import perceptual_hash, sha256


def _picture(seed=0):
    noise = np.random.default_rng(seed).integers(0, 256, (8, 8), dtype=np.uint8)
    return cv2.resize(noise, (170, 160), interpolation=cv2.INTER_CUBIC)


def _different_bits(one, other):
    return (int(one, 16) ^ int(other, 16)).bit_count()


def test_sha256_is_the_known_one():
    assert sha256(b"abc").startswith("ba7816bf8f01cfea414140de5dae2223b00361a3")


def test_the_bits_are_the_signs_of_the_picture_s_lowest_frequencies():
    rng = np.random.default_rng(0)
    signs = rng.choice([-1.0, 1.0], (16, 16))
    signs[0, 0] = 1
    frequencies = np.zeros((32, 32))
    # Strong enough for all grey values to stay between 0 and 255 when rounded.
    frequencies[:16, :16] = 20 * signs
    frequencies[0, 0] = 32 * 128
    picture = np.rint(cv2.idct(frequencies)).clip(0, 255).astype(np.uint8)

    assert perceptual_hash(picture) == np.packbits(signs > 0).tobytes().hex()


def test_the_negative_of_a_picture_has_the_opposite_bits():
    negative = perceptual_hash(255 - _picture())

    # All but the first bit, which is the mean.
    assert _different_bits(perceptual_hash(_picture()), negative) == 255


def test_brightness_hardly_changes_the_perceptual_hash():
    darker = np.rint(_picture() * 0.8).astype(np.uint8)

    assert _different_bits(perceptual_hash(_picture()), perceptual_hash(darker)) < 20


def test_size_and_compression_hardly_change_the_perceptual_hash():
    small = cv2.resize(_picture(), (85, 80), interpolation=cv2.INTER_AREA)
    jpeg = cv2.imdecode(cv2.imencode(".jpg", small)[1], cv2.IMREAD_GRAYSCALE)

    assert _different_bits(perceptual_hash(_picture()), perceptual_hash(jpeg)) < 20


def test_other_pictures_have_other_perceptual_hashes():
    one, other = perceptual_hash(_picture(0)), perceptual_hash(_picture(1))

    assert _different_bits(one, other) > 60
