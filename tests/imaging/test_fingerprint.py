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


def test_a_picture_that_brightens_to_the_right_has_all_bits_set():
    ramp = np.tile(np.arange(17, dtype=np.uint8), (16, 1))

    assert perceptual_hash(ramp) == "f" * 64
    assert perceptual_hash(ramp[:, ::-1]) == "0" * 64


def test_size_and_compression_hardly_change_the_perceptual_hash():
    small = cv2.resize(_picture(), (85, 80), interpolation=cv2.INTER_AREA)
    jpeg = cv2.imdecode(cv2.imencode(".jpg", small)[1], cv2.IMREAD_GRAYSCALE)

    assert _different_bits(perceptual_hash(_picture()), perceptual_hash(jpeg)) < 20


def test_other_pictures_have_other_perceptual_hashes():
    one, other = perceptual_hash(_picture(0)), perceptual_hash(_picture(1))

    assert _different_bits(one, other) > 60
